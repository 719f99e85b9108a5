/** Agents of the original against our principal: runs end where our journal and history say so. */
import assert from "node:assert/strict";
import { agent, startAgent, wordsOf } from "./original_agent.ts";
import { fields, OriginalPeer } from "./original_peer.ts";
import { agentTimeoutMs, Scene, shellWorkflow, startMs } from "./original_scene.ts";
import { findPython, peerTest } from "./peers.ts";

const python = await findPython(["zmq"]);
const epoch = "1970-01-01T00:00:00+00:00";

/** How long a run may stay unbegun with an original agent, in milliseconds. */
const leaseMs = 10_000;

const plain = shellWorkflow("Plain", { only: { run: "echo hi" } });

peerTest(
  python,
  "an original agent runs a chain to its failed end, as its own principal would see it",
  async (runtime) => {
    const workflows = {
      "x.y": shellWorkflow("XY", {
        a: { run: "echo hi" },
        b: { run: "echo no >&2; exit 3", depends: ["a"] },
        c: { run: "true", depends: ["b"] },
      }),
    };
    await using scene = await Scene.open({ workflows });
    await using peer = await OriginalPeer.start(runtime);
    await using process = await startAgent(runtime, scene);
    await wordsOf(peer, scene.ports.port).trigger("x.y");
    const ended = await process.expect("ended");

    const run = await scene.run();
    assert.deepEqual([run.state, run.attempt, run.agentId, run.session], ["FAILED", 1, agent, null]);
    assert.equal(run.instanceId, ended["instance"]);
    // c was skipped, of which an original agent says nothing.
    assert.deepEqual(await scene.taskStates(run), { a: "COMPLETED", b: "FAILED" });
    assert.deepEqual(await scene.runStatuses(run.runId), ["PENDING", "RUNNING", "FAILED"]);
    const told = ["a PENDING", "a RUNNING", "a COMPLETED", "b PENDING", "b RUNNING", "b FAILED"];
    assert.deepEqual(await scene.taskStatuses(run.runId), told);
    const latest = [{
      workflow_id: "x.y",
      workflow_instance_id: run.runId,
      status: "FAILED",
      timestamp_ms: startMs,
    }];
    assert.equal(await peer.ask(scene.ports.port, "GETRECENTSTATUSES"), fields("SUCCESS", JSON.stringify(latest)));
    assert.match(await peer.ask(scene.ports.port, "GETREGISTEREDAGENTS"), /"running_tasks":0\}\]$/);
    assert.deepEqual(await scene.storedLines(run.runId, 2), ["Task a INFO STDOUT hi", "Task b ERROR STDERR no"]);
  },
);

peerTest(
  python,
  "a fan-in that would hang an original agent is handed to it as a chain and completes",
  async (runtime) => {
    const workflows = {
      join: shellWorkflow("Join", {
        left: { run: "true" },
        right: { run: "true" },
        join: { run: "true", depends: ["left", "right"] },
        end: { run: "true", depends: ["join", "left"] },
      }),
    };
    await using scene = await Scene.open({ workflows });
    await using peer = await OriginalPeer.start(runtime);
    await using process = await startAgent(runtime, scene);
    await wordsOf(peer, scene.ports.port).trigger("join");
    const { started, status, document } = await process.expect("ended");
    assert.equal(status, "COMPLETED");
    assert.deepEqual(started, ["left", "right", "join", "end"]);
    assert.deepEqual(mostDependencies(document), 1);
    const run = await scene.run();
    assert.equal(run.state, "COMPLETED");
    assert.deepEqual(Object.values(await scene.taskStates(run)), Array(4).fill("COMPLETED"));
    // Others still see the graph as it is.
    const listed = await peer.ask(scene.ports.port, "LSWORKFLOWS");
    assert(listed.includes('"edges":[[0,2,0],[1,2,0],[2,3,0],[0,3,0]]'), listed);
  },
);

/** The largest number of edges that lead to one node of a document's graph. */
function mostDependencies(document: unknown): number {
  const edges = /"edges":(\[\[.*?\]\])/.exec(JSON.stringify(document))?.[1] ?? "[]";
  const targets: number[] = JSON.parse(edges).map(([, to]: [number, number]) => to);
  return Math.max(...targets.map((target) => targets.filter((other) => other === target).length));
}

peerTest(python, "two original agents under one id share the work, and every run completes once", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { trigger } = wordsOf(peer, scene.ports.port);
  for (let count = 0; count < 20; count++) await trigger("plain");
  await using _first = await startAgent(runtime, scene, { words: "happy" });
  await using _second = await startAgent(runtime, scene, { words: "hissy" });
  await scene.until(async () => (await scene.runs()).every(({ state }) => state === "COMPLETED"));
  const runs = await scene.runs();
  assert.equal(runs.length, 20);
  assert.deepEqual(new Set(runs.map(({ attempt }) => attempt)), new Set([1]));
  assert.equal(new Set(runs.map(({ instanceId }) => instanceId)).size, 20);
});

peerTest(
  python,
  "a workflow without start_time is handed out with 1970, which an original agent can read",
  async (runtime) => {
    const dated = shellWorkflow("Dated", { only: { run: "true" } }, { start_time: "2025-01-20T12:30:00+00:00" });
    await using scene = await Scene.open({ workflows: { plain, dated } });
    await using peer = await OriginalPeer.start(runtime);
    const { trigger, fetch } = wordsOf(peer, scene.ports.port);
    await trigger("plain");
    await trigger("dated");
    assert.equal((await fetch())?.start_time, epoch);
    assert.equal((await fetch())?.start_time, "2025-01-20T12:30:00+00:00");
  },
);

peerTest(
  python,
  "what an original agent cannot do waits for one of ours, and the next run is handed out",
  async (runtime) => {
    const task = { only: { run: "true" } };
    const beyond = {
      env: shellWorkflow("Env", task, { env: { A: "1" } }),
      timeout: shellWorkflow("Timeout", task, { timeout: "1m" }),
      retries: shellWorkflow("Retries", task).replace("    config:", "    retries: 2\n    config:"),
    };
    await using scene = await Scene.open({ workflows: { ...beyond, plain } });
    await using peer = await OriginalPeer.start(runtime);
    const { trigger, fetch } = wordsOf(peer, scene.ports.port);
    for (const id of Object.keys(beyond)) await trigger(id);
    const run = {
      workflowId: "plain",
      trigger: "manual",
      params: { DAY: "1" },
      idempotencyKey: null,
      dueMs: null,
      reason: "a test",
    };
    assert.match(await peer.ask(scene.ports.port, fields("RUN", JSON.stringify(run))), /^SUCCESS/);
    await trigger("plain");
    assert.equal((await fetch())?.id, "plain");
    assert.equal(await fetch(), null);
    const waiting = (await scene.runs()).filter(({ state }) => state === "PENDING").map(({ workflowId }) => workflowId);
    assert.deepEqual(waiting, ["env", "timeout", "retries", "plain"]);
  },
);

peerTest(python, "a run that was fetched and never begun goes back to the head of the queue", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain, other: plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { trigger, fetch, run } = wordsOf(peer, scene.ports.port);
  await trigger("plain");
  await trigger("other");
  assert.equal((await fetch())?.id, "plain");
  await scene.clock.pass(leaseMs);
  assert.equal((await scene.runs())[0]?.state, "ASSIGNED");
  await scene.clock.pass(2000);
  assert.equal((await scene.runs())[0]?.state, "PENDING");
  assert.equal((await fetch())?.id, "plain");
  await run("plain", "happy-otter-0", "RUNNING");
  await run("plain", "happy-otter-0", "COMPLETED");
  const [first] = await scene.runs();
  assert.deepEqual([first?.state, first?.attempt], ["COMPLETED", 2]);
});

peerTest(python, "a begun run is not taken back however long it says nothing more", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { trigger, fetch, register, run } = wordsOf(peer, scene.ports.port);
  await trigger("plain");
  await fetch();
  await run("plain", "happy-otter-0", "RUNNING");
  for (let minute = 0; minute < 5; minute++) {
    await scene.clock.pass(agentTimeoutMs - 5000);
    await register();
  }
  assert.equal((await scene.run()).state, "RUNNING");
  assert.equal(await fetch(), null);
});

peerTest(python, "an agent that falls silent loses its runs, and what it says later moves nothing", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { trigger, fetch, run, task } = wordsOf(peer, scene.ports.port);
  await trigger("plain");
  await fetch();
  await run("plain", "happy-otter-0", "RUNNING");
  await task("only", "odd-dog-0", "happy-otter-0", "PENDING");
  await task("only", "odd-dog-0", "happy-otter-0", "RUNNING");
  await scene.clock.pass(agentTimeoutMs);
  assert.equal((await scene.run()).state, "RUNNING");
  await scene.clock.pass(2000);
  const crashed = await scene.run();
  assert.deepEqual(await scene.taskStates(crashed), { only: "CRASHED" });
  assert.equal(await peer.ask(scene.ports.port, "GETREGISTEREDAGENTS"), fields("SUCCESS", "[]"));

  await task("only", "odd-dog-0", "happy-otter-0", "COMPLETED");
  await run("plain", "happy-otter-0", "COMPLETED");
  assert.deepEqual(await scene.run(), crashed);
  assert.deepEqual(await scene.ignoredReports(crashed.runId), ["task only COMPLETED", "COMPLETED"]);
  assert.deepEqual(await scene.runStatuses(crashed.runId), ["PENDING", "RUNNING", "CRASHED"]);
  assert.deepEqual(await scene.taskStatuses(crashed.runId), ["only PENDING", "only RUNNING", "only CRASHED"]);
  assert.match(await peer.ask(scene.ports.port, "GETRECENTSTATUSES"), /"status":"CRASHED"/);
});

peerTest(
  python,
  "late word of a crashed run does not begin or end the one its agent has just fetched",
  async (runtime) => {
    await using scene = await Scene.open({ workflows: { plain } });
    await using peer = await OriginalPeer.start(runtime);
    const { trigger, fetch, run, task } = wordsOf(peer, scene.ports.port);
    await trigger("plain");
    await fetch();
    await run("plain", "happy-otter-0", "RUNNING");
    await scene.clock.pass(agentTimeoutMs + 2000);
    await trigger("plain");
    await fetch();
    await task("only", "odd-dog-0", "happy-otter-0", "COMPLETED");
    await run("plain", "happy-otter-0", "COMPLETED");
    assert.deepEqual((await scene.runs()).map(({ state }) => state), ["CRASHED", "ASSIGNED"]);
    await run("plain", "happy-otter-1", "RUNNING");
    await run("plain", "happy-otter-1", "COMPLETED");
    assert.deepEqual((await scene.runs()).map(({ state }) => state), ["CRASHED", "COMPLETED"]);
  },
);

peerTest(python, "a status, a fetch and a log line are signs of life as good as REGISTERAGENT", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { port, logsInPort } = scene.ports;
  const { trigger, fetch, run, task } = wordsOf(peer, port);
  await trigger("plain");
  await fetch();
  await run("plain", "happy-otter-0", "RUNNING");
  await scene.clock.pass(agentTimeoutMs - 1000);
  await task("only", "odd-dog-0", "happy-otter-0", "PENDING");
  await scene.clock.pass(agentTimeoutMs - 1000);
  await fetch();
  await scene.clock.pass(agentTimeoutMs - 1000);
  const line = ["plain", "Plain", "happy-otter-0", "Task only", "odd-dog-0", startMs, "INFO", "STDOUT hi"];
  await peer.connect("push", "PUSH", logsInPort);
  await peer.send("push", [fields(...line)]);
  await scene.storedLines((await scene.run()).runId, 1);
  await scene.clock.pass(agentTimeoutMs - 1000);
  assert.equal((await scene.run()).state, "RUNNING");
});

peerTest(python, "RUNNING said twice counts once, and COMPLETED said twice too", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { trigger, fetch, run } = wordsOf(peer, scene.ports.port);
  await trigger("plain");
  await fetch();
  for (const status of ["RUNNING", "RUNNING"]) await run("plain", "happy-otter-0", status);
  assert.match(await peer.ask(scene.ports.port, "GETREGISTEREDAGENTS"), /"running_tasks":1\}\]$/);
  for (const status of ["COMPLETED", "COMPLETED", "FAILED"]) await run("plain", "happy-otter-0", status);
  const { state, runId } = await scene.run();
  assert.equal(state, "COMPLETED");
  assert.deepEqual(await scene.runStatuses(runId), ["PENDING", "RUNNING", "COMPLETED"]);
});

peerTest(python, "a run whose RUNNING was lost begins with its first task, or with its end", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { trigger, fetch, run, task } = wordsOf(peer, scene.ports.port);
  await trigger("plain");
  await fetch();
  await task("only", "odd-dog-0", "happy-otter-0", "PENDING");
  await run("plain", "happy-otter-0", "COMPLETED");
  await trigger("plain");
  await fetch();
  await run("plain", "happy-otter-1", "FAILED");
  const runs = await scene.runs();
  assert.deepEqual(runs.map(({ state, instanceId }) => [state, instanceId]), [
    ["COMPLETED", "happy-otter-0"],
    ["FAILED", "happy-otter-1"],
  ]);
});

peerTest(python, "statuses of instances from elsewhere are kept under the agent's own names", async (runtime) => {
  await using scene = await Scene.open();
  await using peer = await OriginalPeer.start(runtime);
  const { run, task } = wordsOf(peer, scene.ports.port, "never@registered/AG");
  await run("elsewhere", "hissy-viper-0", "RUNNING");
  await task("t", "odd-dog-0", "hissy-viper-0", "RUNNING");
  await run("elsewhere", "hissy-viper-0", "COMPLETED");
  assert.deepEqual(await scene.runs(), []);
  assert.deepEqual(await scene.runStatuses("hissy-viper-0"), ["RUNNING", "COMPLETED"]);
  assert.deepEqual(await scene.taskStatuses("hissy-viper-0"), ["t RUNNING"]);
});

peerTest(python, "two agents that made up the same instance id do not touch each other's run", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain, other: plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { port, logsInPort } = scene.ports;
  const one = wordsOf(peer, port, "one");
  const two = wordsOf(peer, port, "two");
  await one.trigger("plain");
  await one.trigger("other");
  assert.equal((await one.fetch())?.id, "plain");
  assert.equal((await two.fetch())?.id, "other");
  const id = "happy-otter-0";
  await one.run("plain", id, "RUNNING");
  await two.run("other", id, "RUNNING");
  await one.task("only", "odd-dog-0", id, "FAILED");
  await two.task("only", "odd-dog-0", id, "COMPLETED");
  await peer.connect("push", "PUSH", logsInPort);
  for (const [workflow, payload] of [["plain", "STDOUT of one"], ["other", "STDOUT of two"]] as const) {
    await peer.send("push", [fields(workflow, "Plain", id, "Task only", "odd-dog-0", startMs, "INFO", payload)]);
  }
  await one.run("plain", id, "FAILED");
  await two.run("other", id, "COMPLETED");
  const [first, second] = await scene.runs();
  assert(first !== undefined && second !== undefined);
  assert.deepEqual([first.agentId, first.state], ["one", "FAILED"]);
  assert.deepEqual([second.agentId, second.state], ["two", "COMPLETED"]);
  assert.deepEqual(await scene.taskStates(first), { only: "FAILED" });
  assert.deepEqual(await scene.taskStates(second), { only: "COMPLETED" });
  assert.deepEqual(await scene.storedLines(first.runId, 1), ["Task only INFO STDOUT of one"]);
  assert.deepEqual(await scene.storedLines(second.runId, 1), ["Task only INFO STDOUT of two"]);
});

peerTest(
  python,
  "a status for an instance that only another agent's ended run was called by is kept",
  async (runtime) => {
    await using scene = await Scene.open({ workflows: { plain } });
    await using peer = await OriginalPeer.start(runtime);
    const one = wordsOf(peer, scene.ports.port, "one");
    const two = wordsOf(peer, scene.ports.port, "two");
    await one.trigger("plain");
    await one.fetch();
    await one.run("plain", "happy-otter-0", "RUNNING");
    await one.run("plain", "happy-otter-0", "COMPLETED");
    await two.run("elsewhere", "happy-otter-0", "RUNNING");
    assert.deepEqual(await scene.runStatuses("happy-otter-0"), ["RUNNING"]);
  },
);

peerTest(python, "an original agent's run outlives a restart of the principal, its log lines too", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { port, logsInPort } = scene.ports;
  const { trigger, fetch, run, task } = wordsOf(peer, port);
  await trigger("plain");
  await fetch();
  await run("plain", "happy-otter-0", "RUNNING");
  await scene.restart();
  await peer.connect("push", "PUSH", logsInPort);
  const line = ["plain", "Plain", "happy-otter-0", "Task only", "odd-dog-0", startMs, "INFO", "STDOUT hi"];
  await peer.send("push", [fields(...line)]);
  await task("only", "odd-dog-0", "happy-otter-0", "RUNNING");
  const { runId, state } = await scene.run();
  assert.equal(state, "RUNNING");
  assert.deepEqual(await scene.storedLines(runId, 1), ["Task only INFO STDOUT hi"]);
  await scene.clock.pass(agentTimeoutMs - 1000);
  await run("plain", "happy-otter-0", "COMPLETED");
  assert.equal((await scene.run()).state, "COMPLETED");
  assert.deepEqual(await scene.runStatuses(runId), ["PENDING", "RUNNING", "COMPLETED"]);
});

peerTest(python, "an agent whose connection breaks while it fetches does not take the run with it", async (runtime) => {
  await using scene = await Scene.open({ workflows: { plain } });
  await using peer = await OriginalPeer.start(runtime);
  const { port } = scene.ports;
  const { trigger, fetch } = wordsOf(peer, port);
  await trigger("plain");
  await peer.connect("lost", "REQ", port);
  await peer.send("lost", ["", fields("FETCHWORKFLOW", agent)]);
  await peer.reset("lost");
  await scene.until(async () => (await scene.run()).attempt === 1);
  await scene.clock.pass(leaseMs + 2000);
  assert.equal((await scene.run()).state, "PENDING");
  assert.equal((await fetch())?.id, "plain");
});
