import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import {
  encodeRecentStatuses,
  encodeRegisteredAgents,
  parseRecentStatuses,
  parseRegisteredAgents,
  type RecentStatus,
  type RegisteredAgent,
} from "../../src/wire/agent_status.ts";
import { originalStatuses } from "../../src/wire/original_status.ts";

const statusesPayload =
  '[{"workflow_id":"etl.daily","workflow_instance_id":"happy-otter-0","status":"RUNNING","timestamp_ms":1795252402023}]';
const statuses: readonly RecentStatus[] = [
  {
    workflowId: "etl.daily",
    workflowInstanceId: "happy-otter-0",
    status: "RUNNING",
    timestampMs: 1795252402023,
  },
];

const agentsPayload = '[{"agent_id":"alice@build01/AG","last_ping_timestamp":1795252402020695,"running_tasks":1}]';
const agents: readonly RegisteredAgent[] = [
  { agentId: "alice@build01/AG", lastPingMicros: 1795252402020695, runningWorkflows: 1 },
];

Deno.test("recent statuses are written and read byte for byte", () => {
  assert.equal(encodeRecentStatuses(statuses), statusesPayload);
  assert.deepEqual(parseRecentStatuses(statusesPayload), statuses);
  assert.equal(encodeRecentStatuses([]), "[]");
  assert.deepEqual(parseRecentStatuses("[]"), []);
});

Deno.test("registered agents are written and read byte for byte", () => {
  assert.equal(encodeRegisteredAgents(agents), agentsPayload);
  assert.deepEqual(parseRegisteredAgents(agentsPayload), agents);
  assert.equal(encodeRegisteredAgents([]), "[]");
  assert.deepEqual(parseRegisteredAgents("[]"), []);
});

Deno.test("fields nobody knows are passed over", () => {
  assert.deepEqual(parseRecentStatuses(statusesPayload.replace("{", '{"new":[1],')), statuses);
  assert.deepEqual(parseRegisteredAgents(agentsPayload.replace("{", '{"new":null,')), agents);
});

Deno.test("statuses and agents survive their encoding", () => {
  const text = fc.string({ unit: "binary" });
  const anyStatus: fc.Arbitrary<RecentStatus> = fc.record({
    workflowId: text,
    workflowInstanceId: text,
    status: fc.constantFrom(...originalStatuses),
    timestampMs: fc.maxSafeNat(),
  }, { noNullPrototype: true });
  const anyAgent: fc.Arbitrary<RegisteredAgent> = fc.record({
    agentId: text,
    lastPingMicros: fc.maxSafeInteger(),
    runningWorkflows: fc.maxSafeNat(),
  }, { noNullPrototype: true });
  fc.assert(fc.property(fc.array(anyStatus), (statuses) => {
    assert.deepEqual(parseRecentStatuses(encodeRecentStatuses(statuses)), statuses);
  }));
  fc.assert(fc.property(fc.array(anyAgent), (agents) => {
    const back = parseRegisteredAgents(encodeRegisteredAgents(agents));
    // JSON has no negative zero.
    assert.deepEqual(back, agents.map((agent) => ({ ...agent, lastPingMicros: agent.lastPingMicros + 0 })));
  }));
});

const unreadable: readonly (readonly [why: string, payload: string, problem: RegExp])[] = [
  ["no JSON", "SUCCESS", /the other side did not send JSON/],
  ["no array", "{}", /expected array/],
  ["an unknown status", statusesPayload.replace("RUNNING", "SKIPPED"), /at 0\.status/],
  ["a missing field", statusesPayload.replace("workflow_id", "id"), /at 0\.workflow_id/],
  ["a time that is text", statusesPayload.replace("1795252402023", '"now"'), /at 0\.timestamp_ms/],
];

for (const [why, payload, problem] of unreadable) {
  Deno.test(`recent statuses with ${why} are refused in one sentence`, () => {
    assert.throws(
      () => parseRecentStatuses(payload),
      (error) => error instanceof CdktrError && error.code === "UNSUPPORTED" && problem.test(error.message),
    );
  });
}
