/** Agents of the original: one that works by itself, played by `original_agent.py`, and the words of one for tests that speak for it. */
import assert from "node:assert/strict";
import { fields, type OriginalPeer } from "./original_peer.ts";
import type { Scene } from "./original_scene.ts";
import { type FoundRuntime, PeerProcess } from "./peers.ts";

/** What it is called. */
export const agent = "alice@build01/AG";

/** Starts the original agent played by `original_agent.py`. */
export async function startAgent(runtime: FoundRuntime, scene: Scene, more: Record<string, unknown> = {}) {
  const { port, logsInPort } = scene.ports;
  const setup = { port, logsInPort, agentId: agent, heartbeatMs: 200, pauseMs: 20, ...more };
  const process = new PeerProcess(runtime, "original_agent.py", setup);
  await process.expect("ready");
  return process;
}

/** The agent's own words, one request at a time. */
export function wordsOf(peer: OriginalPeer, port: number, agentId = agent) {
  const say = async (...request: string[]) => assert.equal(await peer.ask(port, fields(...request)), "OK");
  return {
    register: () => say("REGISTERAGENT", agentId),
    run: (workflowId: string, instanceId: string, status: string) =>
      say("AGENTWORKFLOWSTATUS", agentId, workflowId, instanceId, status),
    task: (taskId: string, taskInstanceId: string, instanceId: string, status: string) =>
      say("AGENTTASKSTATUS", agentId, taskId, taskInstanceId, instanceId, status),
    fetch: () => fetchDocument(peer, port, agentId),
    trigger: (workflowId: string) => say("RUNTASK", workflowId),
  };
}

/** What FETCHWORKFLOW gives: the id of a workflow and its start time, or null. */
async function fetchDocument(peer: OriginalPeer, port: number, agentId: string) {
  const reply = await peer.ask(port, fields("FETCHWORKFLOW", agentId));
  if (reply === "OK") return null;
  assert(reply.startsWith(fields("SUCCESS", "")), reply);
  const document: { id: string; start_time: string | null } = JSON.parse(reply.slice("SUCCESS\x01".length));
  return document;
}
