import assert from "node:assert/strict";
import { ann, bob, old, runReport, Scene, taskReport } from "./scene.ts";

const nothing = { begin: [], end: [], steer: [] };

Deno.test("a run that waits is cancelled at once and leaves the queue", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2", "r3");
  assert.equal(scene.command("cancel", { runId: "r2", taskId: null, reason: "enough" }).reply, "done");
  assert.deepEqual(scene.queue, ["r1", "r3"]);
  assert.deepEqual(scene.story("r2"), ["run_triggered", "run_finished CANCELLED"]);
});

Deno.test("a run that was returned and waits again is cancelled at once", () => {
  const scene = new Scene();
  scene.given("r1", old, { started: false });
  scene.command("return_run", { runId: "r1", attempt: 1, reason: "it never began" });
  assert.equal(scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" }).reply, "done");
  assert.deepEqual(scene.queue, []);
});

for (const started of [false, true]) {
  const state = started ? "RUNNING" : "ASSIGNED";
  Deno.test(`the wish to cancel a run that is ${state} is kept and passed on until its agent ends it`, () => {
    const scene = new Scene();
    scene.given("r1", ann, { started });
    assert.equal(scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" }).reply, "requested");
    assert.equal(scene.run("r1").state, state);
    assert.equal(scene.run("r1").cancelReason, "enough");
    const holding = [{ runId: "r1", attempt: 1, cancelling: false, paused: false, cancelTasks: [] }];
    for (let times = 0; times < 2; times++) {
      const { end } = scene.request(ann, { slots: 0, holding }).reply;
      assert.deepEqual(end, [{ runId: "r1", attempt: 1, reason: "enough" }]);
    }
    scene.report(ann, runReport("r1", "CANCELLED", { reason: "enough" }));
    assert.equal(scene.story("r1").at(-1), "run_finished CANCELLED");
    assert.deepEqual(scene.request(ann).reply, nothing);
  });
}

Deno.test("a second wish to cancel changes nothing", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" });
  const again = scene.command("cancel", { runId: "r1", taskId: null, reason: "really" });
  assert.deepEqual(again, { reply: "requested", events: [] });
  assert.equal(scene.run("r1").cancelReason, "enough");
});

Deno.test("a run that ends by itself before the wish reaches its agent keeps that end", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" });
  scene.report(ann, runReport("r1", "COMPLETED"));
  assert.equal(scene.story("r1").at(-1), "run_finished COMPLETED");
});

Deno.test("an original agent cannot be told to end a run", () => {
  for (const started of [false, true]) {
    const scene = new Scene();
    scene.given("r1", old, { started });
    const decision = scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" });
    assert.deepEqual(decision, { reply: "cannot_reach_agent", events: [] });
    assert.equal(scene.run("r1").cancelReason, null);
  }
});

Deno.test("a run that has ended, or never was, is not in progress", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, runReport("r1", "COMPLETED"));
  for (const runId of ["r1", "nope"]) {
    assert.deepEqual(scene.command("cancel", { runId, taskId: null, reason: "enough" }), {
      reply: "not_in_progress",
      events: [],
    });
  }
});

Deno.test("a cancelled assignment that never arrived is not made again: the run ends CANCELLED", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" });
  assert.deepEqual(scene.request(ann, { slots: 3 }).reply, nothing);
  assert.deepEqual(scene.story("r1").slice(-2), ["cancel_requested", "run_finished CANCELLED"]);
  assert.deepEqual(scene.state.runsOf(ann.agentId, ann.session), []);
});

Deno.test("a cancelled assignment that comes back ends CANCELLED instead of waiting again", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" });
  const { reply } = scene.command("return_run", { runId: "r1", attempt: 1, reason: "the connection broke" });
  assert.deepEqual(reply, { returned: false });
  assert.deepEqual(scene.queue, []);
  assert.equal(scene.story("r1").at(-1), "run_finished CANCELLED");
});

Deno.test("all that a lost agent held has crashed, with its open tasks; nobody else's has", () => {
  const scene = new Scene();
  scene.given("running", ann);
  scene.report(ann, taskReport("running", "RUNNING"));
  scene.given("assigned", ann, { started: false });
  scene.given("bobs", bob);
  scene.given("of another process", { ...ann, session: "s-ann-after-restart" });
  scene.trigger("waiting");
  const { reply } = scene.command("lose_agent", { ...ann, reason: "silent for 30 s" });
  assert.deepEqual(reply, { crashed: 2, requeued: 0 });
  assert.deepEqual(scene.story("running").slice(-2), ["task_changed extract CRASHED", "run_finished CRASHED"]);
  assert.deepEqual(scene.story("assigned").slice(-1), ["run_finished CRASHED"]);
  assert.deepEqual([...scene.state.runs.keys()], ["bobs", "of another process", "waiting"]);
});

Deno.test("a lost original agent is known by its id alone", () => {
  const scene = new Scene();
  scene.given("r1", old);
  assert.deepEqual(scene.command("lose_agent", { ...old, session: "s", reason: "silent" }).reply, {
    crashed: 0,
    requeued: 0,
  });
  assert.deepEqual(scene.command("lose_agent", { ...old, reason: "silent" }).reply, { crashed: 1, requeued: 0 });
});

Deno.test("losing an agent that holds nothing is remembered and changes no run", () => {
  const scene = new Scene();
  const { reply, events } = scene.command("lose_agent", { ...ann, reason: "silent" });
  assert.deepEqual(reply, { crashed: 0, requeued: 0 });
  assert.deepEqual(events.map(({ type }) => type), ["agent_left"]);
});

Deno.test("a lost agent that comes back is told to end what it still runs, and its reports move nothing", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.command("lose_agent", { ...ann, reason: "silent for 30 s" });
  const { end } = scene.request(ann, {
    slots: 0,
    holding: [{ runId: "r1", attempt: 1, cancelling: false, paused: false, cancelTasks: [] }],
  }).reply;
  assert.deepEqual(end.map(({ runId }) => runId), ["r1"]);
  assert.deepEqual(scene.report(ann, runReport("r1", "COMPLETED")).reply, { taken: false });
  assert.deepEqual(scene.story("r1").slice(-2), ["run_finished CRASHED", "report_ignored"]);
});

Deno.test("everyone who holds a run is known, each once", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.given("r2", ann);
  scene.given("r3", old);
  assert.deepEqual([...scene.state.holders()], [ann, old]);
  scene.command("lose_agent", { ...ann, reason: "silent" });
  assert.deepEqual([...scene.state.holders()], [old]);
});
