import assert from "node:assert/strict";
import fc from "fast-check";
import { fitLine, type Line, Painter, type Role, span } from "../../src/paint/mod.ts";
import { FrameWriter } from "../../src/tui/frame_writer.ts";

const width = 12;

/** The cells of a terminal with how they look, as far as frames need one: `a|31`. */
class Cells {
  rows: string[][] = [];
  bytes = 0;
  #row = 0;
  #column = 0;
  #look = "";

  take(text: string): void {
    this.bytes += text.length;
    for (const [piece, parameters = "", final] of text.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|[^\x1b]/gu)) {
      if (final === undefined) this.#print(piece);
      else if (final === "H") [this.#row, this.#column] = parameters.split(";").map((at) => Number(at) - 1) as [0, 0];
      else if (final === "J") this.rows = [];
      else if (final === "K") this.rows[this.#row] = [];
      else if (final === "m") this.#look = this.#looks(parameters);
    }
  }

  #looks(parameters: string): string {
    const fresh = parameters.replace(/^0;?/, "");
    assert(this.#look === "" || fresh !== parameters, `${parameters} comes on top of ${this.#look}`);
    return fresh;
  }

  #print(character: string): void {
    const row = this.rows[this.#row] ??= [];
    const isWide = character >= "\u3000";
    row[this.#column] = `${character}|${character === " " && this.#look !== "7" ? "" : this.#look}`;
    if (isWide) row[this.#column + 1] = "";
    this.#column += isWide ? 2 : 1;
  }
}

/** A writer whose frames go to cells, as soon as they are shown. */
function stage() {
  const cells = new Cells();
  let frame: readonly Line[] = [];
  const writer = new FrameWriter({
    frame: () => frame,
    painter: new Painter("dark", 16),
    write: (text) => Promise.resolve(cells.take(text)),
    onWritten: () => {},
    onError: (error) => assert.fail(String(error)),
  });
  const show = async (next: readonly Line[]) => {
    frame = next;
    writer.show();
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  return { cells, writer, show };
}

const roles: readonly Role[] = ["plain", "faint", "strong", "bad", "good"];
const piece = fc.record({
  text: fc.stringMatching(/^[ ab●日]{0,6}$/),
  role: fc.constantFrom(...roles),
  isSelected: fc.boolean(),
});
const line = fc.array(piece, { maxLength: 4 }).map((pieces) => fitLine(pieces, width));
const frames = fc.array(fc.array(line, { minLength: 3, maxLength: 4 }), { maxLength: 6 });

Deno.test("after any frames the screen is as if the last one alone had been written", async () => {
  await fc.assert(
    fc.asyncProperty(frames, async (shown) => {
      const stepwise = stage();
      for (const frame of shown) await stepwise.show(frame);
      const atOnce = stage();
      await atOnce.show(shown.at(-1) ?? []);
      assert.deepEqual(
        stepwise.cells.rows.map((row) => [...row]).filter((row) => row.length > 0),
        atOnce.cells.rows.map((row) => [...row]).filter((row) => row.length > 0),
      );
    }),
    { numRuns: 100 },
  );
});

Deno.test("a frame like the one before costs nothing, and one other character few bytes", async () => {
  const { cells, show } = stage();
  const line = (text: string) => [span(text.padEnd(width))];
  await show([line("alike"), line("10:00:01")]);
  const before = cells.bytes;
  await show([line("alike"), line("10:00:01")]);
  assert.equal(cells.bytes, before);
  await show([line("alike"), line("10:00:02")]);
  assert(cells.bytes - before < 30, `${cells.bytes - before} bytes`);
});

Deno.test("while a write is under way frames are passed over, and the newest one is written after it", async () => {
  const writes: (() => void)[] = [];
  const drawn: string[] = [];
  let text = "";
  const writer = new FrameWriter({
    frame: () => {
      drawn.push(text);
      return [[span(text)]];
    },
    painter: new Painter("dark", 0),
    write: () => new Promise((resolve) => writes.push(resolve)),
    onWritten: () => {},
    onError: (error) => assert.fail(String(error)),
  });
  for (text of ["one", "two", "three"]) writer.show();
  writes.shift()?.();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(drawn, ["one", "three"]);
  writes.shift()?.();
});

Deno.test("no frame is lost that is asked for in the moment in which the one before is written", async () => {
  for (let turns = 0; turns < 8; turns++) {
    const drawn: string[] = [];
    let text = "one";
    const written = Promise.withResolvers<void>();
    const writer = new FrameWriter({
      frame: () => {
        drawn.push(text);
        return [[span(text)]];
      },
      painter: new Painter("dark", 0),
      write: () => written.promise,
      onWritten: () => {},
      onError: (error) => assert.fail(String(error)),
    });
    writer.show();
    written.resolve();
    for (let turn = 0; turn < turns; turn++) await null;
    text = "two";
    writer.show();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.deepEqual(drawn, ["one", "two"], `${turns} turns later`);
  }
});

Deno.test("what was held comes in full when it goes on", async () => {
  const { cells, writer, show } = stage();
  await show([[span("one")]]);
  await writer.hold();
  await show([[span("two")]]);
  assert.deepEqual(cells.rows, [["o|", "n|", "e|"]]);
  cells.rows = [["$|"]];
  writer.resume();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(cells.rows, [["t|", "w|", "o|"]]);
});

Deno.test("a frame that cannot be drawn is told", async () => {
  const errors: unknown[] = [];
  const writer = new FrameWriter({
    frame: () => {
      throw new Error("the fault");
    },
    painter: new Painter("dark", 0),
    write: () => Promise.resolve(),
    onWritten: () => {},
    onError: (error) => errors.push(error),
  });
  writer.show();
  await writer.hold();
  assert.match(String(errors), /the fault/);
});
