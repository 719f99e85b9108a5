import assert from "node:assert/strict";
import { turn } from "../fake_clock.ts";
import { holding, Scene } from "./scene.ts";

Deno.test("a request for work waits for a trigger and is answered with it, in the same commit", async () => {
  await using scene = await Scene.open();
  const asked = scene.agent("ann").work();
  assert.ok(await asked.isHeld());
  const runId = await scene.trigger();
  const { begin, end } = await asked.reply;
  assert.deepEqual(begin.map(({ runId, attempt }) => ({ runId, attempt })), [{ runId, attempt: 1 }]);
  assert.deepEqual(end, []);
  assert.deepEqual(scene.journal.commits, [1, 3], "the agent joined; definition, trigger and assignment");
});

Deno.test("neither trigger nor work is answered before the commit", async () => {
  await using scene = await Scene.open();
  const asked = scene.agent("ann").work();
  await turn();
  scene.journal.hold();
  const trigger = scene.trigger();
  assert.ok(await asked.isHeld());
  scene.journal.release();
  assert.equal((await asked.reply).begin[0]?.runId, await trigger);
});

Deno.test("a request for work that finds none is answered empty when its wait is over", async () => {
  await using scene = await Scene.open();
  const asked = scene.agent("ann").work({ waitMs: 5000 });
  await scene.clock.pass(4900, 100);
  assert.ok(await asked.isHeld());
  scene.clock.advance(100);
  assert.deepEqual(await asked.reply, { begin: [], end: [], steer: [] });
  await scene.trigger();
  assert.deepEqual(await scene.states(), ["PENDING"], "nothing goes to an agent that no longer waits");
});

Deno.test("a request for work is held for a third of the time that counts as death at most, being the heartbeat", async () => {
  await using scene = await Scene.open({ agentTimeoutMs: 3000 });
  const asked = scene.agent("ann").work({ waitMs: 60_000 });
  await turn();
  scene.clock.advance(1000);
  assert.deepEqual(await asked.reply, { begin: [], end: [], steer: [] });
});

Deno.test("what is triggered in one turn is shared evenly among the agents that wait", async () => {
  await using scene = await Scene.open();
  const asked = ["ann", "bob", "cid"].map((name) => scene.agent(name).work({ slots: 10 }));
  await turn();
  const runIds = await Promise.all(Array.from({ length: 3 }, () => scene.trigger()));
  const begun = await Promise.all(asked.map(async ({ reply }) => (await reply).begin.map(({ runId }) => runId)));
  assert.deepEqual(begun.map(({ length }) => length), [1, 1, 1]);
  assert.deepEqual(begun.flat().sort(), runIds.sort());
});

Deno.test("an even share of what waits is handed out when several agents wait for what comes back", async () => {
  await using scene = await Scene.open();
  for (let count = 0; count < 6; count++) await scene.trigger();
  const gone = new AbortController();
  const lost = scene.agent("lost").work({ slots: 6 }, gone.signal);
  await lost.reply;
  const asked = ["ann", "bob", "cid"].map((name) => scene.agent(name).work({ slots: 10 }));
  await turn();
  await lost.undelivered();
  const counts = await Promise.all(asked.map(async ({ reply }) => (await reply).begin.length));
  assert.deepEqual(counts, [2, 2, 2]);
});

Deno.test("an agent gets no more runs than it has free slots, and none with 0", async () => {
  await using scene = await Scene.open();
  const full = scene.agent("full").work({ slots: 0 });
  await turn();
  for (let count = 0; count < 3; count++) await scene.trigger();
  assert.ok(await full.isHeld());
  const { begin } = await scene.agent("ann").work({ slots: 2 }).reply;
  assert.equal(begin.length, 2);
  assert.deepEqual((await scene.states()).toSorted(), ["ASSIGNED", "ASSIGNED", "PENDING"]);
});

Deno.test("a newer request takes the place of the one that waits, which is answered empty", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const older = ann.work();
  await turn();
  const newer = ann.work({ slots: 2 });
  assert.deepEqual(await older.reply, { begin: [], end: [], steer: [] });
  assert.ok(await newer.isHeld());
  await scene.trigger();
  assert.equal((await newer.reply).begin.length, 1);
});

Deno.test("a request that was overtaken on its way is not served", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  await ann.work({ sequence: 7, waitMs: 0 }).reply;
  await scene.trigger();
  assert.deepEqual(await ann.work({ sequence: 6 }).reply, { begin: [], end: [], steer: [] });
  assert.deepEqual(await ann.work({ sequence: 7 }).reply, { begin: [], end: [], steer: [] });
  assert.equal((await ann.work({ sequence: 8 }).reply).begin.length, 1);
});

Deno.test("an assignment whose reply was lost is made again, as the same attempt", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  const ann = scene.agent("ann");
  await ann.work().reply;
  const { begin } = await ann.work().reply;
  assert.deepEqual(begin.map(({ runId, attempt }) => ({ runId, attempt })), [{ runId, attempt: 1 }]);
  const named = ann.work(holding(runId));
  assert.ok(await named.isHeld(), "an assignment that is named has arrived");
});

Deno.test("what could not be delivered goes back to the head of the queue, in its order, and on to who waits", async () => {
  await using scene = await Scene.open();
  const runIds = [];
  for (let count = 0; count < 4; count++) runIds.push(await scene.trigger());
  const lost = scene.agent("lost").work({ slots: 3 });
  assert.equal((await lost.reply).begin.length, 3);
  await lost.undelivered();
  await turn();
  const { begin } = await scene.agent("ann").work({ slots: 10 }).reply;
  assert.deepEqual(begin.map(({ runId }) => runId), runIds);
  assert.deepEqual(begin.map(({ attempt }) => attempt), [2, 2, 2, 1]);
});

Deno.test("an agent that is lost while its assignment is being written gives it back", async () => {
  await using scene = await Scene.open();
  const gone = new AbortController();
  const lost = scene.agent("lost").work({}, gone.signal);
  const ann = scene.agent("ann").work({ slots: 0 });
  await turn();
  scene.journal.hold();
  const trigger = scene.trigger();
  await turn();
  gone.abort();
  assert.ok(await lost.isHeld(), "no empty answer in place of the one with the run");
  scene.journal.release();
  const runId = await trigger;
  assert.equal((await lost.reply).begin[0]?.runId, runId);
  await lost.undelivered();
  await turn();
  assert.equal((await scene.run(runId)).state, "PENDING");
  assert.ok(await ann.isHeld());
});

Deno.test("a wait that ends while its assignment is being written loses nothing", async () => {
  await using scene = await Scene.open();
  const asked = scene.agent("ann").work({ waitMs: 5000 });
  await turn();
  scene.journal.hold();
  const trigger = scene.trigger();
  await turn();
  scene.clock.advance(5000);
  assert.ok(await asked.isHeld());
  scene.journal.release();
  assert.equal((await asked.reply).begin[0]?.runId, await trigger);
});

Deno.test("an agent that asked again has its assignment already: the reply that was lost before takes nothing from it", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  const lost = ann.work();
  await lost.reply;
  assert.equal((await ann.work().reply).begin[0]?.runId, runId);
  await lost.undelivered();
  await turn();
  assert.equal((await scene.run(runId)).state, "ASSIGNED");
});

Deno.test("a run that ends while its assignment is being written is not handed out", async () => {
  await using scene = await Scene.open();
  const asked = scene.agent("ann").work();
  await turn();
  scene.journal.hold();
  const trigger = scene.trigger();
  await turn();
  const left = scene.ask("LEAVE", { ...scene.agent("ann").holder, reason: "it was asked to stop" });
  await turn();
  scene.journal.release();
  assert.deepEqual(await asked.reply, { begin: [], end: [], steer: [] });
  assert.deepEqual(await left.reply, { crashed: 0, requeued: 0 });
  assert.equal((await scene.run(await trigger)).state, "PENDING");
});

Deno.test("while the journal cannot be written an agent is told so, and is served when it can", async () => {
  await using scene = await Scene.open();
  await scene.trigger();
  scene.journal.fail();
  const first = scene.agent("ann").work();
  assert.ok(await first.isHeld(), "accepted before the failure was known");
  assert.equal(await scene.agent("bob").work({ onlyRun: "other" }).isHeld(), true, "what changes nothing still works");
  assert.equal(await scene.ask("RUN", { ...trigger }).code(), "STORAGE");
  scene.journal.fail(null);
  await scene.clock.pass(500, 500);
  assert.equal((await first.reply).begin.length, 1);
});

const trigger = {
  workflowId: "etl",
  trigger: "manual",
  params: {},
  idempotencyKey: null,
  dueMs: null,
  reason: "asked",
} as const;

Deno.test("a waiting agent that cannot be served because the journal fails is told, and the trigger's client is not disturbed", async () => {
  await using scene = await Scene.open();
  await scene.ask("RUN", { ...trigger, idempotencyKey: "k" }).reply;
  const lost = scene.agent("lost").work();
  await lost.reply;
  scene.journal.fail();
  void scene.trigger();
  await turn();
  // The repeated trigger changes nothing, but offers what is queued.
  const repeated = scene.ask("RUN", { ...trigger, idempotencyKey: "k" });
  const asked = scene.agent("ann").work();
  assert.equal(await asked.code(), "STORAGE");
  assert.ok(await repeated.isHeld());
  scene.journal.fail(null);
  await scene.clock.pass(500, 500);
  assert.equal((await repeated.reply).duplicate, true);
});

Deno.test("a cancellation reaches a waiting agent at once, and one that does not wait with its next request", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  for (const isWaiting of [true, false]) {
    await scene.trigger();
    const { runId, attempt } = await ann.begin();
    const waiting = isWaiting ? ann.work({ slots: 0, ...holding(runId) }) : null;
    await turn();
    const { outcome } = await scene.ask("CANCEL", { run: runId, task: null, reason: "not needed" }).reply;
    assert.equal(outcome, "requested");
    const asked = waiting ?? ann.work({ slots: 0, ...holding(runId) });
    assert.deepEqual(await asked.reply, { begin: [], end: [{ runId, attempt, reason: "not needed" }], steer: [] });
    assert.ok(await ann.work(holding(runId, attempt, true)).isHeld(), "said once");
    await ann.report(runId, "CANCELLED");
    assert.equal((await scene.run(runId)).state, "CANCELLED");
  }
});

Deno.test("a session that comes back after it was given up is told to end what it still runs", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  await scene.trigger();
  const { runId, attempt } = await ann.begin();
  await scene.clock.pass(32_000);
  assert.equal((await scene.run(runId)).state, "CRASHED");
  const { begin, end } = await ann.work(holding(runId)).reply;
  assert.deepEqual(begin, []);
  assert.deepEqual(end, [{ runId, attempt, reason: "this attempt no longer belongs to the agent" }]);
  assert.deepEqual(await ann.report(runId, "COMPLETED"), { ignored: 1 });
  assert.equal((await scene.run(runId)).state, "CRASHED", "its one final state");
});

Deno.test("an agent that leaves returns what it never began; what it had begun has crashed", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const [begun, assigned, second] = [await scene.trigger(), await scene.trigger(), await scene.trigger()];
  await ann.begin();
  await ann.work({ slots: 2, ...holding(begun) }).reply;
  assert.deepEqual(await scene.ask("LEAVE", { ...ann.holder, reason: "it gave up" }).reply, {
    crashed: 1,
    requeued: 0,
  });
  assert.equal((await scene.run(begun)).state, "CRASHED");
  assert.equal((await scene.run(begun)).reason, "agent ann@host/AG left: it gave up");
  const { begin } = await scene.agent("bob").work({ slots: 5 }).reply;
  assert.deepEqual(begin.map(({ runId }) => runId), [assigned, second]);
});

Deno.test("leaving fails while the journal cannot be written, and the agent stays one that is watched", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  scene.journal.fail();
  void scene.trigger();
  await turn();
  assert.equal(await scene.ask("LEAVE", { ...ann.holder, reason: "stop" }).code(), "STORAGE");
  scene.journal.fail(null);
  await scene.clock.pass(32_000);
  assert.equal((await scene.run(runId)).state, "CRASHED");
});

Deno.test("with 10,000 agents waiting one trigger answers one of them, and the end of the principal all others", async () => {
  await using scene = await Scene.open();
  const asked = Array.from({ length: 10_000 }, (_, index) => scene.agent(`agent ${index}`).work());
  await turn();
  await scene.trigger();
  await turn();
  assert.equal(asked.filter(({ isAnswered }) => isAnswered).length, 1);
  scene.principal.stopHolding();
  const replies = await Promise.all(asked.map(({ reply }) => reply));
  assert.equal(replies.filter(({ begin }) => begin.length > 0).length, 1);
  assert.equal(await scene.agent("late").work().code(), "SHUTTING_DOWN");
});

Deno.test("an agent that takes one run only waits for that run", async () => {
  await using scene = await Scene.open();
  const other = await scene.trigger();
  const wanted = await scene.trigger();
  const { begin } = await scene.agent("ann").work({ onlyRun: wanted, slots: 5 }).reply;
  assert.deepEqual(begin.map(({ runId }) => runId), [wanted]);
  assert.equal((await scene.run(other)).state, "PENDING");
});

Deno.test("runs that are too large for one message together are told one after the other", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const count = 50;
  const params = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`P${n}`, "x".repeat(32_768)]));
  for (let i = 0; i < count; i++) await scene.trigger({ params });
  const held: { runId: string; attempt: number }[] = [];
  let answers = 0;
  for (; held.length < count; answers++) {
    const holding = held.map((one) => ({ ...one, cancelling: false, paused: false, cancelTasks: [] }));
    const asked = ann.work({ slots: count - held.length, holding, waitMs: 0 });
    assert.ok((await asked.answer).body.length < 12 * 2 ** 20);
    const { begin } = await asked.reply;
    assert.ok(begin.length > 0, "each answer has some");
    held.push(...begin.map(({ runId, attempt }) => ({ runId, attempt })));
  }
  assert.ok(answers > 1, "one message would not hold them all");
  assert.ok(held.every(({ attempt }) => attempt === 1));
});

Deno.test("a run with parameters goes only to an agent that offers what it takes", async () => {
  await using scene = await Scene.open();
  const plain = scene.agent("plain").work({ offers: [] });
  await turn();
  const runId = await scene.trigger({ params: { date: "2026-03-01" } });
  assert.ok(await plain.isHeld());
  const { begin: [first] } = await scene.agent("ann").work().reply;
  assert.deepEqual([first?.runId, first?.params], [runId, { date: "2026-03-01" }]);
});
