import assert from "node:assert/strict";
import { durationMs } from "../../src/workflow/duration.ts";

Deno.test("durations are numbers of seconds, or numbers with units from large to small", () => {
  const cases: readonly [text: string, expected: number | null][] = [
    ["90", 90_000],
    ["0.5", 500],
    ["90s", 90_000],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["1d2h3m4.5s6ms", 93_784_506],
    ["250ms", 250],
    ["0", 0],
    ["", null],
    ["-1", null],
    ["30m1h", null],
    ["1 h", null],
    ["1w", null],
    ["1e3", null],
    ["soon", null],
    ["Infinity", null],
  ];
  for (const [text, expected] of cases) assert.equal(durationMs(text), expected, text);
});
