/** What every journal must do; each implementation's test file calls it. */
import assert from "node:assert/strict";
import { makeRunId, type Run, type TaskRun } from "../../src/core/mod.ts";
import type { Batch, Journal, JournaledEvent } from "../../src/journal/mod.ts";

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
    requires: [],
    state: "PENDING",
    attempt: 0,
    agentId: null,
    session: null,
    instanceId: null,
    cancelReason: null,
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
  };
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
    assert.deepEqual(await journal.recover(), { snapshot: null, snapshotSeq: 0, events: [] });
  });

  test("events come back in order, whole, page by page", async (journal) => {
    const events = Array.from({ length: 25 }, (_, i) => cancelled(i + 1, sampleRun(i).runId));
    await journal.append(batch({ events: events.slice(0, 10) }));
    await journal.append(batch({ events: events.slice(10) }));
    assert.deepEqual((await journal.recover()).events, events);
    assert.deepEqual(await journal.eventsAfter(20, 3), events.slice(20, 23));
    assert.deepEqual(await journal.eventsOfRun(sampleRun(7).runId), events.slice(7, 8));
  });

  test("recovery starts at the snapshot", async (journal) => {
    const events = [1, 2, 3].map((seq) => cancelled(seq, sampleRun(seq).runId));
    await journal.append(batch({ events }));
    const snapshot = {
      runs: [sampleRun(9)],
      tasks: [],
      queue: [],
      definitions: [definition],
      newestHashes: [],
      keys: [],
    };
    await journal.saveSnapshot(1, { ...snapshot, runs: [] });
    await journal.saveSnapshot(2, snapshot);
    assert.deepEqual(await journal.recover(), { snapshot, snapshotSeq: 2, events: events.slice(2) });
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
}
