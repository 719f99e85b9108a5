import assert from "node:assert/strict";
import { type Scheduled, Timetable } from "../../src/scheduler/timetable.ts";

const noonMs = Date.UTC(2026, 2, 4, 12);
const minuteMs = 60_000;

function workflow(id: string, cron: string | null, more: Partial<Scheduled> = {}): Scheduled {
  return { id, cron, timezone: "UTC", startTime: null, ...more };
}

function tableOf(...workflows: Scheduled[]): Timetable {
  const table = new Timetable();
  assert.deepEqual(table.update(workflows, noonMs), []);
  return table;
}

Deno.test("a workflow without a schedule is not in the table", () => {
  const table = tableOf(workflow("a", null));
  assert.equal(table.size, 0);
  assert.equal(table.nextDueMs(), null);
  assert.deepEqual(table.takeDue(noonMs), []);
});

Deno.test("the next due time is the earliest of all", () => {
  const table = tableOf(workflow("hourly", "0 * * * *"), workflow("soon", "5 * * * *"), workflow("daily", "@daily"));
  assert.equal(table.size, 3);
  assert.equal(table.nextDueMs(), noonMs + 5 * minuteMs);
});

Deno.test("what is due is taken once, and not before its time", () => {
  const table = tableOf(workflow("a", "* * * * *"), workflow("b", "*/2 * * * *"));
  assert.deepEqual(table.takeDue(noonMs + minuteMs - 1), []);
  assert.deepEqual(table.takeDue(noonMs + minuteMs), [{ workflowId: "a", dueMs: noonMs + minuteMs }]);
  assert.deepEqual(table.takeDue(noonMs + minuteMs), []);
  assert.deepEqual(table.takeDue(noonMs + 2 * minuteMs).map(({ workflowId }) => workflowId), ["a", "b"]);
});

Deno.test("of several times that were missed the first is returned, and then those that follow", () => {
  const table = tableOf(workflow("a", "* * * * *"));
  assert.deepEqual(table.takeDue(noonMs + 10.5 * minuteMs), [{ workflowId: "a", dueMs: noonMs + minuteMs }]);
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
  const problems = table.update([workflow("bad", "every day"), workflow("good", "@hourly")], noonMs);
  assert.equal(problems.length, 1);
  assert.match(String(problems[0]), /^workflow bad is not scheduled: /);
  assert.equal(table.size, 1);
});

Deno.test("after the clock was put back the times count from the new one on", () => {
  const table = tableOf(workflow("a", "@daily"));
  table.restart(noonMs - 10 * 365 * 24 * 60 * minuteMs);
  assert.equal(table.nextDueMs(), Date.UTC(2016, 2, 7));
});
