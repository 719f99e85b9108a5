import { equal } from "node:assert/strict";
import { spanText } from "../../src/clock/mod.ts";

const cases: [spanMs: number, shown: string][] = [
  [-5, "0 ms"],
  [0, "0 ms"],
  [850.4, "850 ms"],
  [1000, "1.0 s"],
  [12_349, "12.3 s"],
  [59_999, "59.9 s"],
  [60_000, "1 min 0 s"],
  [320_999, "5 min 20 s"],
  [3 * 3_600_000 + 4 * 60_000, "3 h 4 min"],
  [86_400_000 - 1, "23 h 59 min"],
  [2 * 86_400_000 + 7 * 3_600_000, "2 d 7 h"],
];
for (const [spanMs, shown] of cases) {
  Deno.test(`a span of ${spanMs} ms is said as ${shown}`, () => equal(spanText(spanMs), shown));
}
