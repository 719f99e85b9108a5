import { equal } from "node:assert/strict";
import fc from "fast-check";
import { printable } from "../../src/paint/printable.ts";

Deno.test("letters of all scripts stay as they are", () => equal(printable("Größe → 数 ✓ שלום"), "Größe → 数 ✓ שלום"));

Deno.test("line ends, tabs, escape sequences and marks of direction become visible escapes", () => {
  equal(printable("a\nb\r\tc\x1b[2J\x07\x9b\u2028\u202e"), "a\\nb\\r\\tc\\u{1b}[2J\\u{7}\\u{9b}\\u{2028}\\u{202e}");
});

Deno.test("whatever comes in, one line without control characters comes out", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    equal(/\p{Cc}|\u2028|\u2029/u.test(printable(text)), false);
  }));
});
