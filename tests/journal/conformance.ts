/** What every journal must do; each implementation's test file calls it. */
import assert from "node:assert/strict";
import { makeRunId, type Run, type Snapshot, type TaskRun } from "../../src/core/mod.ts";
import type { Batch, Journal, JournaledEvent, Swept } from "../../src/journal/mod.ts";

const definition = { hash: "h1", workflowId: "etl", workflowName: "ETL", body: "{}" };

/** A run that waits, changed as told. */
export function sampleRun(index: number, change: Partial<Run> = {}): Run {
  return {
    runId: makeRunId(1_800_000_000_000 + index * 1000, new Uint8Array(10).fill(index)),
    workflowId: "etl",
    workflowName: "ETL",
    definitionHash: definition.hash,
    trigger: "manual",
    params: {},
    idempotencyKey: null,
    dueMs: null,
    requires: [],
    priority: 0,
    overlap: "allow",
    onCrash: "fail",
    state: "PENDING",
    attempt: 0,
    agentId: null,
    session: null,
    instanceId: null,
    cancelReason: null,
    cancelTasks: [],
    paused: false,
    crashRetries: 0,
    reason: null,
    triggeredAtMs: 1_800_000_000_000 + index * 1000,
    assignedAtMs: null,
    startedAtMs: null,
    finishedAtMs: null,
    ...change,
  };
}

function cancelled(seq: number, runId: string): JournaledEvent {
  return { seq, event: { type: "run_finished", atMs: seq, runId, attempt: 0, state: "CANCELLED", reason: null } };
}

function batch(change: Partial<Batch>): Batch {
  return { events: [], definitions: [], runs: [], tasks: [], ...change };
}

function task(run: Run, taskId: string, state: TaskRun["state"]): TaskRun {
  return {
    runId: run.runId,
    attempt: 1,
    taskId,
    taskRunId: `${taskId}-1`,
    state,
    tryNumber: 1,
    startedAtMs: null,
    finishedAtMs: null,
    exitCode: null,
    reason: null,
    outputs: null,
  };
}

/** A snapshot of nothing, changed as told. */
export function sampleSnapshot(change: Partial<Snapshot> = {}): Snapshot {
  return {
    ...{ runs: [], tasks: [], runsOfWorkflows: [], schedules: [], definitions: [], newestHashes: [], keys: [] },
    ...change,
  };
}

/** For snapshots that need not wait. */
export const noPause = () => Promise.resolve();

/** A run that ended so many days after the first sample was triggered. */
function endedRun(index: number, finishedDay: number, change: Partial<Run> = {}): Run {
  return sampleRun(index, { state: "COMPLETED", finishedAtMs: dayMs(finishedDay), ...change });
}

function dayMs(day: number): number {
  return 1_800_000_000_000 + day * 86_400_000;
}

/** Takes steps until there is no next one, and tells how many were removed. */
async function sweepAll(step: (after: string) => Promise<Swept>): Promise<number> {
  let removed = 0;
  for (let after: string | null = "", steps = 0; after !== null; steps++) {
    assert.ok(steps < 100, "it ends");
    const swept: Swept = await step(after);
    removed += swept.removed;
    after = swept.next;
  }
  return removed;
}

/**
 * Registers the suite.
 *
 * @param name The implementation's name.
 * @param open Opens an empty journal.
 */
export function journalConformance(name: string, open: () => Promise<Journal>): void {
  const test = (behaviour: string, body: (journal: Journal) => Promise<void>) =>
    Deno.test(`${name}: ${behaviour}`, async () => {
      const journal = await open();
      try {
        await body(journal);
      } finally {
        await journal.close();
      }
    });

  test("an empty journal recovers to nothing", async (journal) => {
    assert.deepEqual(await journal.recover(), { snapshot: null, snapshotSeq: 0 });
    assert.deepEqual(await journal.eventsAfter(0, 10), []);
    assert.deepEqual(await journal.check(), []);
    assert.equal(journal.isOnReserve, false);
  });

  test("events come back in order, whole, page by page", async (journal) => {
    const events = Array.from({ length: 25 }, (_, i) => cancelled(i + 1, sampleRun(i).runId));
    await journal.append(batch({ events: events.slice(0, 10) }));
    await journal.append(batch({ events: events.slice(10) }));
    assert.deepEqual(await journal.eventsAfter(0, 100), events);
    assert.deepEqual(await journal.eventsAfter(20, 3), events.slice(20, 23));
    assert.deepEqual(await journal.eventsOfRun(sampleRun(7).runId), events.slice(7, 8));
  });

  test("events that are about no run are found by type, workflow and time, the last decided first", async (journal) => {
    const started = (seq: number, atMs: number): JournaledEvent => ({
      seq,
      event: { type: "principal_started", atMs, version: "1" },
    });
    const noted = (seq: number, atMs: number, workflowId: string): JournaledEvent => ({
      seq,
      event: { type: "schedule_noted", atMs, workflowId, schedule: null, reason: "its file is gone" },
    });
    const stopped: JournaledEvent = { seq: 3, event: { type: "principal_stopped", atMs: 30 } };
    // The clock was put back before the fifth.
    const events = [started(1, 10), noted(2, 20, "etl"), stopped, noted(4, 40, "report"), noted(5, 15.5, "etl")];
    await journal.append(batch({ events: [...events, cancelled(6, sampleRun(6).runId)] }));
    const found = async (
      types: JournaledEvent["event"]["type"][],
      workflowId: string | null,
      untilMs = 100,
      limit = 9,
    ) => (await journal.eventsWithoutRun({ types, workflowId, untilMs, limit })).map(({ seq }) => seq);
    assert.deepEqual(await found(["principal_started", "principal_stopped"], null), [3, 1]);
    assert.deepEqual(await found(["principal_started", "principal_stopped"], null, 29), [1]);
    assert.deepEqual(await found(["schedule_noted"], "etl"), [2, 5]);
    assert.deepEqual(await found(["schedule_noted"], "etl", 20), [2, 5]);
    assert.deepEqual(await found(["schedule_noted"], "etl", 100, 1), [2]);
    assert.deepEqual(await found(["schedule_noted"], null), []);
    assert.deepEqual(await found(["run_finished"], null), []);
    assert.deepEqual(
      await journal.eventsWithoutRun({ types: ["principal_stopped"], workflowId: null, untilMs: 99, limit: 1 }),
      [
        stopped,
      ],
    );
  });

  test("recovery starts at the snapshot", async (journal) => {
    const events = [1, 2, 3].map((seq) => cancelled(seq, sampleRun(seq).runId));
    await journal.append(batch({ events }));
    const snapshot = sampleSnapshot({ runs: [sampleRun(9)], definitions: [definition], keys: [["k", "r", 1, false]] });
    await journal.saveSnapshot(1, { ...snapshot, runs: [] }, noPause);
    await journal.saveSnapshot(2, snapshot, noPause);
    assert.deepEqual(await journal.recover(), { snapshot, snapshotSeq: 2 });
    assert.deepEqual(await journal.eventsAfter(2, 100), events.slice(2));
  });

  test("a run is found by id, by prefix and by an original agent's instance id", async (journal) => {
    const runs = [sampleRun(1), sampleRun(2, { instanceId: "odd-dog-0" }), sampleRun(3, { instanceId: "odd-dog-0" })];
    await journal.append(batch({ runs }));
    const [first, , third] = runs;
    assert.deepEqual(await journal.run(first?.runId ?? ""), first);
    assert.equal(await journal.run("nope"), undefined);
    assert.deepEqual(await journal.runIdsWithPrefix("01", 2), runs.slice(0, 2).map(({ runId }) => runId));
    assert.deepEqual(await journal.runIdsWithPrefix(third?.runId ?? "", 2), [third?.runId]);
    assert.deepEqual(await journal.runOfInstance("odd-dog-0"), third);
  });

  test("runs are listed newest first, filtered, page by page", async (journal) => {
    const runs = Array.from({ length: 9 }, (_, i) =>
      sampleRun(i, {
        state: i % 2 === 0 ? "COMPLETED" : "FAILED",
        workflowId: i < 6 ? "etl" : "report",
        trigger: i === 0 ? "cron" : "manual",
      }));
    await journal.append(batch({ runs }));
    const list = async (query: Parameters<Journal["runs"]>[0]) =>
      (await journal.runs(query)).runs.map(({ runId }) => runs.findIndex((run) => run.runId === runId));
    assert.deepEqual(await list({ limit: 3 }), [8, 7, 6]);
    assert.deepEqual(await list({ limit: 3, beforeRunId: runs[6]?.runId }), [5, 4, 3]);
    assert.deepEqual(await list({ limit: 9, states: ["FAILED"] }), [7, 5, 3, 1]);
    assert.deepEqual(await list({ limit: 9, states: ["FAILED", "COMPLETED"], workflowId: "report" }), [8, 7, 6]);
    assert.deepEqual(await list({ limit: 9, triggers: ["cron"] }), [0]);
    const sinceMs = runs[2]?.triggeredAtMs;
    assert.deepEqual(await list({ limit: 9, sinceMs, untilMs: runs[5]?.triggeredAtMs }), [4, 3, 2]);
    assert.equal((await journal.runs({ limit: 3 })).cursor, runs[6]?.runId);
    assert.equal((await journal.runs({ limit: 9 })).cursor, null);
    assert.deepEqual(Object.fromEntries(await journal.countRuns()), { COMPLETED: 5, FAILED: 4 });
  });

  test("the newest word on a run and a task replaces the older", async (journal) => {
    const run = sampleRun(1);
    await journal.append(batch({ runs: [run], tasks: [task(run, "b", "PENDING"), task(run, "a", "PENDING")] }));
    await journal.append(
      batch({ runs: [{ ...run, state: "RUNNING", attempt: 1 }], tasks: [task(run, "b", "RUNNING")] }),
    );
    assert.equal((await journal.run(run.runId))?.state, "RUNNING");
    assert.deepEqual(await journal.tasks(run.runId, 1), [task(run, "b", "RUNNING"), task(run, "a", "PENDING")]);
    assert.deepEqual(await journal.tasks(run.runId, 2), []);
  });

  test("a definition is kept by its hash", async (journal) => {
    await journal.append(batch({ definitions: [definition] }));
    await journal.append(batch({ definitions: [definition] }));
    assert.deepEqual(await journal.definition("h1"), definition);
    assert.equal(await journal.definition("h2"), undefined);
  });

  const noEvents = { throughSeq: Infinity, beforeMs: 0, keepMax: Infinity, limit: 100 };

  test("events are removed by age and by number, oldest first, in steps", async (journal) => {
    const events = Array.from({ length: 30 }, (_, i) => cancelled(i + 1, sampleRun(i).runId));
    await journal.append(batch({ events }));
    await journal.saveSnapshot(30, sampleSnapshot(), noPause);
    assert.equal(await journal.removeEvents(noEvents), 0);
    assert.equal(await journal.removeEvents({ ...noEvents, beforeMs: 8, limit: 5 }), 5);
    assert.equal(await journal.removeEvents({ ...noEvents, beforeMs: 8, limit: 5 }), 2);
    assert.equal(await journal.removeEvents({ ...noEvents, keepMax: 20, limit: 2 }), 2);
    assert.equal(await journal.removeEvents({ ...noEvents, keepMax: 20 }), 1);
    assert.deepEqual(await journal.eventsAfter(0, 100), events.slice(10));
    assert.deepEqual(await journal.eventsOfRun(sampleRun(3).runId), []);
    assert.equal(await journal.removeEvents({ ...noEvents, beforeMs: Infinity }), 20);
    assert.deepEqual(await journal.recover(), { snapshot: sampleSnapshot(), snapshotSeq: 30 });
  });

  test("an event after the latest snapshot, or one not copied elsewhere, is never removed", async (journal) => {
    const all = { throughSeq: Infinity, beforeMs: Infinity, keepMax: 0, limit: 100 };
    const events = Array.from({ length: 30 }, (_, i) => cancelled(i + 1, sampleRun(i).runId));
    await journal.append(batch({ events }));
    assert.equal(await journal.removeEvents(all), 0, "there is no snapshot");
    await journal.saveSnapshot(20, sampleSnapshot(), noPause);
    assert.equal(await journal.removeEvents({ ...all, throughSeq: 7 }), 7);
    assert.equal(await journal.removeEvents(all), 13);
    assert.deepEqual(await journal.eventsAfter(0, 100), events.slice(20));
  });

  test("runs that ended long enough ago are removed with their tasks, others stay", async (journal) => {
    const runs = [
      endedRun(1, 1),
      endedRun(2, 9),
      sampleRun(3, { state: "RUNNING", attempt: 1 }),
      sampleRun(4),
      endedRun(5, 2, { state: "FAILED" }),
      endedRun(6, 3),
    ];
    const tasks = runs.flatMap((run) => ["a", "b", "c"].map((taskId) => task(run, taskId, "COMPLETED")));
    await journal.append(batch({ runs, tasks }));
    for (const limit of [1, 2, 100]) {
      const day = limit === 1 ? 2 : limit === 2 ? 3 : 4;
      const removed = await sweepAll((after) => journal.removeRuns({ finishedBeforeMs: dayMs(day), after, limit }));
      assert.equal(removed, 1, `up to day ${day}`);
    }
    const left = [runs[3], runs[2], runs[1]];
    assert.deepEqual((await journal.runs({ limit: 10 })).runs, left);
    assert.deepEqual(await journal.tasks(runs[0]?.runId ?? "", 1), []);
    assert.equal((await journal.tasks(runs[1]?.runId ?? "", 1)).length, 3);
    assert.deepEqual(Object.fromEntries(await journal.countRuns()), { COMPLETED: 1, RUNNING: 1, PENDING: 1 });
  });

  test("a definition goes when no run and nobody else refers to it", async (journal) => {
    const definitions = ["a", "b", "c", "d"].map((hash) => ({ ...definition, hash }));
    const runs = [endedRun(1, 1, { definitionHash: "a" }), endedRun(2, 9, { definitionHash: "b" })];
    await journal.append(batch({ definitions, runs }));
    const sweep = (limit: number) =>
      sweepAll((after) => journal.removeDefinitions({ isInUse: (hash) => hash === "c", after, limit }));
    assert.equal(await sweep(1), 1);
    await sweepAll((after) => journal.removeRuns({ finishedBeforeMs: dayMs(5), after, limit: 10 }));
    assert.equal(await sweep(10), 1);
    const found = await Promise.all(definitions.map(({ hash }) => journal.definition(hash)));
    assert.deepEqual(found.map((one) => one?.hash), [undefined, "b", "c", undefined]);
    await journal.append(batch({ definitions: definitions.slice(0, 1) }));
    assert.deepEqual(await journal.definition("a"), definitions[0], "it can come back");
  });
}
