import assert from "node:assert/strict";
import { dueTimesAround } from "../../../src/principal/explain/due_times.ts";
import { Schedule } from "../../../src/workflow/mod.ts";

const at = (text: string) => Date.parse(text);

const cases: [name: string, schedule: Schedule, asked: string, lengthMs: number, found: (string | null)[]][] = [
  [
    "the very due time",
    new Schedule("0 2 * * *"),
    "2026-03-01T02:00:00Z",
    60_000,
    ["2026-03-01T02:00:00Z", "2026-02-28T02:00:00Z", "2026-03-02T02:00:00Z"],
  ],
  [
    "a due time within the minute that was asked for",
    new Schedule("30 0 2 * * *"),
    "2026-03-01T02:00:00Z",
    60_000,
    ["2026-03-01T02:00:30Z", "2026-02-28T02:00:30Z", "2026-03-02T02:00:30Z"],
  ],
  [
    "nothing is due a millisecond later",
    new Schedule("0 2 * * *"),
    "2026-03-01T02:00:00.001Z",
    1000,
    [null, "2026-03-01T02:00:00Z", "2026-03-02T02:00:00Z"],
  ],
  [
    "once in four years",
    new Schedule("0 0 29 2 *"),
    "2027-06-01T00:00:00Z",
    60_000,
    [null, "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"],
  ],
  [
    "every second of one day a year",
    new Schedule("* * * 1 1 *"),
    "2026-06-01T00:00:00Z",
    60_000,
    [null, "2026-01-01T23:59:59Z", "2027-01-01T00:00:00Z"],
  ],
  [
    "before its start time nothing was due",
    new Schedule("0 2 * * *", "UTC", "2026-03-01T00:00:00Z"),
    "2026-02-01T00:00:00Z",
    60_000,
    [null, null, "2026-03-01T02:00:00Z"],
  ],
  [
    "a time that the clocks skip, at the jump",
    new Schedule("30 2 * * *", "Europe/Berlin"),
    "2026-03-29T12:00:00Z",
    60_000,
    [null, "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
  ],
  ["a schedule that is over", new Schedule("0 0 0 1 1 * 2026"), "2027-01-01T00:00:00Z", 60_000, [
    null,
    "2026-01-01T00:00:00Z",
    null,
  ]],
];
for (const [name, schedule, asked, lengthMs, found] of cases) {
  Deno.test(`due times around an instant: ${name}`, () => {
    const { within, before, after } = dueTimesAround(schedule, at(asked), lengthMs);
    assert.deepEqual([within, before, after], found.map((text) => text === null ? null : at(text)));
  });
}

for (const cron of ["*/7 * * * *", "0 3,15 * * 1-5", "0 0 31 * *", "15 */2 * * *"]) {
  for (const timezone of ["UTC", "America/New_York", "Australia/Lord_Howe"]) {
    Deno.test(`the last due time of ${cron} in ${timezone} is the one that counting up ends at`, () => {
      const schedule = new Schedule(cron, timezone);
      const startMs = at("2026-01-01T00:00:00Z");
      let counted = schedule.next(startMs) ?? 0;
      for (let askedMs = counted + 1; askedMs < startMs + 300 * 86_400_000; askedMs += 9_731_000_123) {
        for (let next = schedule.next(counted); next !== null && next < askedMs; next = schedule.next(counted)) {
          counted = next;
        }
        assert.equal(dueTimesAround(schedule, askedMs, 1).before, counted);
      }
    });
  }
}
