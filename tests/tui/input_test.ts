import assert from "node:assert/strict";
import fc from "fast-check";
import { InputDecoder, type InputEvent } from "../../src/tui/input.ts";

/** What events are, in short. */
function told(events: readonly InputEvent[]): string[] {
  return events.map((event) =>
    event.type === "key"
      ? event.key
      : event.type === "paste"
      ? `paste ${event.text}`
      : `${event.kind} ${event.column},${event.row}`
  );
}

const cases: readonly [name: string, input: string, expected: readonly string[]][] = [
  ["characters", "jG/ ", ["j", "G", "/", " "]],
  ["several keys in one piece", "jjk\r", ["j", "j", "k", "enter"]],
  ["wide characters", "ü日👍", ["ü", "日", "👍"]],
  ["controls", "\x03\t\x7f\x10", ["ctrl-c", "tab", "backspace", "ctrl-p"]],
  ["arrows", "\x1b[A\x1b[B\x1bOC\x1b[D", ["up", "down", "right", "left"]],
  ["editing keys", "\x1b[5~\x1b[6~\x1b[H\x1b[4~\x1b[3~", ["pgup", "pgdn", "home", "end", "delete"]],
  ["modifiers", "\x1b[1;5C\x1b[Z\x1b[1;2A\x1bx", ["ctrl-right", "shift-tab", "shift-up", "alt-x"]],
  ["mouse", "\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<64;1;2M\x1b[<65;1;2M", ["press 9,4", "wheel-up 0,1", "wheel-down 0,1"]],
  ["a paste with what would be keys", "\x1b[200~q\x1b[A\r\x1b[201~x", ["paste q\x1b[A\r", "x"]],
  ["reports of the terminal", "\x1b[?62;1c\x1b[12;4Rj", ["j"]],
];

for (const [name, input, expected] of cases) {
  Deno.test(`keys are told apart: ${name}`, () => assert.deepEqual(told(new InputDecoder().push(input)), expected));
  Deno.test(`a slow line changes nothing: ${name}`, () => {
    const decoder = new InputDecoder();
    const events = [...input].flatMap((character) => decoder.push(character));
    assert.deepEqual(told([...events, ...decoder.flush()]), expected);
  });
}

Deno.test("ESC alone is a key once nothing follows", () => {
  const decoder = new InputDecoder();
  assert.deepEqual(told(decoder.push("\x1b")), []);
  assert.equal(decoder.isWaiting, true);
  assert.deepEqual(told(decoder.flush()), ["esc"]);
  assert.equal(decoder.isWaiting, false);
});

Deno.test("ESC twice, and ESC before a sequence, are not lost", () => {
  assert.deepEqual(told(new InputDecoder().push("\x1b\x1b[A")), ["esc", "up"]);
});

Deno.test("whatever comes is taken, and nothing is kept for ever", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary", maxLength: 20 })), (pieces) => {
    const decoder = new InputDecoder();
    for (const piece of pieces) decoder.push(piece);
    decoder.push("\x1b[201~");
    decoder.flush();
    assert.deepEqual(told(decoder.push("j")).at(-1), "j");
  }));
});
