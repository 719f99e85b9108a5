import assert from "node:assert/strict";
import { runStates, taskStates } from "../../src/core/mod.ts";
import { isOriginalStatus, originalStatuses, toOriginalStatus } from "../../src/wire/original_status.ts";

Deno.test("the six names are accepted exactly as written", () => {
  for (const status of originalStatuses) assert.equal(isOriginalStatus(status), true);
  for (const other of ["running", "RUNNING ", "", "SKIPPED", "CANCELLED", "ASSIGNED"]) {
    assert.equal(isOriginalStatus(other), false, other);
  }
});

Deno.test("every state of a run or a task has a name for original peers, or is kept from them", () => {
  const names = new Map([...runStates, ...taskStates].map((state) => [state, toOriginalStatus(state)]));
  assert.deepEqual(Object.fromEntries(names), {
    PENDING: "PENDING",
    ASSIGNED: "PENDING",
    RUNNING: "RUNNING",
    COMPLETED: "COMPLETED",
    FAILED: "FAILED",
    CRASHED: "CRASHED",
    CANCELLED: "FAILED",
    SKIPPED: null,
  });
});
