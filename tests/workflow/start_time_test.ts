import assert from "node:assert/strict";
import { startTimeMs } from "../../src/workflow/start_time.ts";

Deno.test("the forms of a timestamp are those of the original", () => {
  const noonMs = Date.UTC(2025, 0, 20, 12, 30);
  const cases: readonly [text: string, expected: number | null][] = [
    ["2025-01-20T12:30:00Z", noonMs],
    ["2025-01-20t12:30:00z", noonMs],
    ["2025-01-20 12:30:00Z", noonMs],
    ["2025-01-20T18:00:00+05:30", noonMs],
    ["2025-01-20T12:30:00-00:00", noonMs],
    ["2025-01-20T07:30:00-05:00", noonMs],
    ["2025-01-20T12:30:00.25Z", noonMs + 250],
    ["2025-01-20T12:29:60Z", noonMs],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["2025-02-29T00:00:00Z", null],
    ["2025-13-01T00:00:00Z", null],
    ["2025-01-20T12:30:00", null],
    ["2025-01-20T12:30:00+0000", null],
    ["2025-01-20", null],
    ["2025-01-20T12:30Z", null],
    ["2025-01-20T24:00:00Z", null],
    ["2025-01-20T12:30:61Z", null],
    ["2025-01-20T12:30:00+24:00", null],
    [" 2025-01-20T12:30:00Z", null],
    ["", null],
  ];
  for (const [text, expected] of cases) assert.equal(startTimeMs(text), expected, text);
});
