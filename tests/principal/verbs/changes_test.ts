import assert from "node:assert/strict";
import { State } from "../../../src/core/mod.ts";
import { MemoryJournal } from "../../../src/journal/mod.ts";
import type { ReplyTo, RequestOf } from "../../../src/wire/mod.ts";
import { turn } from "../../fake_clock.ts";
import { type Asked, type FakeAgent, Scene } from "../scene.ts";

/** Asks for what changed behind a place; held for a minute. */
function ask(scene: Scene, afterSeq: number | null, more: Partial<RequestOf<"CHANGES">> = {}): Asked<"CHANGES"> {
  return scene.ask("CHANGES", { afterSeq, startedAtMs: null, waitMs: 60_000, ...more });
}

/** The place of the newest event. */
async function newestSeq(scene: Scene): Promise<number> {
  return (await ask(scene, null).reply).seq;
}

/** What stands in a reply about runs, oldest change first. */
function told({ isReset, mayHaveMore, runs }: ReplyTo<"CHANGES">) {
  return { isReset, mayHaveMore, runs: runs.map(({ runId, state }) => `${runId} ${state}`) };
}

const loadAnew = { isReset: true, mayHaveMore: false, runs: [] };

/** Has so many events written about a run that has ended. */
async function addEvents(scene: Scene, agent: FakeAgent, runId: string, count: number): Promise<void> {
  const late = { kind: "run", runId, attempt: 1, state: "FAILED", reason: null, instanceId: null } as const;
  for (let left = count; left > 0; left -= 5000) {
    const reports = Array.from({ length: Math.min(left, 5000) }, () => late);
    await scene.ask("REPORT", { ...agent.holder, reports }).reply;
  }
}

/** A run that has ended, and its agent. */
async function endedRun(scene: Scene): Promise<{ agent: FakeAgent; runId: string }> {
  const agent = scene.agent("ann");
  const runId = await scene.trigger();
  await agent.begin();
  await agent.report(runId, "COMPLETED");
  return { agent, runId };
}

Deno.test("the first request is told to load all, from which place to go on, and how the principal is", async () => {
  await using scene = await Scene.open();
  await scene.trigger();
  const reply = await ask(scene, null).reply;
  assert.deepEqual(told(reply), loadAnew);
  assert.equal(reply.nowMs, scene.clock.nowMs());
  assert.deepEqual(reply.status, await scene.ask("STATUS", {}).reply);
  assert.ok(await ask(scene, reply.seq, { startedAtMs: reply.status.startedAtMs }).isHeld());
});

Deno.test("an empty journal has a place to go on from, too", async () => {
  await using scene = await Scene.open();
  const asked = ask(scene, await newestSeq(scene));
  assert.ok(await asked.isHeld());
  const runId = await scene.trigger();
  assert.deepEqual(told(await asked.reply).runs, [`${runId} PENDING`]);
});

Deno.test("a change is told once it is durable and not before", async () => {
  await using scene = await Scene.open();
  const seq = await newestSeq(scene);
  const early = ask(scene, seq);
  await turn();
  scene.journal.hold();
  const triggered = scene.trigger();
  const late = ask(scene, seq);
  assert.ok(await early.isHeld() && await late.isHeld());
  assert.equal(await newestSeq(scene), seq);
  scene.journal.release();
  const expected = { isReset: false, mayHaveMore: false, runs: [`${await triggered} PENDING`] };
  assert.deepEqual([told(await early.reply), told(await late.reply)], [expected, expected]);
  assert.equal((await early.reply).seq, await newestSeq(scene));
});

Deno.test("each run comes once and as it stands now, the one that changed last at the end", async () => {
  await using scene = await Scene.open();
  const seq = await newestSeq(scene);
  const [first, second] = [await scene.trigger(), await scene.trigger()];
  await scene.agent("ann").begin();
  const reply = await ask(scene, seq).reply;
  assert.deepEqual(told(reply).runs, [`${second} PENDING`, `${first} RUNNING`]);
  assert.deepEqual(reply.runs[1], await scene.run(first));
  await scene.agent("ann").report(first, "COMPLETED");
  assert.deepEqual(told(await ask(scene, reply.seq).reply).runs, [`${first} COMPLETED`]);
});

Deno.test("a change of a task brings its run, and an agent that joins brings the status alone", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  const { holder } = scene.agent("ann");
  const joining = ask(scene, await newestSeq(scene));
  void scene.agent("bob").work({ slots: 0 });
  const joined = await joining.reply;
  assert.deepEqual(told(joined).runs, []);
  assert.deepEqual(joined.status.agents.map(({ agentId }) => agentId), ["bob@host/AG"]);
  await scene.agent("ann").begin();
  const asked = ask(scene, await newestSeq(scene));
  assert.ok(await asked.isHeld());
  const task = { kind: "task", runId, attempt: 1, taskId: "only", taskRunId: "t1", tryNumber: 1 } as const;
  const rest = { state: "RUNNING", happenedAtMs: 5, exitCode: null, reason: null, outputs: null } as const;
  await scene.ask("REPORT", { ...holder, reports: [{ ...task, ...rest }] }).reply;
  assert.deepEqual(told(await asked.reply).runs, [`${runId} RUNNING`]);
});

Deno.test("when the wait is over nothing has changed but the status", async () => {
  await using scene = await Scene.open();
  await scene.trigger();
  const seq = await newestSeq(scene);
  const unchanged = { isReset: false, mayHaveMore: false, runs: [] };
  assert.deepEqual(told(await ask(scene, seq, { waitMs: 0 }).reply), unchanged);
  const asked = ask(scene, seq, { waitMs: 1000 });
  await turn();
  scene.clock.advance(999);
  assert.ok(await asked.isHeld());
  scene.clock.advance(1);
  const reply = await asked.reply;
  assert.deepEqual([told(reply), reply.seq], [unchanged, seq]);
  assert.equal(reply.status.queueHeadAgeMs, 1000);
});

Deno.test("nothing is held for a client that is gone, and the end of the principal answers everyone", async () => {
  await using scene = await Scene.open();
  const seq = await newestSeq(scene);
  const timers = scene.clock.timerCount;
  const gone = new AbortController();
  const left = scene.ask("CHANGES", { afterSeq: seq, startedAtMs: null, waitMs: 60_000 }, gone.signal);
  const held = ask(scene, seq);
  await turn();
  assert.equal(scene.clock.timerCount, timers + 2);
  gone.abort();
  await left.answer;
  assert.equal(scene.clock.timerCount, timers + 1);
  scene.principal.stopHolding();
  assert.equal((await held.reply).seq, seq);
  assert.equal(scene.clock.timerCount, timers);
  assert.equal(await ask(scene, seq).code(), "SHUTTING_DOWN");
});

Deno.test("more events than one reply tells of come page by page", async () => {
  await using scene = await Scene.open();
  const { agent, runId } = await endedRun(scene);
  const seq = await newestSeq(scene);
  await addEvents(scene, agent, runId, 1000);
  assert.deepEqual(told(await ask(scene, seq).reply).mayHaveMore, false);
  await addEvents(scene, agent, runId, 500);
  const other = await scene.trigger();
  const first = await ask(scene, seq).reply;
  assert.deepEqual(told(first), { isReset: false, mayHaveMore: true, runs: [`${runId} COMPLETED`] });
  assert.equal(first.seq, seq + 1000);
  const second = await ask(scene, first.seq).reply;
  assert.deepEqual(told(second), {
    ...{ isReset: false, mayHaveMore: false },
    runs: [`${runId} COMPLETED`, `${other} PENDING`],
  });
});

Deno.test("runs with large parameters come in replies that fit a message", async () => {
  await using scene = await Scene.open();
  const params = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`p${index}`, "x".repeat(32_000)]));
  let seq = await newestSeq(scene);
  const triggered: string[] = [];
  for (let count = 0; count < 20; count++) triggered.push(`${await scene.trigger({ params })} PENDING`);
  const pages: string[][] = [];
  for (let hasMore = true; hasMore;) {
    const reply = await ask(scene, seq).reply;
    pages.push(told(reply).runs);
    seq = reply.seq;
    hasMore = reply.mayHaveMore;
  }
  assert.deepEqual(pages.map(({ length }) => length), [16, 4]);
  assert.deepEqual(pages.flat(), triggered);
});

Deno.test("who is too many events behind loads anew", async () => {
  await using scene = await Scene.open();
  const { agent, runId } = await endedRun(scene);
  const seq = await newestSeq(scene);
  await addEvents(scene, agent, runId, 10_000);
  assert.equal((await ask(scene, seq).reply).isReset, false);
  await addEvents(scene, agent, runId, 1);
  const reply = await ask(scene, seq).reply;
  assert.deepEqual([told(reply), reply.seq], [loadAnew, seq + 10_001]);
});

Deno.test("who asks for events that were removed loads anew, and who has seen them does not", async () => {
  const journal = new MemoryJournal();
  await using scene = await Scene.open({ journal });
  const { runId } = await endedRun(scene);
  const seq = await newestSeq(scene);
  await journal.saveSnapshot(seq, new State().toSnapshot());
  const all = { throughSeq: seq, beforeMs: Infinity, keepMax: 0, limit: 100 };
  assert.equal(await journal.removeEvents({ ...all, limit: seq - 1 }), seq - 1);
  assert.deepEqual(told(await ask(scene, seq - 2).reply), loadAnew);
  assert.deepEqual(told(await ask(scene, seq - 1).reply).runs, [`${runId} COMPLETED`]);
  await journal.removeRuns({ finishedBeforeMs: Infinity, after: "", limit: 100 });
  assert.deepEqual(told(await ask(scene, seq - 1).reply), { ...loadAnew, isReset: false }, "the run itself is gone");
  assert.equal(await journal.removeEvents(all), 1);
  assert.deepEqual(told(await ask(scene, seq - 1).reply), loadAnew);
  assert.ok(await ask(scene, seq).isHeld());
});

Deno.test("a place of another journal, or of an earlier principal, is none to go on from", async () => {
  const journal = new MemoryJournal();
  // A journal that goes on behind what the history knew of another: see Ledger.
  await journal.saveSnapshot(50, new State().toSnapshot());
  await using scene = await Scene.open({ journal });
  await scene.trigger();
  const reply = await ask(scene, null).reply;
  const { seq, status: { startedAtMs } } = reply;
  for (const place of [0, 7, 49, seq + 1]) assert.deepEqual(told(await ask(scene, place).reply), loadAnew, `${place}`);
  for (const place of [50, seq]) {
    const earlier = await ask(scene, place, { startedAtMs: startedAtMs - 1 }).reply;
    assert.deepEqual([told(earlier), earlier.seq], [loadAnew, seq], `${place}`);
  }
  assert.equal((await ask(scene, 50, { startedAtMs }).reply).runs.length, 1);
});
