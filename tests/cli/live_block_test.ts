import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { Terminal } from "./terminal.ts";
import { FakeClock } from "../fake_clock.ts";
import { LiveBlock } from "../../src/cli/live_block.ts";
import { span, textOf } from "../../src/paint/mod.ts";

function blockOn(columns: number, rows: number) {
  const terminal = new Terminal(columns, rows);
  const clock = new FakeClock();
  const write = (text: string) => terminal.write(text);
  const block = new LiveBlock({ write, size: () => ({ columns, rows }), text: textOf }, clock);
  const talk = {
    say: (line: string) => write(`${line}\n`),
    write,
    columns: () => columns,
    rows: () => rows,
    colours: false,
  };
  return { terminal, block, clock, talk };
}

function lines(...texts: string[]) {
  return texts.map((text) => [span(text)]);
}

Deno.test("a block is drawn in its own place again, and what became shorter leaves nothing behind", () => {
  const { terminal, block } = blockOn(20, 10);
  terminal.write("before\n");
  block.draw(lines("one", "two", "three and more"));
  block.draw(lines("1", "2"));
  deepEqual(terminal.lines(), ["before", "1", "2"]);
  equal(terminal.isCursorShown, true);
  block.erase();
  deepEqual(terminal.lines(), ["before"]);
});

Deno.test("what is said goes above the block, which is drawn again with the next frame", () => {
  const { terminal, block, clock, talk } = blockOn(20, 10);
  block.draw(lines("one", "two"));
  block.talk(talk).say("said");
  deepEqual(terminal.lines(), ["said"]);
  block.draw(lines("one", "two"));
  deepEqual(terminal.lines(), ["said", "one", "two"]);
  clock.advance(1000);
  block.talk(talk).say("again");
  deepEqual(terminal.lines(), ["said", "again", "one", "two"]);
});

Deno.test("while lines are being printed above nothing is drawn", async () => {
  const { terminal, block } = blockOn(20, 10);
  block.draw(lines("one"));
  await block.above(async () => {
    terminal.write("first\n");
    block.draw(lines("two"));
    await Promise.resolve();
    terminal.write("second\n");
  });
  deepEqual(terminal.lines(), ["first", "second"]);
  block.draw(lines("two"));
  deepEqual(terminal.lines(), ["first", "second", "two"]);
});

Deno.test("a block is never higher than the terminal, nor its lines wider", () => {
  const { terminal, block } = blockOn(10, 4);
  for (let count = 0; count < 3; count++) block.draw(lines("a line that is too long", "b", "c", "d", "e"));
  deepEqual(terminal.lines(), ["a line t…", "b", "c"]);
});

Deno.test("a block that is left stays, and the next is drawn below", () => {
  const { terminal, block } = blockOn(20, 10);
  block.draw(lines("one"));
  block.leave();
  block.draw(lines("two"));
  deepEqual(terminal.lines(), ["one", "two"]);
});

Deno.test("whatever is drawn and said, the screen has what was said and below it the block", () => {
  const texts = fc.array(fc.string({ maxLength: 30 }), { maxLength: 8 });
  const steps = fc.array(fc.oneof(fc.record({ draw: texts }), fc.record({ say: fc.stringMatching(/^\w{1,8}$/) })));
  fc.assert(fc.property(steps, (all) => {
    const { terminal, block, talk } = blockOn(12, 6);
    const said: string[] = [];
    let drawn: string[] = [];
    for (const step of all) {
      if ("say" in step) {
        block.talk(talk).say(step.say);
        said.push(step.say);
      } else {
        drawn = step.draw;
        block.draw(lines(...drawn));
      }
    }
    block.draw(lines(...drawn));
    const shown = drawn.slice(0, 5).map((text) => (text.length < 12 ? text : `${text.slice(0, 10)}…`).trimEnd());
    while (shown.at(-1) === "") shown.pop();
    deepEqual(terminal.lines(), shown.length === 0 ? said : [...said, ...shown]);
  }));
});
