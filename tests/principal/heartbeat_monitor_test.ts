import assert from "node:assert/strict";
import { encodeLogLine, encodeRequest } from "../../src/wire/mod.ts";
import { forgetIdleAfterMs } from "../../src/principal/heartbeat_monitor.ts";
import { turn } from "../fake_clock.ts";
import { agentTimeoutMs, holding, Scene, Shelf, workflowOf } from "./scene.ts";

const original = (scene: Scene, verb: "FETCHWORKFLOW" | "REGISTERAGENT") =>
  scene.send(new TextDecoder().decode(encodeRequest({ verb, agentId: "old@host/AG" })));

async function agentIds(scene: Scene): Promise<string[]> {
  return (await scene.ask("STATUS", {}).reply).agents.map(({ agentId }) => agentId);
}

Deno.test("an agent that falls silent has its runs marked CRASHED after the timeout, not before", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  await scene.agent("ann").begin();
  await scene.clock.pass(agentTimeoutMs);
  assert.equal((await scene.run(runId)).state, "RUNNING");
  await scene.clock.pass(2000);
  const { state, reason } = await scene.run(runId);
  assert.equal(state, "CRASHED");
  assert.match(String(reason), /^agent ann@host\/AG was silent for 3[01]\.\d s$/);
  assert.match(String(scene.told.at(-1)), /^warn: .*: 1 run marked CRASHED$/);
  assert.deepEqual(await agentIds(scene), []);
});

Deno.test("a request for work, a report and a log line are signs of life", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  const line = encodeLogLine({
    ...{ workflowId: "etl", workflowName: "etl", workflowInstanceId: runId, taskName: "Only", taskInstanceId: "t" },
    ...{ timeMs: 1, level: "INFO", payload: "STDOUT hi", extra: [] },
  });
  const signs = [
    () => ann.work({ waitMs: 0, ...holding(runId) }).reply,
    () => ann.report(runId, "RUNNING"),
    () => Promise.resolve(scene.principal.logs.take([line])),
  ];
  for (const sign of [...signs, ...signs]) {
    await scene.clock.pass(agentTimeoutMs - 2000);
    await sign();
  }
  assert.equal((await scene.run(runId)).state, "RUNNING");
});

Deno.test("time in which the principal itself was stalled is not held against an agent", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  await scene.clock.pass(20_000);
  scene.clock.stall(3_600_000);
  await turn();
  await scene.clock.pass(8000);
  assert.equal((await scene.run(runId)).state, "RUNNING");
  await scene.clock.pass(6000);
  assert.equal((await scene.run(runId)).state, "CRASHED", "the time before and after the stall counts");
});

Deno.test("an agent that is heard right after a stall gets no more time for that", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  // The request is read before the look that notices the stall, as its timer was set before.
  scene.clock.setTimer(1500, () => void ann.work({ waitMs: 0, ...holding(runId) }));
  await scene.clock.pass(1000);
  scene.clock.stall(3_600_000);
  await scene.clock.pass(agentTimeoutMs + 2000);
  assert.equal((await scene.run(runId)).state, "CRASHED");
});

Deno.test("a principal that is late with every look still notices a dead agent", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  await scene.agent("ann").begin();
  for (let looks = 0; looks < 40; looks++) {
    scene.clock.stall(1600);
    await turn();
  }
  assert.equal((await scene.run(runId)).state, "CRASHED");
});

Deno.test("agents that held runs before a restart get the full time to come back", async () => {
  const first = await Scene.open();
  const runId = await first.trigger();
  const ann = first.agent("ann");
  await ann.begin();
  await first.clock.pass(25_000);
  await first[Symbol.asyncDispose]();
  await using scene = await Scene.open({ journal: first.journal, clock: first.clock });
  await scene.clock.pass(agentTimeoutMs - 1000);
  assert.equal((await scene.run(runId)).state, "RUNNING");
  await scene.clock.pass(3000);
  assert.equal((await scene.run(runId)).state, "CRASHED");
});

Deno.test("an agent that comes back after a restart goes on, and its report counts", async () => {
  const first = await Scene.open();
  const runId = await first.trigger();
  await first.agent("ann").begin();
  await first[Symbol.asyncDispose]();
  await using scene = await Scene.open({ journal: first.journal, clock: first.clock });
  const ann = scene.agent("ann");
  assert.ok(await ann.work(holding(runId)).isHeld(), "it may keep what it has");
  assert.deepEqual(await ann.report(runId, "COMPLETED"), { ignored: 0 });
  assert.equal((await scene.run(runId)).state, "COMPLETED");
});

Deno.test("a death that cannot be written is written when the journal works again", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  await scene.agent("ann").begin();
  await scene.clock.pass(20_000);
  scene.journal.fail();
  void scene.trigger();
  await scene.clock.pass(15_000);
  assert.equal((await scene.run(runId)).state, "RUNNING");
  assert.ok(scene.told.some((sentence) => sentence.startsWith("error: cannot mark the runs of agent ann@host/AG")));
  scene.journal.fail(null);
  await scene.clock.pass(agentTimeoutMs + 2000);
  assert.equal((await scene.run(runId)).state, "CRASHED");
});

Deno.test("an agent that holds nothing is listed for ten minutes after its last word", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  await ann.work({ waitMs: 0, sequence: 9 }).reply;
  await scene.clock.pass(forgetIdleAfterMs, 10_000);
  assert.deepEqual(await agentIds(scene), ["ann@host/AG"]);
  await scene.clock.pass(2000);
  assert.deepEqual(await agentIds(scene), []);
  await scene.trigger();
  assert.equal(
    (await ann.work({ sequence: 1 }).reply).begin.length,
    1,
    "nothing is remembered of a session that is gone",
  );
});

Deno.test("a run that an original agent fetched and never began goes back to the queue after 10 s", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  assert.match(await original(scene, "FETCHWORKFLOW"), /^SUCCESS\x01\{/);
  assert.equal((await scene.run(runId)).state, "ASSIGNED");
  await scene.clock.pass(11_000);
  assert.equal((await scene.run(runId)).state, "ASSIGNED");
  const waiting = scene.agent("ann").work({ waitMs: 60_000 });
  await scene.clock.pass(2000);
  const { begin: [first] } = await waiting.reply;
  assert.deepEqual([first?.runId, first?.attempt], [runId, 2]);
});

Deno.test("a run that cannot be taken back now is tried again as long after, not every second", async () => {
  await using scene = await Scene.open();
  await scene.trigger();
  await original(scene, "FETCHWORKFLOW");
  scene.journal.fail();
  void scene.trigger();
  await scene.clock.pass(26_000);
  const complaints = scene.told.filter((sentence) => sentence.includes("back"));
  assert.equal(complaints.length, 2, complaints.join("\n"));
});

Deno.test("an original agent is heard through its heartbeat alone", async () => {
  await using scene = await Scene.open();
  await original(scene, "REGISTERAGENT");
  assert.deepEqual(await agentIds(scene), ["old@host/AG"]);
});

Deno.test("what a killed agent held is CRASHED as soon as the next agent on its machine says that it is gone", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  const ann = scene.agent("ann");
  await ann.begin();
  const { agentId } = ann.holder;
  const next = scene.agent("next");
  await next.work({ agentId, outlived: [ann.holder.session], waitMs: 0 }).reply;
  const { run: { state, reason } } = await scene.ask("WAITRUN", { run: runId, waitMs: 1000 }).reply;
  assert.deepEqual([state, reason], ["CRASHED", "agent ann@host/AG was killed and started again"]);
  assert.equal(scene.told.at(-1), "warn: agent ann@host/AG was killed and started again: 1 run marked CRASHED");
  const { agents } = await scene.ask("STATUS", {}).reply;
  assert.deepEqual(agents.map(({ session }) => session), [next.holder.session]);
});

Deno.test("with on_crash: retry the next agent gets the run of the killed one in the same answer", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(workflowOf("etl", "on_crash: retry")) });
  const runId = await scene.trigger();
  const ann = scene.agent("ann");
  await ann.begin();
  const { begin } = await scene.agent("bob").work({ outlived: [ann.holder.session], waitMs: 0 }).reply;
  assert.deepEqual(begin.map(({ runId, attempt }) => [runId, attempt]), [[runId, 2]]);
  assert.ok(
    scene.told.some((sentence) => /killed; agent bob@host\/AG was started in its place: 1 run wait/.test(sentence)),
  );
});

Deno.test("an agent that waits for an answer is not given up, whatever another one says of it", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  const ann = scene.agent("ann");
  await ann.begin();
  const waiting = ann.work({ slots: 0, ...holding(runId) });
  assert.ok(await waiting.isHeld());
  const { agentId } = ann.holder;
  await scene.agent("twin").work({ agentId, outlived: [ann.holder.session, "unknown"], waitMs: 0 }).reply;
  assert.ok(await waiting.isHeld());
  assert.equal((await scene.run(runId)).state, "RUNNING");
  await scene.agent("ann").work({ sequence: 9, outlived: [ann.holder.session], waitMs: 0, ...holding(runId) }).reply;
  assert.equal((await scene.run(runId)).state, "RUNNING", "nor is the one that says it");
});

Deno.test("that two agents have one id is told once, when they have asked for work in turns", async () => {
  await using scene = await Scene.open();
  const [one, two, next] = ["one", "two", "next"].map((name) => scene.agent(name));
  const ask = (agent = one) => agent?.work({ agentId: "ann@host/AG", version: "1.2.3", waitMs: 0 }).reply;
  const warnings = () => scene.told.filter((sentence) => sentence.startsWith("warn: "));
  await ask(one);
  await ask(two);
  await scene.clock.pass(2000);
  assert.deepEqual(warnings(), [], "the first may have been killed");
  for (let round = 0; round < 5; round++) {
    await ask(one);
    await ask(two);
    await scene.clock.pass(5000);
  }
  assert.deepEqual(warnings(), [
    "warn: 2 agents are called ann@host/AG, so nothing tells which of them has a run; " +
    "`cdktr start agent --suffix 2` gives one an id of its own",
  ]);
  const { findings } = await scene.ask("DOCTOR", { deep: false }).reply;
  assert.match(findings.find(({ name }) => name === "agents")?.detail ?? "", /^Several agents have one id/);
  await scene.clock.pass(16_000);
  await ask(next);
  await scene.clock.pass(2000);
  assert.equal(warnings().length, 1, "one that took the place of others has no namesake");
});

Deno.test("an agent that takes the place of one that is stopping has no namesake", async () => {
  await using scene = await Scene.open();
  const [old, next] = ["old", "next"].map((name) => scene.agent(name));
  const agentId = "ann@host/AG";
  for (const stopping of [false, true]) {
    await old?.work({ agentId, stopping, waitMs: 0 }).reply;
    await next?.work({ agentId, waitMs: 0 }).reply;
  }
  await scene.clock.pass(2000);
  assert.deepEqual(scene.told.filter((sentence) => sentence.startsWith("warn: ")), []);
});
