import assert from "node:assert/strict";
import type { Overlap } from "../../src/core/mod.ts";
import { ann, bob, definitionOf, old, runReport, Scene, triggerOf } from "./scene.ts";

/** Triggers the workflow under an overlap policy. */
function trigger(scene: Scene, runId: string, overlap: Overlap, workflowId = "etl") {
  const policy = { priority: 0, overlap, onCrash: "fail" } as const;
  return scene.command("trigger", triggerOf(runId, { policy, definition: definitionOf(workflowId) })).reply;
}

Deno.test("allow: runs of a workflow do not wait for one another", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  trigger(scene, "r2", "allow");
  assert.deepEqual(scene.queue, ["r2"]);
});

Deno.test("skip: a trigger gives way to the run in progress, and its key is remembered", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  const skipped = () =>
    scene.command(
      "trigger",
      triggerOf("r2", { policy: { priority: 0, overlap: "skip", onCrash: "fail" }, idempotencyKey: "k", dueMs: 7 }),
    );
  const { reply, events } = skipped();
  assert.equal(reply.runId, "r1");
  assert.match(reply.skipped ?? "", /run r1 of the workflow had not ended/);
  assert.deepEqual(events.map(({ type }) => type), ["trigger_skipped"]);
  scene.report(ann, runReport("r1", "COMPLETED"));
  assert.deepEqual(skipped(), { reply: { runId: "r1", duplicate: true, skipped: reply.skipped }, events: [] });
  assert.equal(trigger(scene, "r3", "skip").skipped, null, "nothing is in the way any more");
});

Deno.test("skip: another workflow is not in the way", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  assert.equal(trigger(scene, "r2", "skip", "report").skipped, null);
});

Deno.test("queue: runs of a workflow go one after the other, in the order they came", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  for (const runId of ["r2", "r3"]) trigger(scene, runId, "queue");
  assert.deepEqual(scene.queue, []);
  assert.equal(scene.state.runAheadOf(scene.run("r3"))?.runId, "r1");
  scene.report(ann, runReport("r1", "FAILED"));
  assert.deepEqual(scene.queue, ["r2"]);
  scene.request(bob);
  assert.deepEqual(scene.queue, []);
  scene.report(bob, runReport("r2", "COMPLETED"));
  assert.deepEqual(scene.queue, ["r3"]);
});

Deno.test("queue: a run that is cancelled while it waits lets the next one go", () => {
  const scene = new Scene();
  for (const runId of ["r1", "r2", "r3"]) trigger(scene, runId, "queue");
  assert.deepEqual(scene.queue, ["r1"]);
  scene.cancel("r2");
  assert.deepEqual(scene.queue, ["r1"]);
  scene.cancel("r1");
  assert.deepEqual(scene.queue, ["r3"]);
});

Deno.test("replace: what waits ends at once, what runs is asked to end, and the new run waits for that", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  trigger(scene, "r2", "allow");
  trigger(scene, "r3", "replace");
  assert.equal(scene.state.runs.has("r2"), false);
  assert.match(scene.run("r1").cancelReason ?? "", /run r3 of the workflow takes its place/);
  assert.deepEqual(scene.queue, []);
  scene.report(ann, runReport("r1", "CANCELLED"));
  assert.deepEqual(scene.queue, ["r3"]);
});

Deno.test("replace: an agent of the original cannot be told, so the new run waits for the end of the old", () => {
  const scene = new Scene();
  scene.given("r1", old);
  trigger(scene, "r2", "replace");
  assert.equal(scene.run("r1").cancelReason, null);
  assert.deepEqual(scene.queue, []);
});

Deno.test("a run that is brought back waits for those of its workflow that are in progress", () => {
  const scene = new Scene();
  trigger(scene, "r1", "queue");
  const ended = scene.run("r1");
  scene.cancel("r1");
  trigger(scene, "r2", "queue");
  scene.command("retry", {
    run: { ...ended, state: "CANCELLED" },
    tasks: [],
    definition: definitionOf("etl"),
    rerun: [],
    reason: "once more",
  });
  assert.deepEqual(scene.queue, ["r2"], "although it is the older one");
  scene.cancel("r2");
  assert.deepEqual(scene.queue, ["r1"]);
});

Deno.test("however many runs of a workflow wait, a trigger that does not end them looks at none of them", () => {
  const scene = new Scene();
  scene.state.runsOfWorkflow = () => assert.fail("all of them were looked at");
  for (const overlap of ["allow", "queue", "queue", "skip"] as const) {
    trigger(scene, `r${scene.events.length}`, overlap);
  }
  assert.equal(scene.state.runs.size, 3);
});
