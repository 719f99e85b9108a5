import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { chopped } from "../../src/paint/chop.ts";
import { lineWidth, span, textOf } from "../../src/paint/line.ts";

Deno.test("a long line goes on in the next row, each piece in its style", () => {
  deepEqual(chopped([span("abc", "bad"), span("defg")], 4), [
    [span("abc", "bad"), span("d")],
    [span("efg")],
  ]);
});

Deno.test("a wide character that has no room any more goes to the next row", () => {
  deepEqual(chopped([span("a数b")], 2).map(textOf), ["a", "数", "b"]);
});

Deno.test("an empty line is a row, too", () => equal(chopped([], 10).length, 1));

Deno.test("rows have room on the screen and hold the whole text", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "数", "é", "👩‍👩‍👧") });
  fc.assert(fc.property(fc.array(text), fc.integer({ min: 2, max: 20 }), (texts, width) => {
    const rows = chopped(texts.map((each) => span(each)), width);
    equal(rows.map(textOf).join(""), texts.join(""));
    ok(rows.every((row) => lineWidth(row) <= width));
  }));
});
