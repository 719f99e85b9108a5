import assert from "node:assert/strict";
import { systemClock } from "../../src/clock/mod.ts";
import { History, journalStream } from "../../src/history/mod.ts";
import { MemoryJournal } from "../../src/journal/mod.ts";
import { turn } from "../fake_clock.ts";
import { Scene } from "./scene.ts";

function openHistory(): Promise<History> {
  return History.open({ path: ":memory:", clock: systemClock, onProblem: () => {} });
}

/** The states of a run, as the original's table tells them. */
async function statesOf(history: History, runId: string): Promise<string[]> {
  await history.flush();
  return (await history.runStatuses(runId)).map(({ status }) => status);
}

/** Lets the projector read on, over its pauses. */
async function caughtUp(scene: Scene): Promise<void> {
  const newest = (await scene.journal.eventsAfter(0, 100_000)).at(-1)?.seq ?? 0;
  for (let tries = 0; scene.history.positionOf(journalStream) < newest; tries++) {
    assert.ok(tries < 1000, "the history catches up");
    scene.clock.advance(500);
    await turn();
  }
}

Deno.test("each decision reaches the history in the order it was made", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  await ann.report(runId, "FAILED");
  assert.deepEqual(await statesOf(scene.history, runId), ["PENDING", "RUNNING", "FAILED"]);
});

Deno.test("a run that is brought back is told as waiting again, and one that crashed and starts again as both", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  await ann.report(runId, "FAILED");
  await scene.ask("RETRY", { run: runId, fromTask: null, reason: "once more" }).reply;
  assert.deepEqual(await statesOf(scene.history, runId), ["PENDING", "RUNNING", "FAILED", "PENDING"]);
});

Deno.test("a history that takes nothing for a while is given everything afterwards, once", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  scene.history.pause("the disk is nearly full");
  const runId = await scene.trigger();
  await ann.begin();
  assert.ok((await scene.ask("STATUS", {}).reply).history.eventsBehind > 0);
  scene.history.resume();
  await caughtUp(scene);
  await ann.report(runId, "COMPLETED");
  await caughtUp(scene);
  assert.deepEqual(await statesOf(scene.history, runId), ["PENDING", "RUNNING", "COMPLETED"]);
  assert.equal((await scene.ask("STATUS", {}).reply).history.eventsBehind, 0);
});

Deno.test("a new history is rebuilt from the journal, over as many pages as it takes", async () => {
  const journal = new MemoryJournal();
  const runIds: string[] = [];
  {
    await using scene = await Scene.open({ journal });
    const ann = scene.agent("ann");
    for (let i = 0; i < 300; i++) runIds.push(await scene.trigger());
    const { begin } = await ann.work({ slots: 300 }).reply;
    for (const { runId } of begin) await ann.report(runId, "COMPLETED");
  }
  const history = await openHistory();
  await using scene = await Scene.open({ journal, history });
  await caughtUp(scene);
  await history.flush();
  const { runsByStatus, runStatusRows } = await history.counts();
  assert.deepEqual([runsByStatus.COMPLETED, runStatusRows], [300, 900]);
});

Deno.test("a history that is abreast is given nothing again after a restart", async () => {
  const journal = new MemoryJournal();
  const path = `${await Deno.makeTempDir()}/app.db`;
  const open = () => History.open({ path, clock: systemClock, onProblem: () => {} });
  let runId: string;
  {
    await using scene = await Scene.open({ journal, history: await open() });
    runId = await scene.trigger();
  }
  await using scene = await Scene.open({ journal, history: await open() });
  await caughtUp(scene);
  assert.deepEqual(await statesOf(scene.history, runId), ["PENDING"]);
});
