import assert from "node:assert/strict";
import fc from "fast-check";
import type { LogNews } from "../../src/client/mod.ts";
import type { LogPage, LogPageRequest, LogSelection, LogSource } from "../../src/tui/log_source.ts";
import { LogWindow } from "../../src/tui/log_window.ts";
import type { WireLogLine } from "../../src/wire/mod.ts";
import { FakeClock } from "../fake_clock.ts";

const everything: LogSelection = { workflowId: null, runId: null, tasks: null, levels: null };

/** A line by its number. Lines in pairs share their time, and those of a ten their text. */
function line(number: number): WireLogLine {
  return {
    workflowId: "etl",
    workflowName: "ETL",
    runId: "run",
    taskName: number % 7 === 0 ? "Split" : "Load",
    taskRunId: `task-${number % 3}`,
    timestampMs: 1000 + Math.floor(number / 2),
    level: "INFO",
    payload: `STDOUT ${Math.floor(number / 10)}`,
  };
}

/** A store of lines with cursors, and a live stream that loses lines when it is told to. */
class FakeLogs implements LogSource {
  readonly hasCursors = true;
  readonly lines: WireLogLine[] = [];
  readonly numbers = new Map<WireLogLine, number>();
  isBroken = false;
  pages = 0;
  #news: LogNews[] = [];
  #wake: () => void = () => {};

  async page(_: LogSelection, { order, after, limit, sinceMs = 0 }: LogPageRequest): Promise<LogPage> {
    this.pages++;
    await turn();
    if (this.isBroken) throw new Error("the store is broken");
    const isOldest = order === "oldest";
    const at = after === null ? (isOldest ? -1 : this.lines.length) : Number(after);
    const behind = (isOldest ? this.lines.slice(at + 1) : this.lines.slice(0, at).reverse())
      .filter(({ timestampMs }) => timestampMs >= sinceMs);
    const lines = behind.slice(0, limit);
    const last = lines.at(-1);
    // Each answer has copies of its own, as an answer over a network has.
    return {
      lines: lines.map((each) => this.#copy(each)),
      cursor: last === undefined ? null : String(this.numbers.get(last)),
      mayHaveMore: lines.length === limit,
    };
  }

  async *follow(_: LogSelection, signal: AbortSignal): AsyncGenerator<LogNews, void> {
    while (!signal.aborted) {
      yield* this.#news.splice(0);
      if (this.#news.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  tell(news: LogNews): void {
    this.#news.push(news);
    this.#wake();
  }

  print(count: number, isLost: (index: number) => boolean): void {
    const live: WireLogLine[] = [];
    for (let index = 0; index < count; index++) {
      const number = this.lines.length;
      const printed = line(number);
      this.numbers.set(printed, number);
      this.lines.push(printed);
      if (!isLost(index)) live.push(this.#copy(printed));
    }
    if (live.length > 0) this.tell({ type: "lines", lines: live });
  }

  #copy(original: WireLogLine): WireLogLine {
    const copy = { ...original };
    this.numbers.set(copy, this.numbers.get(original) ?? -1);
    return copy;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function settled(clock: FakeClock): Promise<void> {
  for (let round = 0; round < 4; round++) {
    clock.advance(1000);
    for (let turns = 0; turns < 6; turns++) await turn();
  }
}

function numbersIn({ buffer }: LogWindow, source: FakeLogs): number[] {
  return Array.from({ length: buffer.length }, (_, index) => {
    const entry = buffer.at(index);
    return entry === undefined ? NaN : source.numbers.get(entry.line) ?? NaN;
  });
}

type Step =
  | { readonly kind: "print"; readonly count: number; readonly lost: number }
  | { readonly kind: "look"; readonly share: number }
  | { readonly kind: "end" | "start" | "wait" | "rest" }
  | { readonly kind: "time"; readonly share: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("print" as const), count: fc.integer({ min: 1, max: 60 }), lost: fc.nat(3) }),
  fc.record({ kind: fc.constant("look" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constantFrom("end" as const, "start" as const, "wait" as const, "rest" as const) }),
  fc.record({ kind: fc.constant("time" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

Deno.test("whatever is scrolled, printed and lost live: lines are there in order, without gap or double", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(150),
      fc.array(step, { maxLength: 14 }),
      fc.boolean(),
      async (before, steps, isFollowed) => {
        const clock = new FakeClock();
        const source = new FakeLogs();
        source.print(before, () => true);
        const window = new LogWindow({
          ...{ source, clock, selection: everything, isLive: true, onChange: () => {} },
          ...{ linesMax: 60, pageLines: 10 },
        });
        window.isFollowed = isFollowed;
        const look = (share: number) => {
          const last = Math.floor(share * (window.buffer.length - 1));
          window.need(Math.max(last - 9, 0), Math.max(last, 0));
        };
        try {
          for (const each of steps) {
            switch (each.kind) {
              case "print":
                source.print(each.count, (index) => each.lost > 0 && index % 4 < each.lost);
                break;
              case "look":
                look(each.share);
                break;
              case "end":
                void window.openAtEnd();
                break;
              case "start":
                void window.openAtStart();
                break;
              case "time":
                void window.openAtTime(1000 + each.share * source.lines.length / 2);
                break;
              case "wait":
                await turn();
                break;
              case "rest":
                await settled(clock);
                break;
            }
            await turn();
            const numbers = numbersIn(window, source);
            assert.ok(
              numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? NaN)),
              "a double",
            );
          }
          source.print(1, () => false); // The sign of life that has the store asked for what was lost.
          await settled(clock);
          const numbers = numbersIn(window, source);
          const first = numbers[0] ?? 0;
          assert.deepEqual(numbers, numbers.map((_, index) => first + index), "a gap");
          if (window.buffer.isAtEnd) assert.equal(numbers.at(-1) ?? -1, source.lines.length - 1, "the end is missing");
          if (window.buffer.isAtStart && numbers.length > 0) assert.equal(first, 0, "the start is missing");
          look(1);
          assert.ok(window.buffer.length <= 60 + 6 + 20, `${window.buffer.length} lines are kept`);
        } finally {
          window.close();
        }
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("scrolling from one end to the other reads each page once, and keeps few", async () => {
  const clock = new FakeClock();
  const source = new FakeLogs();
  source.print(1000, () => true);
  const window = new LogWindow({
    ...{ source, clock, selection: everything, isLive: false, onChange: () => {} },
    ...{ linesMax: 100, pageLines: 20 },
  });
  for (let turns = 0; turns < 4; turns++) await turn();
  source.pages = 0;
  for (let steps = 0; !window.buffer.isAtStart && steps < 1000; steps++) {
    window.need(0, 9);
    for (let turns = 0; turns < 3; turns++) await turn();
    assert.ok(window.buffer.length <= 150);
  }
  assert.equal(numbersIn(window, source)[0], 0);
  assert.ok(source.pages <= 50);
  window.close();
});

Deno.test("without a store live lines are still shown, as many as are kept", async () => {
  const clock = new FakeClock();
  const source = new FakeLogs();
  const window = new LogWindow({
    ...{ source, clock, selection: everything, isLive: true, onChange: () => {} },
    ...{ linesMax: 100, pageLines: 20 },
  });
  await settled(clock);
  source.isBroken = true;
  for (let batch = 0; batch < 10; batch++) {
    source.print(30, () => false);
    await turn();
    window.need(window.buffer.length - 10, window.buffer.length - 1);
  }
  await settled(clock);
  assert.equal(window.error, "the store is broken");
  assert.equal(numbersIn(window, source).at(-1), 299);
  assert.ok(window.buffer.length <= 110);
  window.close();
});

Deno.test("a lost connection is told until it is there again, and lines that were dropped until they are read", async () => {
  const clock = new FakeClock();
  const source = new FakeLogs();
  const window = new LogWindow({ source, clock, selection: everything, isLive: true, onChange: () => {} });
  await settled(clock);
  source.tell({ type: "disconnected" });
  await turn();
  assert.equal(window.notLiveSinceMs, clock.nowMs());
  source.print(5, () => true);
  source.tell({ type: "connected" });
  await turn();
  assert.equal(window.notLiveSinceMs, null);
  await settled(clock);
  assert.deepEqual(numbersIn(window, source), [0, 1, 2, 3, 4]);
  source.print(5, () => true);
  source.tell({ type: "dropped", count: 5 });
  await turn();
  assert.equal(window.droppedCount, 5);
  await settled(clock);
  assert.equal(window.droppedCount, 0);
  assert.equal(window.buffer.length, 10);
  window.close();
});
