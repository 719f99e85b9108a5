import assert from "node:assert/strict";
import fc from "fast-check";
import { continuationMarker, LineSplitter } from "../../../src/agent/executors/line_splitter.ts";

const encoder = new TextEncoder();

function linesOf(chunks: readonly (string | Uint8Array)[], maxLineBytes?: number): string[] {
  const splitter = new LineSplitter(maxLineBytes);
  const lines = chunks.flatMap((chunk) => splitter.push(typeof chunk === "string" ? encoder.encode(chunk) : chunk));
  return [...lines, ...splitter.end()];
}

const table: [name: string, input: (string | Uint8Array)[], lines: string[]][] = [
  ["nothing", [], []],
  ["an empty line is a line", ["\n\n"], ["", ""]],
  ["\\n and \\r\\n are stripped", ["one\ntwo\r\nthree\n"], ["one", "two", "three"]],
  ["a last line without line end is delivered", ["one\ntwo"], ["one", "two"]],
  ["a line end split across reads", ["one\r", "\ntwo"], ["one", "two"]],
  ["a lone \\r stays in its line", ["10%\r20%\r100%\n"], ["10%\r20%\r100%"]],
  ["only one \\r belongs to the line end", ["one\r\r\n"], ["one\r"]],
  ["a character split across reads", [Uint8Array.of(0xe2, 0x82), Uint8Array.of(0xac, 0x0a)], ["€"]],
  ["bytes that are not UTF-8", [Uint8Array.of(0x61, 0xff, 0x62, 0x0a)], ["a\ufffdb"]],
  ["a character cut off by a line end", [Uint8Array.of(0xe2, 0x82, 0x0a, 0x62)], ["\ufffd", "b"]],
  ["a character cut off by the end", [Uint8Array.of(0x61, 0xe2, 0x82)], ["a\ufffd"]],
  ["a byte order mark is kept", ["\ufeffone\n"], ["\ufeffone"]],
  ["the wire's separator and NUL become visible", ["a\u0001b\u0000\u0000c\n"], ["a␁b␀␀c"]],
];

for (const [name, input, lines] of table) {
  Deno.test(`line splitter: ${name}`, () => assert.deepEqual(linesOf(input), lines));
}

Deno.test("line splitter: a line of exactly the limit is whole, one byte more is split and marked", () => {
  assert.deepEqual(linesOf(["12345678\r\n"], 8), ["12345678"]);
  assert.deepEqual(linesOf(["123456789\n"], 8), [`12345678${continuationMarker}`, "9"]);
  assert.deepEqual(linesOf(["1234567", "8", "\r", "\n"], 8), ["12345678"]);
  assert.deepEqual(linesOf(["12345678\r", "9"], 8), [`12345678${continuationMarker}`, "\r9"]);
});

Deno.test("line splitter: the limit counts bytes of UTF-8 and splits between characters", () => {
  assert.deepEqual(linesOf(["€€€\n"], 8), [`€€${continuationMarker}`, "€"]);
  assert.deepEqual(linesOf(["a😀b😀\n"], 6), [`a😀b${continuationMarker}`, "😀"]);
});

Deno.test("line splitter: a flood without line end is delivered in pieces and does not pile up", () => {
  const splitter = new LineSplitter(1024);
  const chunk = new Uint8Array(64 * 1024).fill(0x78);
  let chars = 0;
  for (let read = 0; read < 100; read += 1) {
    for (const piece of splitter.push(chunk)) {
      assert.equal(piece.endsWith(continuationMarker), true);
      chars += piece.length - continuationMarker.length;
    }
    assert.ok((read + 1) * chunk.length - chars <= 1024);
  }
  assert.equal(splitter.end().join("").length + chars, 100 * chunk.length);
});

Deno.test("line splitter: any cut of any bytes gives the same lines, none over the limit", () => {
  const bytes = fc.array(
    fc.oneof(
      fc.constantFrom(0x0a, 0x0d, 0x00, 0x01, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0x61),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(
      bytes,
      fc.array(fc.nat(200), { maxLength: 20 }),
      fc.integer({ min: 4, max: 40 }),
      (input, cuts, max) => {
        const whole = Uint8Array.from(input);
        const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((to, index) => whole.subarray(at[index], to));
        const lines = linesOf(chunks, max);
        assert.deepEqual(lines, linesOf([whole], max));
        for (const line of lines) {
          const text = line.endsWith(continuationMarker) ? line.slice(0, -continuationMarker.length) : line;
          // The last piece may carry one `\r` more: it waited there for a line end that never came.
          assert.ok(encoder.encode(text.replace(/\r$/, "")).length <= max, JSON.stringify(line));
          assert.equal(/[\n\0]/.test(text) || text.includes("\u0001"), false);
        }
        const joined = lines.map((line) =>
          line.endsWith(continuationMarker) ? line.slice(0, -continuationMarker.length) : `${line}\n`
        ).join("");
        const expected = new TextDecoder("utf-8", { ignoreBOM: true }).decode(whole)
          .replaceAll("\u0000", "␀").replaceAll("\u0001", "␁").replaceAll("\r\n", "\n");
        assert.equal(joined, expected.endsWith("\n") || expected === "" ? expected : `${expected}\n`);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("line splitter: a limit too small for one character is refused", () => {
  assert.throws(() => new LineSplitter(3), /at least 4, got 3/);
});
