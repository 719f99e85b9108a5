import assert from "node:assert/strict";
import fc from "fast-check";
import { Schedule } from "../../src/workflow/cron.ts";
import { latestFireTimes } from "../../src/workflow/fire_times.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const endMs = Date.UTC(2026, 10, 21, 10, 33, 22);

/** The last of all fire times, found by walking the whole span. */
function byWalking(schedule: Schedule, afterMs: number, untilMs: number, count: number): number[] {
  const times: number[] = [];
  for (let atMs = schedule.next(afterMs); atMs !== null && atMs <= untilMs; atMs = schedule.next(atMs)) {
    times.push(atMs);
  }
  return times.slice(-count);
}

Deno.test("the newest fire times are the end of all fire times, through changes of the clocks", () => {
  const cron = fc.constantFrom(
    ...[
      "* * * * *",
      "*/15 * * * *",
      "0 * * * *",
      "30 2 * * *",
      "0 2,14 * * *",
      "*/10 1-3 * * 0",
      "0 0 1 * *",
      "5 4 * * 1",
    ],
  );
  const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo");
  // Both changes of the clocks of 2025 are within reach in every zone.
  const untilMs = fc.integer({ min: Date.UTC(2025, 1, 1), max: Date.UTC(2025, 11, 1) });
  const spanMs = fc.oneof(fc.integer({ min: 0, max: dayMs }), fc.integer({ min: 0, max: 30 * dayMs }));
  fc.assert(
    fc.property(cron, zone, untilMs, spanMs, fc.integer({ min: 1, max: 40 }), (cron, zone, untilMs, spanMs, count) => {
      const schedule = new Schedule(cron, zone);
      const found = latestFireTimes(schedule, untilMs - spanMs, untilMs, count);
      assert.deepEqual(found, byWalking(schedule, untilMs - spanMs, untilMs, count));
    }),
    { numRuns: 150 },
  );
});

Deno.test("the span's beginning is not in it, its end is", () => {
  const hourly = new Schedule("0 * * * *");
  const noonMs = Date.UTC(2026, 2, 4, 12);
  assert.deepEqual(latestFireTimes(hourly, noonMs - hourMs, noonMs, 5), [noonMs]);
  assert.deepEqual(latestFireTimes(hourly, noonMs, noonMs, 5), []);
  assert.deepEqual(latestFireTimes(hourly, noonMs, noonMs - hourMs, 5), []);
});

Deno.test("before its start time a schedule has no fire times", () => {
  const schedule = new Schedule("0 * * * *", "UTC", "2026-11-21T08:00:00Z");
  const times = latestFireTimes(schedule, endMs - 30 * dayMs, endMs, 100);
  assert.deepEqual(times, [Date.UTC(2026, 10, 21, 9), Date.UTC(2026, 10, 21, 10)]);
});

const years: readonly [cron: string, zone: string, count: number, expected: number][] = [
  ["* * * * * *", "UTC", 1_000, 1_000],
  ["* * * * * *", "Europe/Berlin", 1, 1],
  ["0 2 * * *", "Europe/Berlin", 1_000, 1_000],
  ["0 0 29 2 *", "America/New_York", 1_000, 7],
  ["* * * 1 1 *", "Europe/Berlin", 1_000, 1_000],
  ["0 0 0 1 1 * 2040", "UTC", 5, 0],
];
for (const [cron, zone, count, expected] of years) {
  Deno.test(`${count} of thirty years of "${cron}" are found in no time`, () => {
    const schedule = new Schedule(cron, zone);
    const beganMs = performance.now();
    const times = latestFireTimes(schedule, endMs - 30 * 366 * dayMs, endMs, count);
    const tookMs = performance.now() - beganMs;
    assert.equal(times.length, expected);
    assert.ok(
      times.every((atMs, index) => atMs <= endMs && schedule.next(atMs - 1) === atMs && atMs > (times[index - 1] ?? 0)),
    );
    const newest = times.at(-1);
    if (newest !== undefined) assert.ok((schedule.next(newest) ?? Infinity) > endMs, "the newest is among them");
    assert.ok(tookMs < 5_000, `took ${tookMs} ms`);
  });
}
