/** A journal that lasts as long as the process: for tests and simulation. */
import {
  type Definition,
  isFinal,
  type Run,
  runIdLowerBound,
  type RunState,
  type Snapshot,
  type TaskRun,
} from "../core/mod.ts";
import type {
  Batch,
  DefinitionSweep,
  EventSweep,
  Journal,
  JournaledEvent,
  OccurrenceQuery,
  Recovery,
  RunPage,
  RunQuery,
  RunSweep,
  Swept,
} from "./journal.ts";

/** Keeps everything in memory. */
export class MemoryJournal implements Journal {
  readonly isOnReserve = false;
  readonly #events: JournaledEvent[] = [];
  readonly #definitions = new Map<string, Definition>();
  readonly #runs = new Map<string, Run>();
  readonly #tasks = new Map<string, TaskRun>();
  #snapshot: Snapshot | null = null;
  #snapshotSeq = 0;

  recover(): Promise<Recovery> {
    return Promise.resolve({ snapshot: this.#snapshot, snapshotSeq: this.#snapshotSeq });
  }

  append(batch: Batch): Promise<void> {
    for (const event of batch.events) this.#events.push(event);
    for (const definition of batch.definitions) this.#definitions.set(definition.hash, definition);
    for (const run of batch.runs) this.#runs.set(run.runId, run);
    for (const task of batch.tasks) this.#tasks.set(`${task.runId}\x01${task.attempt}\x01${task.taskId}`, task);
    return Promise.resolve();
  }

  saveSnapshot(seq: number, snapshot: Snapshot): Promise<void> {
    this.#snapshot = snapshot;
    this.#snapshotSeq = seq;
    return Promise.resolve();
  }

  eventsAfter(seq: number, limit: number): Promise<readonly JournaledEvent[]> {
    return Promise.resolve(this.#events.filter((journaled) => journaled.seq > seq).slice(0, limit));
  }

  eventsOfRun(runId: string): Promise<readonly JournaledEvent[]> {
    return Promise.resolve(this.#events.filter(({ event }) => "runId" in event && event.runId === runId));
  }

  eventsWithoutRun({ types, workflowId, untilMs, limit }: OccurrenceQuery): Promise<readonly JournaledEvent[]> {
    const found = this.#events.filter(({ event }) =>
      types.includes(event.type) && !("runId" in event) && event.atMs <= untilMs &&
      ("workflowId" in event ? event.workflowId : null) === workflowId
    );
    return Promise.resolve(found.sort(latestFirst).slice(0, limit));
  }

  run(runId: string): Promise<Run | undefined> {
    return Promise.resolve(this.#runs.get(runId));
  }

  runIdsWithPrefix(prefix: string, limit: number): Promise<readonly string[]> {
    const ids = [...this.#runs.keys()].filter((id) => id.startsWith(prefix)).sort();
    return Promise.resolve(ids.slice(0, limit));
  }

  runOfInstance(instanceId: string): Promise<Run | undefined> {
    return Promise.resolve(this.#newestFirst().find((run) => run.instanceId === instanceId));
  }

  runs(query: RunQuery): Promise<RunPage> {
    const { sinceMs, untilMs, beforeRunId } = query;
    const found = this.#newestFirst().filter((run) =>
      (query.states === undefined || query.states.includes(run.state)) &&
      (query.workflowId === undefined || query.workflowId === run.workflowId) &&
      (query.triggers === undefined || query.triggers.includes(run.trigger)) &&
      (sinceMs === undefined || run.runId >= runIdLowerBound(sinceMs)) &&
      (untilMs === undefined || run.runId < runIdLowerBound(untilMs)) &&
      (beforeRunId === undefined || run.runId < beforeRunId)
    );
    const runs = found.slice(0, query.limit);
    return Promise.resolve({ runs, cursor: found.length > runs.length ? runs.at(-1)?.runId ?? null : null });
  }

  countRuns(): Promise<ReadonlyMap<RunState, number>> {
    const counts = new Map<RunState, number>();
    for (const { state } of this.#runs.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return Promise.resolve(counts);
  }

  tasks(runId: string, attempt: number): Promise<readonly TaskRun[]> {
    const tasks = [...this.#tasks.values()].filter((task) => task.runId === runId && task.attempt === attempt);
    return Promise.resolve(tasks);
  }

  definition(hash: string): Promise<Definition | undefined> {
    return Promise.resolve(this.#definitions.get(hash));
  }

  removeEvents({ throughSeq, beforeMs, keepMax, limit }: EventSweep): Promise<number> {
    const lastRemovable = Math.min(throughSeq, this.#snapshotSeq);
    let removed = 0;
    for (const { seq, event } of this.#events) {
      const isOld = event.atMs < beforeMs || this.#events.length - removed > keepMax;
      if (removed === limit || seq > lastRemovable || !isOld) break;
      removed++;
    }
    this.#events.splice(0, removed);
    return Promise.resolve(removed);
  }

  removeRuns({ finishedBeforeMs, after, limit }: RunSweep): Promise<Swept> {
    let removed = 0;
    const runs = this.#newestFirst().reverse().filter(({ runId, state }) => isFinal(state) && runId > after);
    const step = runs.slice(0, limit);
    for (const { runId, finishedAtMs } of step) {
      if (finishedAtMs === null || finishedAtMs >= finishedBeforeMs) continue;
      for (const [key, task] of this.#tasks) if (task.runId === runId) this.#tasks.delete(key);
      this.#runs.delete(runId);
      removed++;
    }
    return Promise.resolve({ removed, next: step.length < runs.length ? step.at(-1)?.runId ?? null : null });
  }

  removeDefinitions({ isInUse, after, limit }: DefinitionSweep): Promise<Swept> {
    const used = new Set([...this.#runs.values()].map(({ definitionHash }) => definitionHash));
    const unused = [...this.#definitions.keys()].filter((hash) => !used.has(hash) && hash > after).sort();
    const step = unused.slice(0, limit);
    const removed = step.filter((hash) => !isInUse(hash));
    for (const hash of removed) this.#definitions.delete(hash);
    return Promise.resolve({ removed: removed.length, next: step.length < unused.length ? step.at(-1) ?? null : null });
  }

  shrink(): Promise<number> {
    return Promise.resolve(0);
  }

  keepReserve(): Promise<boolean> {
    return Promise.resolve(true);
  }

  check(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #newestFirst(): Run[] {
    return [...this.#runs.values()].sort((a, b) => a.runId < b.runId ? 1 : -1);
  }
}

function latestFirst(a: JournaledEvent, b: JournaledEvent): number {
  return b.event.atMs - a.event.atMs || b.seq - a.seq;
}
