import assert from "node:assert/strict";
import type { Event } from "../../../src/core/mod.ts";
import { attemptsIn } from "../../../src/principal/verbs/attempts.ts";
import { sampleRun } from "../../journal/conformance.ts";

const { runId } = sampleRun(1);
const policy = { priority: 0, overlap: "allow", onCrash: "fail" } as const;

const did = {
  triggered: (atMs: number): Event => ({
    ...{ type: "run_triggered", atMs, runId, workflowId: "etl", definitionHash: "h", trigger: "manual", params: {} },
    ...{ idempotencyKey: null, dueMs: null, requires: [], ...policy, reason: "a person asked" },
  }),
  assigned: (atMs: number, attempt: number): Event => ({
    ...{ type: "run_assigned", atMs, runId, attempt, agentId: "ann", session: "s", reason: "ann had a free slot" },
  }),
  started: (atMs: number, attempt: number): Event => ({
    ...{ type: "run_started", atMs, runId, attempt, instanceId: null },
  }),
  finished: (atMs: number, attempt: number, state: "FAILED" | "CANCELLED", reason: string): Event => ({
    ...{ type: "run_finished", atMs, runId, attempt, state, reason },
  }),
  returned: (atMs: number, attempt: number): Event => ({
    ...{ type: "run_returned", atMs, runId, attempt, reason: "the agent never took it up" },
  }),
  requeued: (atMs: number, attempt: number, cause: "crash" | "retry", reason: string): Event => ({
    ...{ type: "run_requeued", atMs, runId, attempt, cause, kept: [], restored: null, reason },
  }),
};

const first = { attempt: 1, agentId: "ann", assignedAtMs: 10, startedAtMs: 11 };

Deno.test("an attempt that a person had follow by another ended as the run did, and the wait is that for the next", () => {
  const events = [
    did.triggered(0),
    did.assigned(10, 1),
    did.started(11, 1),
    did.finished(20, 1, "FAILED", "task load failed"),
    did.requeued(50, 1, "retry", "once more"),
    did.assigned(57, 2),
  ];
  const failed = { ...first, endedAtMs: 20, state: "FAILED", reason: "task load failed" };
  assert.deepEqual(attemptsIn(events), { earlier: [failed], waitingSinceMs: 50 });
});

Deno.test("an attempt whose agent was lost crashed, and one that was never taken up was returned", () => {
  const events = [
    did.triggered(0),
    did.assigned(10, 1),
    did.started(11, 1),
    did.requeued(20, 1, "crash", "ann was silent"),
    did.assigned(30, 2),
    did.returned(40, 2),
  ];
  const { earlier, waitingSinceMs } = attemptsIn(events);
  assert.deepEqual(earlier, [
    { ...first, endedAtMs: 20, state: "CRASHED", reason: "ann was silent" },
    {
      ...{ attempt: 2, agentId: "ann", assignedAtMs: 30, startedAtMs: null, endedAtMs: 40, state: "RETURNED" },
      reason: "the agent never took it up",
    },
  ]);
  assert.equal(waitingSinceMs, 40);
});

Deno.test("a run that is cancelled while it waits for its second attempt had one before", () => {
  const events = [
    did.triggered(0),
    did.assigned(10, 1),
    did.started(11, 1),
    did.finished(20, 1, "FAILED", "task load failed"),
    did.requeued(50, 1, "retry", "once more"),
    did.finished(60, 1, "CANCELLED", "never mind"),
  ];
  assert.deepEqual(attemptsIn(events).earlier.map(({ attempt, state }) => [attempt, state]), [[1, "FAILED"]]);
});

Deno.test("of events that were removed nothing is made up", () => {
  assert.deepEqual(attemptsIn([did.started(11, 1), did.finished(20, 1, "FAILED", "x")]), {
    earlier: [],
    waitingSinceMs: null,
  });
});
