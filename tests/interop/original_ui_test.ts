/** What the terminal UI asks a principal of the original, with the faults that has. */
import assert from "node:assert/strict";
import { PrincipalClient } from "../../src/client/mod.ts";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { Session } from "../../src/tui/session.ts";
import { OriginalPrincipal, type OriginalPrincipalOptions } from "./original_principal.ts";
import { document } from "./original_work.ts";
import { findPython, type FoundRuntime, peerTest } from "./peers.ts";

const python = await findPython(["zmq"]);

const agents = JSON.stringify([
  { agent_id: "bob@build02/AG", last_ping_timestamp: 1795252402020695, running_tasks: 0 },
  { agent_id: "alice@build01/AG", last_ping_timestamp: 1795252402020695, running_tasks: 2 },
]);
const recent = JSON.stringify([
  { workflow_id: "etl", workflow_instance_id: "happy-otter-0", status: "RUNNING", timestamp_ms: 1795252402023 },
]);
const replies = {
  LSWORKFLOWS: `SUCCESS\x01{"etl":${document("etl", { a: { run: "true" }, b: { run: "true", depends: ["a"] } })}}`,
  GETRECENTSTATUSES: `SUCCESS\x01${recent}`,
  GETREGISTEREDAGENTS: `SUCCESS\x01${agents}`,
};

/** A session that follows an original. */
async function follow(runtime: FoundRuntime, options: OriginalPrincipalOptions, timeoutMs = 3000) {
  const principal = await OriginalPrincipal.start(runtime, { replies, ...options });
  const sources = { clock: systemClock, random: systemRandom };
  const client = PrincipalClient.overTcp(
    { host: "127.0.0.1", ...principal.ports },
    { ...sources, version: "1", role: "ui", timeoutMs },
  );
  const session = new Session({ client, clock: systemClock, name: "old", pollMs: 10 });
  const states: string[] = [];
  session.onChange(() => void states.push(session.connection.state));
  session.start();
  return {
    principal,
    session,
    /** How the connection stood, after each change. */
    states,
    [Symbol.asyncDispose]: async () => {
      await session.stop();
      await principal[Symbol.asyncDispose]();
    },
  };
}

/** Whether a principal was asked for all there is so many times. */
function hasRounds(count: number): (principal: OriginalPrincipal) => boolean {
  return (principal) => principal.requests().filter(([verb]) => verb === "GETREGISTEREDAGENTS").length > count;
}

peerTest(
  python,
  "the UI asks an original one thing at a time, and loses nothing when it goes deaf",
  async (runtime) => {
    await using following = await follow(runtime, { refreshMs: 20 });
    const { principal, session, states } = following;
    await principal.until(hasRounds(100));
    await session.stop();
    await principal.untilAlone();
    principal.assertGoodManners();
    assert.deepEqual(principal.requests("LSWORKFLOWS", "GETRECENTSTATUSES", "GETREGISTEREDAGENTS").length, 1, "HELLO");
    assert.deepEqual(states.filter((state) => state !== "live"), []);
  },
);

peerTest(python, "the UI has of an original what that tells", async (runtime) => {
  await using following = await follow(runtime, {});
  const { principal, session } = following;
  await principal.until(hasRounds(1));
  assert.equal(session.dialect, "original");
  assert.deepEqual(session.workflows.map(({ id, taskCount }) => [id, taskCount]), [["etl", 2]]);
  assert.deepEqual(session.workflowDocument("etl")?.tasks.map(({ id, depends }) => [id, depends]), [["a", []], ["b", [
    "a",
  ]]]);
  assert.deepEqual(session.recent.map(({ workflowInstanceId, status }) => [workflowInstanceId, status]), [
    ["happy-otter-0", "RUNNING"],
  ]);
  const { agents = [], runs } = session.status ?? {};
  assert.deepEqual(agents.map(({ agentId, lastSeenMs, running }) => [agentId, lastSeenMs, running.length]), [
    ["alice@build01/AG", 1795252402020, 2],
    ["bob@build02/AG", 1795252402020, 0],
  ]);
  assert.deepEqual(runs, { RUNNING: 2 });
});

peerTest(python, "a reply that an original loses is asked for again before it is taken for lost", async (runtime) => {
  await using following = await follow(runtime, { lost: { GETRECENTSTATUSES: 1 } }, 300);
  const { principal, states } = following;
  await principal.until(hasRounds(2));
  assert.deepEqual(states.filter((state) => state !== "live"), []);
});

peerTest(python, "an original that stays silent is lost, and found again", async (runtime) => {
  await using following = await follow(runtime, { lost: { LSWORKFLOWS: 2 } }, 300);
  const { principal, states } = following;
  await principal.until(hasRounds(2));
  assert.deepEqual([...new Set(states)], ["lost", "live"]);
});
