import assert from "node:assert/strict";
import { type Missed, type Scheduled, Timetable } from "../../src/scheduler/timetable.ts";

const noonMs = Date.UTC(2026, 2, 4, 12);
const minuteMs = 60_000;

function workflow(id: string, cron: string | null, more: Partial<Scheduled> = {}): Scheduled {
  return { id, cron, timezone: "UTC", startTime: null, catchup: 0, watermarkMs: null, ...more };
}

function tableOf(...workflows: Scheduled[]): Timetable {
  const table = new Timetable();
  assert.deepEqual(table.update(workflows, noonMs), { problems: [], missed: [] });
  return table;
}

/** What is due, the times as minutes after noon. */
function dueAt(table: Timetable, nowMs: number): string[] {
  const { due, missed } = table.takeDue(nowMs);
  assert.deepEqual(missed, []);
  return due.map(({ workflowId, dueMs }) => `${workflowId} ${(dueMs - noonMs) / minuteMs}`);
}

/** Spans that are to be looked through, the times as minutes after noon. */
function spans(missed: readonly Missed[]): string[] {
  return missed.map(({ workflowId, afterMs, untilMs, catchup }) =>
    `${workflowId}: ${catchup} in (${(afterMs - noonMs) / minuteMs}, ${(untilMs - noonMs) / minuteMs}]`
  );
}

Deno.test("a workflow without a schedule is not in the table", () => {
  const table = tableOf(workflow("a", null));
  assert.equal(table.size, 0);
  assert.equal(table.nextDueMs(), null);
  assert.deepEqual(dueAt(table, noonMs), []);
});

Deno.test("the next due time is the earliest of all", () => {
  const table = tableOf(workflow("hourly", "0 * * * *"), workflow("soon", "5 * * * *"), workflow("daily", "@daily"));
  assert.equal(table.size, 3);
  assert.equal(table.nextDueMs(), noonMs + 5 * minuteMs);
});

Deno.test("what is due is taken once, and not before its time", () => {
  const table = tableOf(workflow("a", "* * * * *"), workflow("b", "*/2 * * * *"));
  assert.deepEqual(dueAt(table, noonMs + minuteMs - 1), []);
  assert.deepEqual(dueAt(table, noonMs + minuteMs), ["a 1"]);
  assert.deepEqual(dueAt(table, noonMs + minuteMs), []);
  assert.deepEqual(dueAt(table, noonMs + 2 * minuteMs), ["a 2", "b 2"]);
});

Deno.test("of several times that were missed the first is returned, and then those that follow", () => {
  const table = tableOf(workflow("a", "* * * * *"));
  assert.deepEqual(dueAt(table, noonMs + 10.5 * minuteMs), ["a 1"]);
  assert.equal(table.nextDueMs(), noonMs + 11 * minuteMs);
});

Deno.test("an update keeps the next time of a schedule that did not change, even one that is due by now", () => {
  const table = tableOf(workflow("a", "* * * * *"));
  table.update([workflow("a", "* * * * *")], noonMs + 3 * minuteMs);
  assert.equal(table.nextDueMs(), noonMs + minuteMs);
});

Deno.test("a changed schedule counts from the change; a workflow that is gone is due no more", () => {
  const table = tableOf(workflow("a", "* * * * *"), workflow("b", "* * * * *"));
  table.update([workflow("a", "*/10 * * * *")], noonMs + 30_000);
  assert.equal(table.size, 1);
  assert.equal(table.nextDueMs(), noonMs + 10 * minuteMs);
  table.update([workflow("a", "*/10 * * * *", { timezone: "Asia/Kolkata" })], noonMs + 15 * minuteMs);
  assert.equal(table.nextDueMs(), noonMs + 20 * minuteMs);
});

Deno.test("nothing is due before the workflow's start time", () => {
  const startTime = "2026-03-04T13:30:00+00:00";
  assert.equal(tableOf(workflow("a", "0 * * * *", { startTime })).nextDueMs(), noonMs + 120 * minuteMs);
});

Deno.test("a schedule that cannot be read is told, and leaves the others in force", () => {
  const table = new Timetable();
  const { problems } = table.update([workflow("bad", "every day"), workflow("good", "@hourly")], noonMs);
  assert.equal(problems.length, 1);
  assert.match(String(problems[0]), /^workflow bad is not scheduled: /);
  assert.equal(table.size, 1);
});

Deno.test("after the clock was put back the times count from the new one on", () => {
  const table = tableOf(workflow("a", "@daily"));
  table.restart(noonMs - 10 * 365 * 24 * 60 * minuteMs);
  assert.equal(table.nextDueMs(), Date.UTC(2016, 2, 7));
});

const catchingUp = (watermarkMs: number | null, more: Partial<Scheduled> = {}) =>
  workflow("a", "* * * * *", { catchup: 3, watermarkMs, ...more });

Deno.test("a workflow that is new here may have missed what was due since its watermark", () => {
  const table = new Timetable();
  const { missed } = table.update([catchingUp(noonMs - 10 * minuteMs)], noonMs);
  assert.deepEqual(spans(missed), ["a: 3 in (-10, 0]"]);
  assert.deepEqual(dueAt(table, noonMs + minuteMs), ["a 1"]);
  assert.deepEqual(table.update([catchingUp(noonMs - 10 * minuteMs)], noonMs + minuteMs).missed, [], "asked for once");
});

Deno.test("nothing was missed without catchup, without a watermark, or with one that is not past", () => {
  for (const nothing of [catchingUp(0, { catchup: 0 }), catchingUp(null), catchingUp(noonMs), catchingUp(noonMs + 1)]) {
    assert.deepEqual(new Timetable().update([nothing], noonMs).missed, []);
  }
});

Deno.test("a changed schedule counts from the change, whatever its watermark says", () => {
  const table = tableOf(workflow("a", "0 * * * *"));
  assert.deepEqual(table.update([catchingUp(noonMs - minuteMs)], noonMs + minuteMs).missed, []);
});

Deno.test("after the principal was out of sight the watermarks of known workflows count again, up to what is due next", () => {
  const table = tableOf(catchingUp(noonMs));
  const { missed } = table.update([catchingUp(noonMs - 5 * minuteMs)], noonMs + 2.5 * minuteMs, true);
  assert.deepEqual(spans(missed), [`a: 3 in (-5, ${(minuteMs - 1) / minuteMs}]`]);
});

Deno.test("of several times that were missed a workflow that catches up is owed the span, and then those that follow", () => {
  const table = tableOf(catchingUp(noonMs));
  const { due, missed } = table.takeDue(noonMs + 10.5 * minuteMs);
  assert.deepEqual(due, []);
  assert.deepEqual(spans(missed), [`a: 3 in (${(minuteMs - 1) / minuteMs}, 10.5]`]);
  assert.deepEqual(dueAt(table, noonMs + 11 * minuteMs), ["a 11"]);
});

Deno.test("a changed catchup is in force at once and changes no due time", () => {
  const table = tableOf(workflow("a", "* * * * *"));
  table.update([catchingUp(noonMs)], noonMs + minuteMs);
  assert.equal(table.takeDue(noonMs + 2 * minuteMs).missed.length, 1);
});
