import assert from "node:assert/strict";
import {
  type Event,
  type FinalRunState,
  finalRunStates,
  type Report,
  type TaskRun,
  taskStates,
} from "../../src/core/mod.ts";
import { ann, bob, old, type Party, runReport, Scene, taskReport } from "./scene.ts";

/** Asserts that a report moved nothing and was recorded with a reason that matches. */
function assertIgnored(scene: Scene, by: Party, report: Report, reason: RegExp): void {
  const before = scene.state.toSnapshot();
  const { reply, events } = scene.report(by, report);
  assert.deepEqual(reply, { taken: false });
  assert.equal(events.length, 1);
  const [event] = events;
  assert.ok(event?.type === "report_ignored");
  assert.match(event.reason, reason);
  assert.equal(event.agentId, by.agentId);
  assert.equal(event.attempt, report.attempt);
  assert.deepEqual(scene.state.toSnapshot(), before);
}

/** Asserts that a report said nothing new: it is acknowledged and leaves no trace. */
function assertDropped(scene: Scene, by: Party, report: Report): void {
  assert.deepEqual(scene.report(by, report), { reply: { taken: true }, events: [] });
}

function taskOf(scene: Scene, runId: string, taskId = "extract"): TaskRun {
  const task = scene.state.tasksOf(runId).get(taskId);
  if (task === undefined) throw new Error(`no task ${taskId} of run ${runId} was reported`);
  return task;
}

Deno.test("an agent's RUNNING starts the run", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  scene.nowMs += 7;
  assert.deepEqual(scene.report(ann, runReport("r1", "RUNNING")).reply, { taken: true });
  const { state, startedAtMs, reason } = scene.run("r1");
  assert.deepEqual({ state, startedAtMs, reason }, { state: "RUNNING", startedAtMs: scene.nowMs, reason: null });
});

for (const final of finalRunStates) {
  Deno.test(`a run that is running ends ${final} when its agent says so`, () => {
    const scene = new Scene();
    scene.given("r1", ann);
    const { reply, events } = scene.report(ann, runReport("r1", final, { reason: "because" }));
    assert.deepEqual(reply, { taken: true });
    assert.deepEqual(events, [
      { type: "run_finished", atMs: scene.nowMs, runId: "r1", attempt: 1, state: final, reason: "because" },
    ]);
    assert.equal(scene.state.runs.has("r1"), false);
    assert.deepEqual(scene.state.runsOf(ann.agentId, ann.session), []);
  });

  Deno.test(`a run whose RUNNING was lost still ends ${final}, started first`, () => {
    const scene = new Scene();
    scene.given("r1", ann, { started: false });
    scene.report(ann, runReport("r1", final));
    assert.deepEqual(scene.story("r1").slice(2), ["run_started", `run_finished ${final}`]);
  });
}

Deno.test("the end of a run tells its journal the agent that had it and all its times", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  const triggeredAtMs = scene.nowMs;
  const { events } = scene.report(ann, runReport("r1", "COMPLETED"));
  const twin = new Scene();
  for (const event of scene.events.slice(0, -events.length)) twin.apply(event);
  const [end] = events;
  assert.ok(end !== undefined);
  const { run } = twin.state.evolve(end);
  assert.equal(run?.state, "COMPLETED");
  assert.equal(run?.agentId, ann.agentId);
  assert.deepEqual([run?.triggeredAtMs, run?.assignedAtMs, run?.startedAtMs, run?.finishedAtMs], [
    triggeredAtMs,
    triggeredAtMs,
    triggeredAtMs,
    scene.nowMs,
  ]);
});

Deno.test("saying RUNNING again is dropped", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  assertDropped(scene, ann, runReport("r1", "RUNNING"));
});

Deno.test("a report after the end is ignored, whatever it says", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, runReport("r1", "FAILED"));
  for (const state of ["RUNNING", ...finalRunStates] as const) {
    assertIgnored(scene, ann, runReport("r1", state), /not in progress/);
  }
  assertIgnored(scene, ann, taskReport("r1", "COMPLETED"), /not in progress/);
});

Deno.test("a report about a run that never was is ignored", () => {
  assertIgnored(new Scene(), ann, runReport("nope", "COMPLETED"), /not in progress/);
});

Deno.test("a report about a run that waits is ignored", () => {
  const scene = new Scene();
  scene.trigger("r1");
  for (const by of [ann, old]) {
    assertIgnored(scene, by, runReport("r1", "COMPLETED", { attempt: 0 }), /belongs to agent \(none\)/);
    assertIgnored(scene, by, runReport("r1", "COMPLETED"), /attempt 1 is not the present one \(0\)/);
  }
});

Deno.test("another agent's report is ignored", () => {
  for (
    const [holder, strangers] of [[ann, [bob, old]], [old, [ann, { agentId: "young@host/AG", session: null }]]] as const
  ) {
    const scene = new Scene();
    scene.given("r1", holder);
    for (const stranger of strangers) {
      assertIgnored(scene, stranger, runReport("r1", "COMPLETED"), /belongs to agent/);
      assertIgnored(scene, stranger, taskReport("r1", "RUNNING"), /belongs to agent/);
    }
  }
});

Deno.test("an agent of the same name in a new process is another agent", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  assertIgnored(scene, { ...ann, session: "s-ann-after-restart" }, runReport("r1", "COMPLETED"), /belongs to agent/);
});

Deno.test("what an older attempt reports is ignored, from its own agent, too", () => {
  const scene = new Scene();
  scene.given("r1", old, { started: false });
  scene.command("return_run", { runId: "r1", attempt: 1, reason: "it never began" });
  assertIgnored(scene, old, runReport("r1", "RUNNING"), /belongs to agent \(none\)/);
  scene.request(old);
  assertIgnored(scene, old, runReport("r1", "COMPLETED"), /attempt 1 is not the present one \(2\)/);
  assertIgnored(scene, old, taskReport("r1", "COMPLETED"), /attempt 1 is not the present one \(2\)/);
  assertIgnored(scene, old, runReport("r1", "COMPLETED", { attempt: 3 }), /attempt 3 is not the present one \(2\)/);
  scene.report(old, runReport("r1", "COMPLETED", { attempt: 2 }));
  assert.equal(scene.state.runs.size, 0);
});

Deno.test("an ignored report is recorded with what it said", () => {
  const scene = new Scene();
  const recorded = (report: Report): string[] =>
    scene.report(ann, report).events.flatMap((event: Event) => event.type === "report_ignored" ? event.report : []);
  assert.deepEqual(recorded(runReport("r1", "CRASHED")), ["CRASHED"]);
  assert.deepEqual(recorded(taskReport("r1", "FAILED")), ["task extract FAILED"]);
});

Deno.test("a run is found by the id its original agent made up, while it runs", () => {
  const scene = new Scene();
  scene.given("r1", old);
  assert.equal(scene.state.runOfInstance(old.agentId, "i-r1")?.runId, "r1");
  assert.equal(scene.state.runOfInstance("young@host/AG", "i-r1"), undefined);
  scene.report(old, runReport("r1", "COMPLETED"));
  assert.equal(scene.state.runOfInstance(old.agentId, "i-r1"), undefined);
});

Deno.test("an instance id that an original agent uses again is the newer run's, and stays so when the older run ends", () => {
  const scene = new Scene();
  for (const runId of ["r1", "r2"]) {
    scene.given(runId, old, { started: false });
    scene.report(old, runReport(runId, "RUNNING", { instanceId: "odd-dog-0" }));
  }
  scene.report(old, runReport("r1", "COMPLETED"));
  assert.equal(scene.state.runOfInstance(old.agentId, "odd-dog-0")?.runId, "r2");
});

Deno.test("a task's way through its states is kept, with its times by the agent's clock", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, taskReport("r1", "PENDING", { happenedAtMs: 1 }));
  assert.deepEqual(taskOf(scene, "r1"), {
    runId: "r1",
    attempt: 1,
    taskId: "extract",
    taskRunId: "extract-1",
    state: "PENDING",
    tryNumber: 1,
    startedAtMs: null,
    finishedAtMs: null,
    exitCode: null,
    outputs: null,
    reason: null,
  });
  scene.report(ann, taskReport("r1", "RUNNING", { happenedAtMs: 2 }));
  assert.equal(taskOf(scene, "r1").startedAtMs, 2);
  scene.report(ann, taskReport("r1", "FAILED", { happenedAtMs: 3, exitCode: 4, reason: "exit code 4" }));
  const { startedAtMs, finishedAtMs, exitCode, reason } = taskOf(scene, "r1");
  assert.deepEqual({ startedAtMs, finishedAtMs, exitCode, reason }, {
    startedAtMs: 2,
    finishedAtMs: 3,
    exitCode: 4,
    reason: "exit code 4",
  });
});

Deno.test("a task that is skipped has an end and no start", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, taskReport("r1", "SKIPPED", { happenedAtMs: 9 }));
  const { startedAtMs, finishedAtMs } = taskOf(scene, "r1");
  assert.deepEqual({ startedAtMs, finishedAtMs }, { startedAtMs: null, finishedAtMs: 9 });
});

Deno.test("a later try of a task starts anew", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, taskReport("r1", "RUNNING", { happenedAtMs: 1 }));
  scene.report(ann, taskReport("r1", "FAILED", { happenedAtMs: 2, exitCode: 1 }));
  scene.report(ann, taskReport("r1", "PENDING", { tryNumber: 2, taskRunId: "extract-2", happenedAtMs: 3 }));
  const { state, tryNumber, taskRunId, startedAtMs, finishedAtMs, exitCode } = taskOf(scene, "r1");
  assert.deepEqual({ state, tryNumber, taskRunId, startedAtMs, finishedAtMs, exitCode }, {
    state: "PENDING",
    tryNumber: 2,
    taskRunId: "extract-2",
    startedAtMs: null,
    finishedAtMs: null,
    exitCode: null,
  });
});

Deno.test("task reports that come twice or out of order are dropped", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.report(ann, taskReport("r1", "FAILED", { tryNumber: 2 }));
  for (const state of taskStates) {
    assertDropped(scene, ann, taskReport("r1", state, { tryNumber: 1 }));
    assertDropped(scene, ann, taskReport("r1", state, { tryNumber: 2 }));
  }
  assert.equal(taskOf(scene, "r1").state, "FAILED");
});

const closedAs: Record<FinalRunState, string> = {
  COMPLETED: "CANCELLED",
  FAILED: "CANCELLED",
  CANCELLED: "CANCELLED",
  CRASHED: "CRASHED",
};
for (const final of finalRunStates) {
  Deno.test(`tasks that are open when their run ends ${final} are closed before it as ${closedAs[final]}`, () => {
    const scene = new Scene();
    scene.given("r1", ann);
    scene.report(ann, taskReport("r1", "COMPLETED", { taskId: "done" }));
    scene.report(ann, taskReport("r1", "PENDING", { taskId: "waiting" }));
    scene.report(ann, taskReport("r1", "RUNNING", { taskId: "running", taskRunId: "running-3", tryNumber: 3 }));
    const { events } = scene.report(ann, runReport("r1", final));
    assert.deepEqual(scene.story("r1").slice(-3), [
      `task_changed waiting ${closedAs[final]}`,
      `task_changed running ${closedAs[final]}`,
      `run_finished ${final}`,
    ]);
    assert.deepEqual(events[1], {
      type: "task_changed",
      atMs: scene.nowMs,
      runId: "r1",
      attempt: 1,
      taskId: "running",
      taskRunId: "running-3",
      tryNumber: 3,
      state: closedAs[final],
      outputs: null,
      happenedAtMs: scene.nowMs,
      exitCode: null,
      reason: `the run ended ${final}`,
    });
    assert.deepEqual([...scene.state.tasksOf("r1")], []);
  });
}
