/** What people wish of a run while it goes on: a pause, or the end of one task. */
import assert from "node:assert/strict";
import { ann, bob, old, runReport, Scene, taskReport, triggerOf } from "./scene.ts";

function pause(scene: Scene, runId: string, paused = true) {
  return scene.command("pause", { runId, paused, reason: "wait" }).reply;
}

Deno.test("a waiting run that is paused is not handed out until it is resumed", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2");
  assert.equal(pause(scene, "r1"), "done");
  assert.deepEqual(scene.queue, ["r2"]);
  assert.deepEqual(scene.request(ann, { slots: 9 }).reply.begin, [{ runId: "r2", attempt: 1 }]);
  assert.equal(pause(scene, "r1", false), "done");
  assert.deepEqual(scene.queue, ["r1"]);
});

Deno.test("an agent is told of a pause until it knows, and of the end of it likewise", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  const unaware = scene.holdings(ann);
  assert.equal(pause(scene, "r1"), "requested");
  const wish = { runId: "r1", attempt: 1, paused: true, cancelTasks: [] };
  for (const _ of [1, 2]) assert.deepEqual(scene.request(ann, { holding: unaware }).reply.steer, [wish]);
  assert.deepEqual(scene.request(ann, { holding: scene.holdings(ann) }).reply.steer, []);
  const aware = scene.holdings(ann);
  pause(scene, "r1", false);
  assert.deepEqual(scene.request(ann, { holding: aware }).reply.steer, [{ ...wish, paused: false }]);
});

Deno.test("pausing twice is decided once, and said to have changed nothing, as is resuming what goes on", () => {
  const scene = new Scene();
  scene.trigger("r1");
  assert.equal(pause(scene, "r1", false), "unchanged");
  pause(scene, "r1");
  assert.equal(pause(scene, "r1"), "unchanged");
  assert.deepEqual(scene.story("r1"), ["run_triggered", "run_paused"]);
});

Deno.test("a run that was paused and comes back from a lost assignment is still paused", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  pause(scene, "r1");
  scene.command("return_run", { runId: "r1", attempt: 1, reason: "in vain" });
  assert.deepEqual(scene.queue, []);
  pause(scene, "r1", false);
  assert.deepEqual(scene.queue, ["r1"]);
});

Deno.test("a run that has ended, or that an original agent holds, cannot be paused", () => {
  const scene = new Scene();
  assert.equal(pause(scene, "r1"), "not_in_progress");
  scene.given("r2", old);
  assert.equal(pause(scene, "r2"), "cannot_reach_agent");
});

Deno.test("an agent is told which tasks to end until it knows", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  const unaware = scene.holdings(ann);
  assert.equal(scene.cancel("r1", "extract").reply, "requested");
  assert.equal(scene.cancel("r1", "extract").events.length, 0, "once is enough");
  const wish = { runId: "r1", attempt: 1, paused: false, cancelTasks: ["extract"] };
  assert.deepEqual(scene.request(ann, { holding: unaware }).reply.steer, [wish]);
  assert.deepEqual(scene.request(ann, { holding: scene.holdings(ann) }).reply.steer, []);
  assert.deepEqual(scene.request(bob).reply.steer, [], "nobody else is told");
});

Deno.test("a task can be cancelled before its run has begun; the agent gets to know with the run", () => {
  const scene = new Scene();
  scene.trigger("r1");
  assert.equal(scene.cancel("r1", "extract").reply, "done");
  assert.deepEqual(scene.run("r1").cancelTasks, ["extract"]);
  assert.deepEqual(scene.queue, ["r1"]);
});

Deno.test("a task that has ended for good cannot be cancelled; one that failed may have tries left", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, taskReport("r1", "COMPLETED"));
  scene.report(ann, taskReport("r1", "FAILED", { taskId: "load" }));
  assert.equal(scene.cancel("r1", "extract").reply, "task_has_ended");
  assert.equal(scene.cancel("r1", "load").reply, "requested");
});

Deno.test("what is wished of a run holds on when its agent is lost and it starts again", () => {
  const scene = new Scene();
  const policy = { priority: 0, overlap: "allow", onCrash: "retry" } as const;
  scene.command("trigger", triggerOf("r1", { policy }));
  scene.request(ann);
  scene.report(ann, runReport("r1", "RUNNING"));
  pause(scene, "r1");
  scene.cancel("r1", "extract");
  scene.command("lose_agent", { ...ann, reason: "it fell silent" });
  assert.deepEqual([scene.run("r1").paused, scene.run("r1").cancelTasks], [true, ["extract"]]);
  assert.deepEqual(scene.queue, []);
  pause(scene, "r1", false);
  assert.deepEqual(scene.request(bob).reply.begin, [{ runId: "r1", attempt: 2 }]);
});

Deno.test("a run of which a task was cancelled is not given to an agent that would run the task", () => {
  const scene = new Scene();
  scene.trigger("r1");
  scene.cancel("r1", "extract");
  assert.deepEqual(scene.request(old).reply.begin, []);
  assert.deepEqual(scene.request(ann).reply.begin, [{ runId: "r1", attempt: 1 }]);
});

Deno.test("wishes end when a run that has ended is brought back", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  pause(scene, "r1");
  scene.cancel("r1", "extract");
  const run = { ...scene.run("r1"), state: "FAILED" as const };
  const definition = scene.state.definition(run.definitionHash);
  if (definition === undefined) throw new Error("a run in progress has its definition");
  scene.report(ann, runReport("r1", "FAILED"));
  scene.command("retry", { run, tasks: [], definition, rerun: [], reason: "once more" });
  assert.deepEqual([scene.run("r1").paused, scene.run("r1").cancelTasks], [false, []]);
});
