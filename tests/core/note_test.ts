import assert from "node:assert/strict";
import type { ScheduleText } from "../../src/core/mod.ts";
import { Scene, triggerOf } from "./scene.ts";

const daily: ScheduleText = { cron: "0 2 * * *", timezone: "UTC", startTime: null };

function note(scene: Scene, schedules: Record<string, ScheduleText>) {
  const command = { schedules: new Map(Object.entries(schedules)), reason: "its file is gone" };
  return scene.command("note_schedules", command);
}

function cronTrigger(scene: Scene, runId: string, dueMs: number): void {
  scene.command("trigger", triggerOf(runId, { trigger: "cron", dueMs, idempotencyKey: `cron:etl:${dueMs}` }));
}

Deno.test("a schedule counts from when it is first known", () => {
  const scene = new Scene();
  assert.equal(note(scene, { etl: daily }).reply.changed, 1);
  assert.equal(scene.state.schedules.get("etl")?.watermarkMs, scene.nowMs);
  scene.nowMs += 5;
  assert.equal(note(scene, { etl: daily }).reply.changed, 0);
  assert.equal(scene.state.schedules.get("etl")?.watermarkMs, scene.nowMs - 5);
});

Deno.test("each due time that triggers moves the mark, and none moves it back", () => {
  const scene = new Scene();
  note(scene, { etl: daily });
  const dueMs = scene.nowMs + 1000;
  cronTrigger(scene, "r1", dueMs);
  assert.equal(scene.state.schedules.get("etl")?.watermarkMs, dueMs);
  cronTrigger(scene, "r2", dueMs - 500);
  assert.equal(scene.state.schedules.get("etl")?.watermarkMs, dueMs);
});

Deno.test("a due time that was skipped has not been missed", () => {
  const scene = new Scene();
  note(scene, { etl: daily });
  scene.trigger("r1");
  const dueMs = scene.nowMs + 1000;
  scene.command("trigger", triggerOf("r2", { dueMs, policy: { priority: 0, overlap: "skip", onCrash: "fail" } }));
  assert.equal(scene.state.schedules.get("etl")?.watermarkMs, dueMs);
});

Deno.test("a schedule that changes counts anew; one that goes is forgotten", () => {
  const scene = new Scene();
  note(scene, { etl: daily });
  scene.nowMs += 10;
  const { events } = note(scene, { etl: { ...daily, timezone: "Europe/Berlin" } });
  assert.deepEqual(events.map((event) => "reason" in event ? event.reason : ""), ["its schedule was changed"]);
  assert.equal(scene.state.schedules.get("etl")?.watermarkMs, scene.nowMs);
  assert.deepEqual(note(scene, {}).events, [
    { type: "schedule_noted", atMs: scene.nowMs, workflowId: "etl", schedule: null, reason: "its file is gone" },
  ]);
  assert.equal(scene.state.schedules.size, 0);
});

Deno.test("a mark that a wrong clock left in the future is taken back", () => {
  const scene = new Scene();
  note(scene, { etl: daily });
  const yearMs = 365 * 86_400_000;
  cronTrigger(scene, "r1", scene.nowMs + yearMs);
  const { events } = note(scene, { etl: daily });
  assert.deepEqual(events.map((event) => "reason" in event ? event.reason : ""), ["the clock was put back"]);
  assert.equal(scene.state.schedules.get("etl")?.watermarkMs, scene.nowMs);
});

Deno.test("an occurrence is written down as it is, with the time", () => {
  const scene = new Scene();
  scene.command("note", { type: "principal_started", version: "1" });
  assert.deepEqual(scene.events, [{ type: "principal_started", version: "1", atMs: scene.nowMs }]);
});
