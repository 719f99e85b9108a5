import assert from "node:assert/strict";
import {
  canMove,
  finalRunStates,
  isFinal,
  runStates,
  taskAdvances,
  type TaskState,
  taskStates,
} from "../../src/core/run.ts";
import type { TaskRun } from "../../src/core/mod.ts";

Deno.test("a run moves along the arrows of the diagram and along no other", () => {
  const arrows = [
    "PENDING ASSIGNED",
    "PENDING CANCELLED",
    "ASSIGNED PENDING",
    "ASSIGNED RUNNING",
    "RUNNING PENDING",
    ...finalRunStates.flatMap((final) => [`ASSIGNED ${final}`, `RUNNING ${final}`]),
  ];
  const all = runStates.flatMap((from) => runStates.filter((to) => canMove(from, to)).map((to) => `${from} ${to}`));
  assert.deepEqual(all.sort(), arrows.sort());
});

Deno.test("a state is final when no arrow leaves it", () => {
  for (const state of runStates) assert.equal(isFinal(state), !runStates.some((to) => canMove(state, to)), state);
});

Deno.test("a task moves forward within a try, and on to a later try from anywhere", () => {
  const stage = (state: TaskState) => state === "PENDING" ? 0 : state === "RUNNING" ? 1 : 2;
  for (const from of taskStates) {
    const current: TaskRun = {
      runId: "r",
      attempt: 1,
      taskId: "t",
      taskRunId: "t-2",
      state: from,
      tryNumber: 2,
      startedAtMs: null,
      finishedAtMs: null,
      exitCode: null,
      reason: null,
      outputs: null,
    };
    for (const to of taskStates) {
      assert.equal(taskAdvances(undefined, { tryNumber: 1, state: to }), true, to);
      assert.equal(taskAdvances(current, { tryNumber: 1, state: to }), false, `${from} then an older ${to}`);
      assert.equal(taskAdvances(current, { tryNumber: 2, state: to }), stage(to) > stage(from), `${from} then ${to}`);
      assert.equal(taskAdvances(current, { tryNumber: 3, state: to }), true, `${from} then a later ${to}`);
    }
  }
});
