import assert from "node:assert/strict";
import { systemClock } from "../../src/clock/mod.ts";
import { History, journalStream } from "../../src/history/mod.ts";
import { type JournaledEvent, MemoryJournal } from "../../src/journal/mod.ts";
import { lookEveryMs, Projector } from "../../src/principal/projector.ts";
import { FakeClock, turn } from "../fake_clock.ts";
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

Deno.test("a rebuilt history has the tasks that an attempt kept of the one before, as the first one had", async () => {
  const journal = new MemoryJournal();
  const taskRuns = async (history: History) => {
    await history.flush();
    return (await history.sql("SELECT attempt, task_id, state FROM task_runs ORDER BY ALL")).rows;
  };
  const expected = [[1, "only", "COMPLETED"], [2, "only", "COMPLETED"]];
  {
    await using scene = await Scene.open({ journal });
    const ann = scene.agent("ann");
    const { runId } = (await scene.trigger(), await ann.begin());
    const report = { kind: "task", runId, attempt: 1, taskId: "only", taskRunId: "t1", tryNumber: 1 } as const;
    const ended = { state: "COMPLETED", happenedAtMs: 1, exitCode: 0, reason: null, outputs: null } as const;
    await scene.ask("REPORT", { ...ann.holder, reports: [{ ...report, ...ended }] }).reply;
    await ann.report(runId, "FAILED");
    await scene.ask("RETRY", { run: runId, fromTask: null, reason: "once more" }).reply;
    assert.equal((await ann.work({ waitMs: 0 }).reply).begin.length, 1);
    assert.deepEqual(await taskRuns(scene.history), expected);
  }
  const history = await openHistory();
  await using scene = await Scene.open({ journal, history });
  await caughtUp(scene);
  assert.deepEqual(await taskRuns(history), expected);
});

Deno.test("a history that has outlived its journal takes the decisions of the new one", async () => {
  const path = `${await Deno.makeTempDir()}/app.db`;
  const open = () => History.open({ path, clock: systemClock, onProblem: () => {} });
  {
    await using scene = await Scene.open({ history: await open() });
    for (let i = 0; i < 3; i++) await scene.trigger();
  }
  await using scene = await Scene.open({ history: await open() });
  assert.deepEqual(await statesOf(scene.history, await scene.trigger()), ["PENDING"]);
});

/** A projector over a journal of a few events and a history that only counts. */
class Counted {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  readonly history = {
    generation: 1,
    position: 0,
    positionOf: () => this.history.position,
    tryProject: ({ seq }: { seq: number }) => {
      this.history.position = seq;
      return true;
    },
  };
  readonly projector: Projector;
  #events = [eventAt(1)];
  isDamaged = false;

  constructor() {
    const tell = (sentence: string) => void this.told.push(sentence);
    this.projector = new Projector({
      ...{ clock: this.clock, report: { info: tell, warn: tell, error: tell }, history: this.history, committedSeq: 1 },
      journal: {
        eventsAfter: (seq) => {
          if (this.isDamaged) return Promise.reject(new Error("a page is torn"));
          return Promise.resolve(this.#events.filter((event) => event.seq > seq));
        },
        run: () => Promise.resolve(undefined),
        tasks: () => Promise.resolve([]),
      },
    });
  }

  commit(seq: number): void {
    this.#events.push(eventAt(seq));
    this.projector.notice({ events: [eventAt(seq)], definitions: [], runs: [], tasks: [] });
  }
}

function eventAt(seq: number): JournaledEvent {
  return { seq, event: { type: "principal_stopped", atMs: 1 } };
}

Deno.test("what is committed as catching up ends is handed over, whichever comes first", async () => {
  for (let microtasks = 0; microtasks < 12; microtasks++) {
    const counted = new Counted();
    for (let i = 0; i < microtasks; i++) await Promise.resolve();
    counted.commit(2);
    await turn();
    assert.equal(counted.history.position, 2, `${microtasks} microtasks after the start`);
    await counted.projector.stop();
  }
});

Deno.test("a history that loses what it had is given it again, though nothing happens", async () => {
  const { history, clock, projector } = new Counted();
  await turn();
  history.generation++;
  history.position = 0;
  clock.advance(lookEveryMs);
  await turn();
  assert.equal(history.position, 1);
  await projector.stop();
});

Deno.test("a journal that cannot be read is told once, and read when it can be", async () => {
  const counted = new Counted();
  counted.isDamaged = true;
  for (let seq = 2; seq < 9; seq++) {
    counted.commit(seq);
    counted.clock.advance(500);
    await turn();
  }
  const told = counted.told.filter((sentence) => !sentence.includes("is new"));
  assert.deepEqual(told, ["the history falls behind the journal: a page is torn"]);
  counted.isDamaged = false;
  counted.clock.advance(500);
  await turn();
  assert.equal(counted.history.position, 8);
  await counted.projector.stop();
});

Deno.test("a principal that ends while the history is rebuilt hands over what is left", async () => {
  const journal = new MemoryJournal();
  {
    await using scene = await Scene.open({ journal });
    for (let i = 0; i < 3000; i++) void scene.trigger();
    await scene.trigger();
  }
  const path = `${await Deno.makeTempDir()}/app.db`;
  const open = () => History.open({ path, clock: systemClock, onProblem: () => {} });
  {
    await using _scene = await Scene.open({ journal, history: await open() });
  }
  await using history = await open();
  assert.equal((await history.counts()).runStatusRows, 3001);
});
