import assert from "node:assert/strict";
import { crashRetriesMax, type Run, type TaskRun } from "../../src/core/mod.ts";
import { ann, bob, definitionOf, old, runReport, Scene, taskReport, triggerOf } from "./scene.ts";

/** A run of which `extract` completed and `load` failed, as the journal's tables keep it. */
function failed(scene: Scene): { run: Run; tasks: TaskRun[] } {
  scene.given("r1", ann);
  scene.report(ann, taskReport("r1", "COMPLETED", { outputs: { rows: "7" } }));
  scene.report(ann, taskReport("r1", "FAILED", { taskId: "load", exitCode: 1 }));
  const tasks = [...scene.state.tasksOf("r1").values()];
  const run: Run = { ...scene.run("r1"), state: "FAILED" };
  scene.report(ann, runReport("r1", "FAILED"));
  return { run, tasks };
}

function retry(scene: Scene, ended: { run: Run; tasks: TaskRun[] }, rerun: string[] = []) {
  return scene.command("retry", { ...ended, definition: definitionOf("etl"), rerun, reason: "once more" });
}

function crashing(runId: string, by = ann): Scene {
  const scene = new Scene();
  scene.command("trigger", triggerOf(runId, { policy: { priority: 0, overlap: "allow", onCrash: "retry" } }));
  scene.request(by);
  scene.report(by, runReport(runId, "RUNNING"));
  return scene;
}

Deno.test("a retried run waits for its next attempt and keeps what completed, outputs and all", () => {
  const scene = new Scene();
  const { reply } = retry(scene, failed(scene));
  assert.deepEqual(reply, { attempt: 2, kept: ["extract"] });
  assert.deepEqual(scene.queue, ["r1"]);
  scene.request(bob);
  const kept = [...scene.state.tasksOf("r1").values()];
  assert.deepEqual(
    kept.map(({ taskId, attempt, taskRunId, state, outputs }) => [
      ...[taskId, attempt, taskRunId, state, outputs],
    ]),
    [["extract", 2, "extract-1", "COMPLETED", { rows: "7" }]],
  );
});

Deno.test("tasks that are to run again are not kept", () => {
  const scene = new Scene();
  assert.deepEqual(retry(scene, failed(scene), ["extract", "load"]).reply.kept, []);
});

Deno.test("a run in progress is not retried, whatever the journal's table said when it was read", () => {
  const scene = new Scene();
  const ended = failed(scene);
  retry(scene, ended);
  assert.throws(() => retry(scene, ended), { code: "CONFLICT", message: "Run r1 cannot be retried: it is PENDING." });
});

Deno.test("a run that completed is retried only from a task on", () => {
  const scene = new Scene();
  const ended = failed(scene);
  const completed = { ...ended, run: { ...ended.run, state: "COMPLETED" as const } };
  assert.throws(() => retry(scene, completed), { code: "CONFLICT" });
  assert.equal(retry(scene, completed, ["load"]).reply.attempt, 2);
});

Deno.test("what the attempt before reports late moves nothing", () => {
  const scene = new Scene();
  retry(scene, failed(scene));
  scene.request(bob);
  assert.equal(scene.report(ann, runReport("r1", "COMPLETED")).reply.taken, false);
  assert.equal(scene.run("r1").state, "ASSIGNED");
});

Deno.test("an agent of the original, which keeps nothing, does not get a run that kept something", () => {
  const scene = new Scene();
  retry(scene, failed(scene));
  assert.deepEqual(scene.request(old).reply.begin, []);
  assert.deepEqual(scene.request(bob).reply.begin, [{ runId: "r1", attempt: 2 }]);
});

Deno.test("a run whose agent was lost starts again where its definition allows it, and not for ever", () => {
  const scene = crashing("r1");
  scene.report(ann, taskReport("r1", "COMPLETED"));
  scene.report(ann, taskReport("r1", "RUNNING", { taskId: "load" }));
  for (let lost = 1; lost <= crashRetriesMax; lost++) {
    assert.deepEqual(scene.command("lose_agent", { ...ann, reason: "silent" }).reply, { crashed: 0, requeued: 1 });
    assert.deepEqual(scene.queue, ["r1"]);
    assert.deepEqual([...scene.state.tasksOf("r1").keys()], ["extract"], "what ran is not kept");
    scene.request(ann);
    assert.equal(scene.run("r1").attempt, lost + 1);
  }
  assert.deepEqual(scene.command("lose_agent", { ...ann, reason: "silent" }).reply, { crashed: 1, requeued: 0 });
  assert.match(JSON.stringify(scene.events.at(-2)), /CRASHED.*silent; it had started again 3 times already/);
});

Deno.test("a run that was to be cancelled does not start again", () => {
  const scene = crashing("r1");
  scene.cancel("r1");
  assert.deepEqual(scene.command("lose_agent", { ...ann, reason: "silent" }).reply, { crashed: 1, requeued: 0 });
});

Deno.test("a run that an original agent lost starts anew: such an agent may get it again", () => {
  const scene = crashing("r1", old);
  scene.report(old, taskReport("r1", "COMPLETED"));
  scene.command("lose_agent", { ...old, reason: "silent" });
  assert.equal(scene.state.tasksOf("r1").size, 0);
  assert.deepEqual(scene.request(old).reply.begin, [{ runId: "r1", attempt: 2 }]);
});
