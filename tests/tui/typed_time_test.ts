import { equal } from "node:assert/strict";
import { typedTime } from "../../src/tui/typed_time.ts";

const nowMs = Date.UTC(2026, 2, 1, 12, 30);
const cases: [text: string, expected: number | null][] = [
  ["2h", Date.UTC(2026, 2, 1, 10, 30)],
  [" 30m ", Date.UTC(2026, 2, 1, 12)],
  ["2026-02-28", Date.UTC(2026, 1, 28)],
  ["2026-02-28 02:00", Date.UTC(2026, 1, 28, 2)],
  ["2026-02-28T02:00:05Z", Date.UTC(2026, 1, 28, 2, 0, 5)],
  ["8:15", Date.UTC(2026, 2, 1, 8, 15)],
  ["", null],
  ["17", null],
  ["2026-02-30", null],
  ["25:00", null],
  ["yesterday", null],
];
for (const [text, expected] of cases) {
  Deno.test(`"${text}" as a time to go to`, () => equal(typedTime(text, nowMs), expected));
}
