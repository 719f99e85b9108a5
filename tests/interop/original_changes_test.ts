/** What our clients are told of changes must not reach a subscriber of the original, which dies of what is no log line. */
import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import type { ReplyTo } from "../../src/wire/mod.ts";
import { fields, OriginalPeer, soh } from "./original_peer.ts";
import { Scene, shellWorkflow, startMs } from "./original_scene.ts";
import { findPython, peerTest } from "./peers.ts";

const python = await findPython(["zmq"]);
const workflowId = "etl";
const agent = "alice@build01/AG";

/** A line with eight fields. */
function line(payload: string): string {
  return fields(workflowId, "ETL", "happy-otter-0", "A task", "odd-dog-0", startMs, "INFO", `STDOUT ${payload}`);
}

peerTest(python, "while a client follows changes, a subscriber to everything gets log lines alone", async (runtime) => {
  await using scene = await Scene.open({
    workflows: { [workflowId]: shellWorkflow("ETL", { only: { run: "true" } }) },
  });
  await using peer = await OriginalPeer.start(runtime);
  const { ports } = scene;
  await peer.connect("push", "PUSH", ports.logsInPort);
  await peer.connect("all", "SUB", ports.logsOutPort, "pyzmq");
  await peer.send("all", ["\x01"]);
  await peer.probe("push", "all", line("begin"));

  const sources = { clock: systemClock, random: systemRandom };
  const options = { ...sources, version: "1", role: "test", timeoutMs: 5000 };
  await using client = PrincipalClient.overTcp({ host: "127.0.0.1", ...ports }, options);
  const ask = (afterSeq: number | null, startedAtMs: number | null): Promise<ReplyTo<"CHANGES">> =>
    client.call("CHANGES", { afterSeq, startedAtMs, waitMs: 10_000 });
  const first = await ask(null, null);
  const { startedAtMs } = first.status;
  let { seq } = first;
  const followed: string[] = [];
  const steps = [
    fields("RUNTASK", workflowId),
    fields("FETCHWORKFLOW", agent),
    fields("AGENTWORKFLOWSTATUS", agent, workflowId, "happy-otter-0", "RUNNING"),
    fields("AGENTWORKFLOWSTATUS", agent, workflowId, "happy-otter-0", "COMPLETED"),
  ];
  for (const step of steps) {
    await peer.ask(ports.port, step);
    const { runs, ...reply } = await ask(seq, startedAtMs);
    seq = reply.seq;
    followed.push(...runs.map(({ state }) => state));
    await peer.send("push", [line(step.split(soh)[0] ?? "")]);
  }
  assert.deepEqual(followed, ["PENDING", "ASSIGNED", "RUNNING", "COMPLETED"]);

  const end = line("end");
  await peer.send("push", [end]);
  let last: string | undefined;
  while (last !== end) {
    const reading = await peer.read("all");
    assert.ok("frames" in reading, "the subscriber keeps its connection");
    assert.equal(reading.frames.length, 1);
    last = reading.frames[0];
    assert.equal(last?.split(soh).length, 8, last);
  }
});
