import assert from "node:assert/strict";
import type { LogRow, Mark } from "../../src/history/mod.ts";
import { Agents } from "../../src/principal/agents.ts";
import { type LogStore, LogStreams } from "../../src/principal/log_streams.ts";
import type { LogEntry, ReplyTo, RequestOf } from "../../src/wire/mod.ts";
import { FakeClock, turn } from "../fake_clock.ts";

type Chunk = RequestOf<"LOG">["chunks"][number];

/** A history that commits, refuses and loses when the test says so. */
class FakeStore implements LogStore {
  rows: LogRow[] = [];
  positions = new Map<string, number>();
  isTaking = true;
  flushes = 0;
  #waiting: { stream: string; position: number; resolve: () => void; reject: (error: Error) => void }[] = [];

  tryAppendLogs(rows: readonly LogRow[], { stream, position }: Mark): boolean {
    if (!this.isTaking) return false;
    assert.ok(position > this.positionOf(stream), "no position is handed over twice");
    this.rows.push(...rows);
    this.positions.set(stream, position);
    return true;
  }

  positionOf(stream: string): number {
    return this.positions.get(stream) ?? 0;
  }

  whenCommitted(stream: string, position: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#waiting.push({ stream, position, resolve, reject });
    });
  }

  flush(): Promise<void> {
    this.flushes++;
    return Promise.resolve();
  }

  /** Everything handed over is committed. */
  commit(): void {
    for (const { stream, position, resolve } of this.#waiting.splice(0)) {
      if (position <= this.positionOf(stream)) resolve();
    }
  }

  /** The database was replaced by an empty one. */
  lose(): void {
    this.positions.clear();
    this.rows = [];
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("it was lost"));
  }
}

class Arranged {
  readonly clock = new FakeClock();
  readonly store = new FakeStore();
  readonly agents = new Agents(this.clock, () => {});
  readonly published: string[] = [];
  readonly finished = new Map<string, number>();
  /** How often the journal was asked for a run. */
  lookups = 0;
  readonly streams = new LogStreams({
    clock: this.clock,
    store: this.store,
    agents: this.agents,
    attemptInProgress: (runId) => runId === "r1" ? 2 : undefined,
    newestAttempt: (runId) => {
      this.lookups++;
      return Promise.resolve(this.finished.get(runId) ?? 0);
    },
    publish: (rows) => this.published.push(...rows.map(({ payload }) => payload)),
  });

  /** Asks, and resolves with the outcomes once they are there. */
  async ask(chunks: Chunk[], more: Partial<RequestOf<"LOG">> = {}): Promise<ReplyTo<"LOG">["chunks"]> {
    const request = { agentId: "ann", session: "s", waitMs: 10_000, flush: false, chunks, ...more };
    return (await this.streams.take(request, new AbortController().signal)).chunks;
  }

  /** Asks and has committed what was taken. */
  async deliver(...chunks: Chunk[]): Promise<[outcome: string, position: number][]> {
    const asked = this.ask(chunks);
    await turn();
    this.store.commit();
    return (await asked).map(({ outcome, position }) => [outcome, position]);
  }

  payloads(): string[] {
    return this.store.rows.map(({ payload }) => payload);
  }
}

const lines = (...payloads: string[]): LogEntry => ["Only", "t1", 1_795_252_402_023, "INFO", payloads];
const chunk = (afterSeq: number, entries: LogEntry[], more: Partial<Chunk> = {}): Chunk => ({
  ...{ runId: "r1", attempt: 1, workflowId: "etl", workflowName: "ETL", afterSeq, oldest: false, entries },
  ...more,
});

Deno.test("lines are stored with their mark, published, and acknowledged when they are committed", async () => {
  const arranged = new Arranged();
  let isAnswered = false;
  const asked = arranged.ask([chunk(0, [lines("a", "b"), lines("c")])]).finally(() => isAnswered = true);
  await turn();
  assert.deepEqual(arranged.published, ["a", "b", "c"], "subscribers need not wait for the commit");
  assert.ok(!isAnswered);
  arranged.store.commit();
  assert.deepEqual(await asked, [{ outcome: "stored", position: 3 }]);
  assert.deepEqual(arranged.store.positions, new Map([["log:r1:1", 3]]));
  assert.deepEqual(arranged.store.rows[0], {
    ...{ workflowId: "etl", workflowName: "ETL", runId: "r1", taskName: "Only", taskRunId: "t1" },
    ...{ timestampMs: 1_795_252_402_023, level: "INFO", payload: "a" },
  });
});

Deno.test("doubles are passed over, also when only the beginning of a chunk is one", async () => {
  const arranged = new Arranged();
  await arranged.deliver(chunk(0, [lines("a", "b")]));
  assert.deepEqual(await arranged.deliver(chunk(0, [lines("a", "b")])), [["stored", 2]]);
  assert.deepEqual(await arranged.deliver(chunk(0, [lines("a"), lines("b", "c"), lines("d")])), [["stored", 4]]);
  assert.deepEqual(arranged.payloads(), ["a", "b", "c", "d"]);
  assert.deepEqual(arranged.published, ["a", "b", "c", "d"]);
});

Deno.test("a chunk that leaves a gap is refused with the position, other chunks of the request are not", async () => {
  const arranged = new Arranged();
  const outcomes = await arranged.deliver(chunk(2, [lines("c")]), chunk(0, [lines("x")], { attempt: 2 }));
  assert.deepEqual(outcomes, [["gap", 0], ["stored", 1]]);
  assert.deepEqual(arranged.payloads(), ["x"]);
});

Deno.test("when the agent has nothing older, a line in the place of what was lost says how many", async () => {
  const arranged = new Arranged();
  assert.deepEqual(await arranged.deliver(chunk(7, [lines("h")], { oldest: true })), [["stored", 8]]);
  assert.deepEqual(arranged.payloads(), [
    "STDERR cdktr: 7 lines are missing here: they had been stored, and the database was lost since",
    "h",
  ]);
  assert.equal(arranged.store.rows[0]?.level, "WARNING");
});

Deno.test("a gap of the agent's takes up its numbers and becomes a line for each task", async () => {
  const arranged = new Arranged();
  const gap: LogEntry = [1_795_252_402_023, [["Loud", "t1", 5], ["Louder", "t2", 1]]];
  assert.deepEqual(await arranged.deliver(chunk(0, [lines("a"), gap, lines("b")])), [["stored", 8]]);
  const missing = (count: string) => `STDERR cdktr: ${count} missing here: the agent's spool had no room for them`;
  assert.deepEqual(arranged.payloads(), ["a", missing("5 lines are"), missing("1 line is"), "b"]);
  const longer: LogEntry = [1_795_252_402_023, [["Loud", "t1", 4]]];
  await arranged.deliver(chunk(7, [longer]));
  assert.equal(
    arranged.payloads().at(-1),
    missing("3 lines are"),
    "the part of a gap that is known is not counted again",
  );
});

Deno.test("while the history takes nothing lines are refused for later; subscribers get them once", async () => {
  const arranged = new Arranged();
  arranged.store.isTaking = false;
  assert.deepEqual(await arranged.deliver(chunk(0, [lines("a", "b")])), [["later", 0]]);
  assert.deepEqual(await arranged.deliver(chunk(2, [lines("c")])), [["later", 0]]);
  assert.deepEqual(await arranged.deliver(chunk(0, [lines("a", "b")])), [["later", 0]]);
  assert.deepEqual(await arranged.deliver(chunk(5, [lines("f")])), [["gap", 0]]);
  assert.deepEqual(arranged.published, ["a", "b", "c"]);
  arranged.store.isTaking = true;
  assert.deepEqual(await arranged.deliver(chunk(0, [lines("a", "b"), lines("c"), lines("d")])), [["stored", 4]]);
  assert.deepEqual(arranged.published, ["a", "b", "c", "d"]);
  assert.deepEqual(arranged.payloads(), ["a", "b", "c", "d"]);
});

Deno.test("a wait that is over is answered with what is not committed yet, and can be asked again without the lines", async () => {
  const arranged = new Arranged();
  const asked = arranged.ask([chunk(0, [lines("a")])]);
  await turn();
  arranged.clock.advance(10_000);
  assert.deepEqual(await asked, [{ outcome: "taken", position: 1 }]);
  assert.deepEqual(await arranged.deliver(chunk(1, [])), [["stored", 1]]);
  assert.deepEqual(arranged.payloads(), ["a"]);
});

Deno.test("when what was taken is lost before its commit, the agent is sent back", async () => {
  const arranged = new Arranged();
  const asked = arranged.ask([chunk(0, [lines("a")])]);
  await turn();
  arranged.store.lose();
  assert.deepEqual(await asked, [{ outcome: "gap", position: 0 }]);
});

Deno.test("lines of a run that has ended are taken, those of a run or an attempt that never was are not", async () => {
  const arranged = new Arranged();
  arranged.finished.set("r9", 3);
  const outcomes = await arranged.deliver(
    chunk(0, [lines("late")], { runId: "r9", attempt: 3 }),
    chunk(0, [lines("x")], { runId: "r9", attempt: 4 }),
    chunk(0, [lines("x")], { runId: "nobody's" }),
    chunk(0, [lines("x")], { attempt: 3 }),
  );
  assert.deepEqual(outcomes.map(([outcome]) => outcome), ["stored", "unknown", "unknown", "unknown"]);
  const before = arranged.lookups;
  await arranged.deliver(chunk(1, [lines("later")], { runId: "r9", attempt: 3 }));
  assert.equal(arranged.lookups, before, "a run that was found is remembered");
  assert.deepEqual(arranged.payloads(), ["late", "later"]);
});

Deno.test("any request counts as a sign of life of an agent that is known", async () => {
  const arranged = new Arranged();
  arranged.agents.hear("ann", "s");
  arranged.clock.advance(5000);
  await arranged.ask([], { flush: true });
  assert.equal(arranged.agents.list()[0]?.lastSeenMs, arranged.clock.nowMs());
  assert.equal(arranged.store.flushes, 1, "and a commit is made when it asks for one");
  await arranged.ask([], { agentId: "bob", session: "left long ago" });
  assert.equal(arranged.agents.list().length, 1);
});

Deno.test("beyond the text that may wait, requests are answered at once, so that heartbeats are read on", async () => {
  const arranged = new Arranged();
  const big = lines("x".repeat(40 * 1024 * 1024));
  const first = arranged.ask([chunk(0, [big])]);
  const second = arranged.ask([chunk(0, [big], { attempt: 2 })]);
  await turn();
  arranged.clock.advance(0);
  assert.deepEqual((await second).map(({ outcome }) => outcome), ["taken"]);
  arranged.store.commit();
  assert.deepEqual((await first).map(({ outcome }) => outcome), ["stored"]);
});
