import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { cronFault, Schedule, scheduleOf } from "../../src/workflow/cron.ts";

/** The first fire times after `from`, in the zone's own time with its offset. */
function fires(cron: string, timezone: string, from: string, count: number): string[] {
  const schedule = new Schedule(cron, timezone);
  const shown: string[] = [];
  let afterMs = Temporal.Instant.from(from).epochMilliseconds;
  for (let index = 0; index < count; index++) {
    const next = schedule.next(afterMs);
    assert.ok(next !== null && next > afterMs, "next is strictly later");
    shown.push(Temporal.Instant.fromEpochMilliseconds(next).toString({ timeZone: timezone }));
    afterMs = next;
  }
  return shown;
}

/**
 * The rule for changes of the clocks, over ten zones. Each row: zone, what happens, cron, when to begin, what follows.
 * Changes: Berlin 2025-03-30 02:00 -> 03:00 and 2025-10-26 03:00 -> 02:00; New York 2025-03-09 02:00 -> 03:00 and
 * 2025-11-02 02:00 -> 01:00; Lord Howe 2025-10-05 02:00 -> 02:30 and 2025-04-06 02:00 -> 01:30; Sao Paulo 2018-11-04
 * 00:00 -> 01:00 and 2018-02-18 00:00 -> 2018-02-17 23:00; Cairo 2025-04-25 00:00 -> 01:00 and 2025-10-31 00:00 ->
 * 2025-10-30 23:00; Apia lost 2011-12-30; Casablanca 2025-02-23 03:00 -> 02:00 and 2025-04-06 02:00 -> 03:00;
 * Auckland 2025-09-28 02:00 -> 03:00 and 2025-04-06 03:00 -> 02:00; Kathmandu and UTC never change.
 */
const table: readonly [zone: string, behaviour: string, cron: string, from: string, expected: readonly string[]][] = [
  ["Europe/Berlin", "a fixed time that is skipped fires once, at the jump", "30 2 * * *", "2025-03-29T12:00:00+01:00", [
    "2025-03-30T03:00:00+02:00",
    "2025-03-31T02:30:00+02:00",
  ]],
  ["Europe/Berlin", "several skipped times fire together", "*/10 2 * * *", "2025-03-29T12:00:00+01:00", [
    "2025-03-30T03:00:00+02:00",
    "2025-03-31T02:00:00+02:00",
  ]],
  ["Europe/Berlin", "a skipped time and one at the jump are one", "0 2,3 * * *", "2025-03-29T12:00:00+01:00", [
    "2025-03-30T03:00:00+02:00",
    "2025-03-31T02:00:00+02:00",
  ]],
  ["Europe/Berlin", "every hour goes on after the jump", "0 * * * *", "2025-03-30T00:30:00+01:00", [
    "2025-03-30T01:00:00+01:00",
    "2025-03-30T03:00:00+02:00",
    "2025-03-30T04:00:00+02:00",
  ]],
  ["Europe/Berlin", "every second hour is not lost to the jump", "0 */2 * * *", "2025-03-29T23:30:00+01:00", [
    "2025-03-30T00:00:00+01:00",
    "2025-03-30T03:00:00+02:00",
    "2025-03-30T04:00:00+02:00",
  ]],
  ["Europe/Berlin", "a fixed time that comes twice fires the first time", "30 2 * * *", "2025-10-25T12:00:00+02:00", [
    "2025-10-26T02:30:00+02:00",
    "2025-10-27T02:30:00+01:00",
  ]],
  ["Europe/Berlin", "asked within the repeated hour it is past", "30 2 * * *", "2025-10-26T02:10:00+01:00", [
    "2025-10-27T02:30:00+01:00",
  ]],
  ["Europe/Berlin", "every half hour runs through the repeated hour", "*/30 * * * *", "2025-10-26T01:45:00+02:00", [
    "2025-10-26T02:00:00+02:00",
    "2025-10-26T02:30:00+02:00",
    "2025-10-26T02:00:00+01:00",
    "2025-10-26T02:30:00+01:00",
    "2025-10-26T03:00:00+01:00",
  ]],
  ["America/New_York", "a fixed time that is skipped fires at the jump", "15 2 * * *", "2025-03-08T12:00:00-05:00", [
    "2025-03-09T03:00:00-04:00",
    "2025-03-10T02:15:00-04:00",
  ]],
  ["America/New_York", "a repeated time fires the first time", "0 1 * * *", "2025-11-01T12:00:00-04:00", [
    "2025-11-02T01:00:00-04:00",
    "2025-11-03T01:00:00-05:00",
  ]],
  ["America/New_York", "every hour follows elapsed time", "15 * * * *", "2025-11-02T00:30:00-04:00", [
    "2025-11-02T01:15:00-04:00",
    "2025-11-02T01:15:00-05:00",
    "2025-11-02T02:15:00-05:00",
  ]],
  ["America/New_York", "a weekday keeps its hour", "0 9 * * 1-5", "2025-03-07T08:00:00-05:00", [
    "2025-03-07T09:00:00-05:00",
    "2025-03-10T09:00:00-04:00",
  ]],
  ["Australia/Lord_Howe", "half an hour is skipped", "15 2 * * *", "2025-10-04T12:00:00+10:30", [
    "2025-10-05T02:30:00+11:00",
    "2025-10-06T02:15:00+11:00",
  ]],
  ["Australia/Lord_Howe", "half an hour is repeated", "45 1 * * *", "2025-04-05T12:00:00+11:00", [
    "2025-04-06T01:45:00+11:00",
    "2025-04-07T01:45:00+10:30",
  ]],
  ["Australia/Lord_Howe", "every quarter runs through it", "*/15 * * * *", "2025-04-06T01:31:00+11:00", [
    "2025-04-06T01:45:00+11:00",
    "2025-04-06T01:30:00+10:30",
    "2025-04-06T01:45:00+10:30",
    "2025-04-06T02:00:00+10:30",
  ]],
  ["America/Sao_Paulo", "midnight is skipped", "@daily", "2018-11-03T12:00:00-03:00", [
    "2018-11-04T01:00:00-02:00",
    "2018-11-05T00:00:00-02:00",
  ]],
  ["America/Sao_Paulo", "the last hour of a day is repeated", "30 23 * * *", "2018-02-17T12:00:00-02:00", [
    "2018-02-17T23:30:00-02:00",
    "2018-02-18T23:30:00-03:00",
  ]],
  ["Africa/Cairo", "midnight is skipped", "0 0 * * *", "2025-04-24T12:00:00+02:00", [
    "2025-04-25T01:00:00+03:00",
    "2025-04-26T00:00:00+03:00",
  ]],
  ["Africa/Cairo", "every hour runs through the repeated one", "@hourly", "2025-10-30T22:30:00+03:00", [
    "2025-10-30T23:00:00+03:00",
    "2025-10-30T23:00:00+02:00",
    "2025-10-31T00:00:00+02:00",
  ]],
  ["Pacific/Apia", "what falls on the lost day fires when it is over", "0 12 * * *", "2011-12-29T00:00:00-10:00", [
    "2011-12-29T12:00:00-10:00",
    "2011-12-31T00:00:00+14:00",
    "2011-12-31T12:00:00+14:00",
  ]],
  ["Pacific/Apia", "every hour goes on", "0 * * * *", "2011-12-29T22:30:00-10:00", [
    "2011-12-29T23:00:00-10:00",
    "2011-12-31T00:00:00+14:00",
  ]],
  ["Africa/Casablanca", "the clocks go back for Ramadan", "30 2 * * *", "2025-02-22T12:00:00+01:00", [
    "2025-02-23T02:30:00+01:00",
    "2025-02-24T02:30:00+00:00",
  ]],
  ["Africa/Casablanca", "and forward after it", "30 2 * * *", "2025-04-05T12:00:00+00:00", [
    "2025-04-06T03:00:00+01:00",
    "2025-04-07T02:30:00+01:00",
  ]],
  ["Pacific/Auckland", "spring comes in September", "0 30 2 * * *", "2025-09-27T12:00:00+12:00", [
    "2025-09-28T03:00:00+13:00",
    "2025-09-29T02:30:00+13:00",
  ]],
  ["Pacific/Auckland", "autumn in April", "0 30 2 * * *", "2025-04-05T12:00:00+13:00", [
    "2025-04-06T02:30:00+13:00",
    "2025-04-07T02:30:00+12:00",
  ]],
  ["Asia/Kathmandu", "an offset of 5:45", "0 9 * * *", "2025-06-01T00:00:00+05:45", [
    "2025-06-01T09:00:00+05:45",
    "2025-06-02T09:00:00+05:45",
  ]],
  ["Asia/Kathmandu", "hours begin with its own minutes", "0 * * * *", "2025-06-01T00:10:00+05:45", [
    "2025-06-01T01:00:00+05:45",
  ]],
  ["UTC", "nothing ever happens", "30 2 * * *", "2025-03-29T12:00:00Z", ["2025-03-30T02:30:00+00:00"]],
];

for (const [zone, behaviour, cron, from, expected] of table) {
  Deno.test(`${zone}: ${behaviour} (${cron})`, () => {
    assert.deepEqual(fires(cron, zone, from, expected.length), expected);
  });
}

Deno.test("every hour of a year in Berlin follows elapsed time without a gap", () => {
  const schedule = new Schedule("0 * * * *", "Europe/Berlin");
  let atMs = Date.parse("2025-01-01T00:00:00Z");
  for (let hour = 0; hour < 365 * 24; hour++) {
    const next = schedule.next(atMs);
    assert.equal(next, atMs + 3_600_000);
    atMs = next;
  }
});

Deno.test("a schedule for 29 February finds it years ahead, in a zone with summer time", () => {
  assert.deepEqual(fires("0 * 29 2 *", "Europe/Berlin", "2025-06-01T00:00:00Z", 1), ["2028-02-29T00:00:00+01:00"]);
  assert.deepEqual(fires("0 6 29 2 *", "Europe/Berlin", "2025-06-01T00:00:00Z", 1), ["2028-02-29T06:00:00+01:00"]);
});

Deno.test("five, six and seven fields, names, ranges, steps and shorthands are understood", () => {
  const cases: readonly [cron: string, expected: string][] = [
    ["*/5 * * * *", "2025-01-01T00:05:00+00:00"],
    ["30 * * * * *", "2025-01-01T00:00:30+00:00"],
    ["0 0 0 1 1 * 2030", "2030-01-01T00:00:00+00:00"],
    ["0 0 * * 0", "2025-01-05T00:00:00+00:00"],
    ["0 0 * * 7", "2025-01-05T00:00:00+00:00"],
    ["0 0 * * SUN", "2025-01-05T00:00:00+00:00"],
    ["0 0 * * Sunday", "2025-01-05T00:00:00+00:00"],
    ["0 0 * * Tues", "2025-01-07T00:00:00+00:00"],
    ["0 0 * * 1-5", "2025-01-02T00:00:00+00:00"],
    ["0 0 1 March *", "2025-03-01T00:00:00+00:00"],
    ["5/20 * * * *", "2025-01-01T00:05:00+00:00"],
    ["0 0 ? * MON", "2025-01-06T00:00:00+00:00"],
    ["  0   12 * * *  ", "2025-01-01T12:00:00+00:00"],
    ["@hourly", "2025-01-01T01:00:00+00:00"],
    ["@daily", "2025-01-02T00:00:00+00:00"],
    ["@midnight", "2025-01-02T00:00:00+00:00"],
    ["@weekly", "2025-01-05T00:00:00+00:00"],
    ["@monthly", "2025-02-01T00:00:00+00:00"],
    ["@yearly", "2026-01-01T00:00:00+00:00"],
    ["@annually", "2026-01-01T00:00:00+00:00"],
  ];
  for (const [cron, expected] of cases) {
    assert.deepEqual(fires(cron, "UTC", "2025-01-01T00:00:00Z", 1), [expected], cron);
  }
});

Deno.test("with day of month and day of week both given either may match", () => {
  assert.deepEqual(fires("0 0 15 * MON", "UTC", "2025-01-10T00:00:00Z", 3), [
    "2025-01-13T00:00:00+00:00",
    "2025-01-15T00:00:00+00:00",
    "2025-01-20T00:00:00+00:00",
  ]);
});

Deno.test("the next time is strictly after the one given, even within its second", () => {
  const schedule = new Schedule("* * * * * *");
  assert.equal(schedule.next(10_000), 11_000);
  assert.equal(schedule.next(10_001), 11_000);
  assert.equal(schedule.next(9_999), 10_000);
});

Deno.test("nothing fires at or before the start time", () => {
  const schedule = new Schedule("0 0 2 * * *", "UTC", "2025-01-20T02:00:00+00:00");
  assert.equal(schedule.next(Date.parse("2024-01-01T00:00:00Z")), Date.parse("2025-01-21T02:00:00Z"));
  assert.equal(schedule.next(Date.parse("2025-06-01T00:00:00Z")), Date.parse("2025-06-01T02:00:00Z"));
});

Deno.test("a schedule whose years are over does not fire again", () => {
  assert.equal(new Schedule("0 0 0 1 1 * 2020").next(Date.parse("2025-01-01T00:00:00Z")), null);
  assert.equal(new Schedule("0 0 * 1 1 * 2020", "Europe/Berlin").next(Date.parse("2025-01-01T00:00:00Z")), null);
});

Deno.test("what cannot be a schedule is named", () => {
  const cases: readonly [cron: string, predicate: RegExp][] = [
    ["", /is blank/],
    ["* * *", /has 3 fields/],
    ["* * * * * * * *", /has 8 fields/],
    ["61 * * * *", /minute: 61/],
    ["0 24 * * *", /hour: 24/],
    ["0 0 * * 8", /dayOfWeek: 8/],
    ["0 0 * * Blursday", /illegal|stand alone/],
    ["*/0 * * * *", /stepping: 0/],
    ["@often", /no known shorthand/],
    ["@reboot", /no known shorthand/],
    ["0 0 31 2 *", /never fires/],
    ["0 0 0 30 2 ?", /never fires/],
    ["0 0 31 4,6,9,11 *", /never fires/],
  ];
  for (const [cron, predicate] of cases) assert.match(cronFault(cron)?.predicate ?? "", predicate, cron);
});

Deno.test("a schedule of wrong parts is refused", () => {
  const isInvalid = (error: unknown) => error instanceof CdktrError && error.code === "INVALID_ARGUMENT";
  assert.throws(() => new Schedule("nonsense"), isInvalid);
  assert.throws(() => new Schedule("@daily", "Mars/Olympus"), isInvalid);
  assert.throws(() => new Schedule("@daily", "+01:00"), isInvalid);
  assert.throws(() => new Schedule("@daily", "UTC", "2025-01-20"), isInvalid);
});

Deno.test("a workflow without cron has no schedule", () => {
  assert.equal(scheduleOf({ cron: null, timezone: "UTC", startTime: null }), null);
  assert.equal(scheduleOf({ cron: "@daily", timezone: "UTC", startTime: null })?.next(0), 86_400_000);
});
