import { equal } from "node:assert/strict";
import { timestamp } from "../../src/clock/timestamp.ts";

const midnightMs = Date.UTC(2026, 0, 2, 0, 0, 0);
const cases: [timezone: string | undefined, shown: string][] = [
  [undefined, "2026-01-02T00:00:00Z"],
  ["UTC", "2026-01-02T00:00:00Z"],
  ["Europe/Berlin", "2026-01-02T01:00:00+01:00"],
  ["America/New_York", "2026-01-01T19:00:00-05:00"],
  ["Asia/Kathmandu", "2026-01-02T05:45:00+05:45"],
];
for (const [timezone, shown] of cases) {
  Deno.test(`an instant in ${timezone ?? "no zone"} is shown as its clocks do, and reads back`, () => {
    equal(timestamp(midnightMs, timezone), shown);
    equal(Date.parse(shown), midnightMs);
  });
}
