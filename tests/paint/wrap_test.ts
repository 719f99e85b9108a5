import { deepEqual } from "node:assert/strict";
import { wrapped } from "../../src/paint/wrap.ts";

const cases: [text: string, width: number | undefined, lines: string[]][] = [
  ["one two three", undefined, ["one two three"]],
  ["one two three", 7, ["one two", "three"]],
  ["one two three", 8, ["one two", "three"]],
  ["unbreakable", 4, ["unbreakable"]],
  ["a unbreakable b", 4, ["a", "unbreakable", "b"]],
  ["", 4, [""]],
];
for (const [text, width, lines] of cases) {
  Deno.test(`"${text}" at a width of ${width}`, () => deepEqual(wrapped(text, width), lines));
}
