import assert from "node:assert/strict";
import { type Event, finalRunStates, State } from "../../src/core/mod.ts";
import { snapshotSchema } from "../../src/core/schema.ts";
import { newestDefinitionsMax } from "../../src/core/state.ts";
import { ann, bob, definitionOf, old, runReport, Scene, taskReport, triggerOf } from "./scene.ts";

type EventOfAttempt = Extract<Event, { readonly attempt: number }>;

const ofRun = { atMs: 5, runId: "r1", attempt: 1 };
const assigned: EventOfAttempt = { ...ofRun, type: "run_assigned", ...ann, reason: "" };
const returned: EventOfAttempt = { ...ofRun, type: "run_returned", reason: "" };
const started: EventOfAttempt = { ...ofRun, type: "run_started", instanceId: null };
const taskChanged: EventOfAttempt = {
  ...ofRun,
  type: "task_changed",
  taskId: "extract",
  taskRunId: "extract-1",
  tryNumber: 1,
  state: "RUNNING",
  happenedAtMs: 5,
  exitCode: null,
  reason: null,
  outputs: null,
};
const finished = finalRunStates.map((state): EventOfAttempt => ({
  ...ofRun,
  type: "run_finished",
  state,
  reason: null,
}));

/** Asserts that an event is refused and the state stays as it was. */
function assertRefused(state: State, event: Event, message: RegExp): void {
  const before = state.toSnapshot();
  assert.throws(() => state.evolve(event), message);
  assert.deepEqual(state.toSnapshot(), before);
}

Deno.test("a run that waits can only be assigned or cancelled", () => {
  const scene = new Scene();
  scene.trigger("r1");
  for (const event of [returned, started, ...finished]) {
    if (event.type === "run_finished" && event.state === "CANCELLED") continue;
    assertRefused(scene.state, { ...event, attempt: 0 }, /run r1 cannot go (back to the queue )?from PENDING/);
  }
  assert.equal(scene.state.evolve(assigned).run?.state, "ASSIGNED");
});

Deno.test("a run that is assigned is not assigned again", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  assertRefused(scene.state, { ...assigned, attempt: 2 }, /cannot go from ASSIGNED to ASSIGNED/);
});

Deno.test("a run that is running is not assigned, returned or started", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, taskReport("r1", "RUNNING"));
  assertRefused(scene.state, { ...assigned, attempt: 2 }, /cannot go from RUNNING to ASSIGNED/);
  assertRefused(scene.state, returned, /cannot go back to the queue from RUNNING/);
  assertRefused(scene.state, started, /cannot go from RUNNING to RUNNING/);
});

Deno.test("nothing happens to a run that has ended or never was", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, runReport("r1", "COMPLETED"));
  const cancel: Event = { type: "cancel_requested", atMs: 5, runId: "r1", reason: "" };
  for (const event of [assigned, returned, started, ...finished, taskChanged, cancel]) {
    assertRefused(scene.state, event, /run r1 is not in progress/);
  }
});

Deno.test("an assignment opens the next attempt, and every other event is about the present one", () => {
  const scene = new Scene();
  scene.trigger("r1");
  for (const attempt of [0, 2]) {
    assertRefused(scene.state, { ...assigned, attempt }, /names attempt \d, but the present one is 0/);
  }
  scene.apply(assigned);
  for (const event of [returned, started, taskChanged, ...finished]) {
    for (const attempt of [0, 2]) {
      assertRefused(scene.state, { ...event, attempt }, /names attempt \d, but the present one is 1/);
    }
  }
});

Deno.test("a run is triggered once, with a definition that is known", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  const again: Event = { ...triggered("r1"), definitionHash: "etl#1" };
  assertRefused(scene.state, again, /run r1 is there already/);
  assertRefused(scene.state, { ...triggered("r2"), definitionHash: "gone" }, /run r2 refers to an unknown definition/);
});

Deno.test("an ignored report changes nothing", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  const before = scene.state.toSnapshot();
  assert.deepEqual(
    scene.state.evolve({ ...ofRun, type: "report_ignored", agentId: bob.agentId, report: "COMPLETED", reason: "" }),
    {},
  );
  assert.deepEqual(scene.state.toSnapshot(), before);
});

Deno.test("a change tells the run, the task or the definition as it is after the event", () => {
  const scene = new Scene();
  const stored = scene.state.evolve({ type: "definition_stored", atMs: 1, ...definitionOf("etl") });
  assert.deepEqual(stored, { definition: definitionOf("etl") });
  assert.equal(scene.state.evolve(triggered("r1")).run?.state, "PENDING");
  assert.equal(scene.state.evolve(assigned).run?.attempt, 1);
  assert.equal(scene.state.evolve(started).run?.startedAtMs, started.atMs);
  assert.equal(scene.state.evolve(taskChanged).tasks?.[0]?.state, "RUNNING");
  const { run } = scene.state.evolve({ ...ofRun, type: "run_finished", state: "FAILED", reason: "exit code 1" });
  assert.equal(run?.state, "FAILED");
  assert.equal(run?.reason, "exit code 1");
});

/** Something of everything: each kind of holder, every state, tasks, two definitions, keys, a returned run. */
function fullScene(): Scene {
  const scene = new Scene();
  scene.trigger("waiting 1", "waiting 2");
  scene.command("trigger", triggerOf("keyed", { idempotencyKey: "k", params: { a: "b" }, requires: ["uv"] }));
  scene.command("trigger", triggerOf("edited", { definition: definitionOf("etl", 2) }));
  scene.given("returned", old, { started: false });
  scene.command("return_run", { runId: "returned", attempt: 1, reason: "it never began" });
  scene.given("on old", old);
  scene.given("on ann", ann);
  scene.report(ann, taskReport("on ann", "COMPLETED"));
  scene.report(ann, taskReport("on ann", "RUNNING", { taskId: "load", tryNumber: 2 }));
  scene.given("for ann", ann, { started: false });
  scene.given("unwanted", ann);
  scene.command("cancel", { runId: "unwanted", taskId: null, reason: "enough" });
  scene.given("ended", bob);
  scene.report(bob, runReport("ended", "COMPLETED"));
  return scene;
}

Deno.test("a snapshot is plain JSON that its schema reads", () => {
  const snapshot = fullScene().state.toSnapshot();
  assert.deepEqual(snapshotSchema.parse(JSON.parse(JSON.stringify(snapshot))), snapshot);
});

Deno.test("the state made from a snapshot is equal and decides alike afterwards", () => {
  const live = fullScene();
  const restored = new Scene();
  restored.state = State.fromSnapshot(snapshotSchema.parse(JSON.parse(JSON.stringify(live.state.toSnapshot()))));
  for (const scene of [live, restored]) {
    scene.events.length = 0;
    assert.deepEqual(scene.queue, ["edited", "keyed", "returned", "waiting 1", "waiting 2"]);
    assert.equal(scene.state.runOfInstance(old.agentId, "i-on old")?.runId, "on old");
    assert.deepEqual(scene.command("trigger", triggerOf("x", { idempotencyKey: "k" })).reply.runId, "keyed");
    assert.deepEqual(scene.request(ann).reply.begin, [{ runId: "for ann", attempt: 1 }]);
    assert.deepEqual(scene.request(bob, { onlyRunId: "returned" }).reply.begin, [{ runId: "returned", attempt: 2 }]);
    scene.report(ann, taskReport("on ann", "PENDING", { taskId: "load", tryNumber: 2 }));
    scene.report(ann, runReport("on ann", "COMPLETED"));
    scene.command("lose_agent", { ...ann, reason: "silent" });
    scene.command("lose_agent", { ...old, reason: "silent" });
    for (const runId of ["waiting 1", "waiting 2", "keyed", "returned"]) {
      scene.command("cancel", { runId, taskId: null, reason: "" });
    }
  }
  assert.deepEqual(restored.events, live.events);
  assert.deepEqual(restored.state.toSnapshot(), live.state.toSnapshot());
});

Deno.test("definitions are counted again after a snapshot: each goes with its last run", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2");
  scene.command("trigger", triggerOf("r3", { definition: definitionOf("etl", 2) }));
  scene.state = State.fromSnapshot(scene.state.toSnapshot());
  scene.command("cancel", { runId: "r1", taskId: null, reason: "" });
  assert.notEqual(scene.state.definition("etl#1"), undefined);
  scene.command("cancel", { runId: "r2", taskId: null, reason: "" });
  assert.equal(scene.state.definition("etl#1"), undefined);
  scene.command("cancel", { runId: "r3", taskId: null, reason: "" });
  assert.notEqual(scene.state.definition("etl#2"), undefined, "the newest of its workflow stays");
});

function triggered(runId: string): Extract<Event, { type: "run_triggered" }> {
  return {
    type: "run_triggered",
    atMs: 5,
    runId,
    workflowId: "etl",
    definitionHash: "etl#1",
    trigger: "manual",
    params: {},
    idempotencyKey: null,
    dueMs: null,
    requires: [],
    priority: 0,
    overlap: "allow",
    onCrash: "fail",
    reason: "",
  };
}

Deno.test("definitions that nothing runs are kept up to a limit, and written again when they are used again", () => {
  const scene = new Scene();
  scene.trigger("r1");
  const { state } = scene;
  for (let n = 0; n < newestDefinitionsMax; n++) {
    state.evolve({ type: "definition_stored", atMs: 1, ...definitionOf(`w${n}`) });
  }
  assert.notEqual(state.definition("etl#1"), undefined, "a run uses it");
  assert.notEqual(state.definition("w0#1"), undefined);
  scene.cancel("r1");
  assert.equal(state.definition("etl#1"), undefined);
  const { events } = scene.command("trigger", triggerOf("r2"));
  assert.deepEqual(events.map(({ type }) => type), ["definition_stored", "run_triggered"]);
  assert.equal(state.definition("w0#1"), undefined, "it gave way");
});
