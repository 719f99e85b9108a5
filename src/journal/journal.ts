/**
 * The journal: the ordered record of everything the principal decided, and beside it, written in the same commit, tables
 * of runs and their tasks as they stand, so that questions about a million runs need no replay.
 */
import type { Definition, Event, Run, RunState, Snapshot, TaskRun, TriggerKind } from "../core/mod.ts";

/** An event at its place in the journal. */
export interface JournaledEvent {
  /** 1 for the first event; without gaps. */
  readonly seq: number;
  readonly event: Event;
}

/** What one commit writes: all of it or nothing. */
export interface Batch {
  readonly events: readonly JournaledEvent[];
  readonly definitions: readonly Definition[];
  /** Runs and tasks that changed, as they are after the events. */
  readonly runs: readonly Run[];
  readonly tasks: readonly TaskRun[];
}

/** Where a principal's state starts from: a snapshot and what came after it. */
export interface Recovery {
  readonly snapshot: Snapshot | null;
  /** The place of the last event the snapshot contains; 0 without one. */
  readonly snapshotSeq: number;
  readonly events: readonly JournaledEvent[];
}

/** Which runs to list. All conditions must hold; an absent one holds always. */
export interface RunQuery {
  readonly states?: readonly RunState[] | undefined;
  readonly workflowId?: string | undefined;
  readonly triggers?: readonly TriggerKind[] | undefined;
  /** Triggered at or after, Unix milliseconds. */
  readonly sinceMs?: number | undefined;
  /** Triggered before, Unix milliseconds. */
  readonly untilMs?: number | undefined;
  /** Only runs older than this one: the cursor of the page before. */
  readonly beforeRunId?: string | undefined;
  readonly limit: number;
}

/** Runs, newest first. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** Goes into `beforeRunId` for the next page; null on the last. */
  readonly cursor: string | null;
}

/** A journal. Every implementation passes `tests/journal/conformance.ts`. */
export interface Journal {
  /** Reads what is needed to rebuild the state. */
  recover(): Promise<Recovery>;
  /**
   * Writes a batch durably: when the promise resolves, it survives the loss of power.
   *
   * @throws {CdktrError} STORAGE when it could not be written; then nothing of it was, and it may be tried again.
   */
  append(batch: Batch): Promise<void>;
  /** Keeps the state as it was after event `seq`, for a fast {@linkcode Journal.recover}. */
  saveSnapshot(seq: number, snapshot: Snapshot): Promise<void>;
  /** Events after place `seq`, in order, at most `limit`. */
  eventsAfter(seq: number, limit: number): Promise<readonly JournaledEvent[]>;
  /** Everything decided about a run, in order. */
  eventsOfRun(runId: string): Promise<readonly JournaledEvent[]>;
  /** The run of exactly that id. */
  run(runId: string): Promise<Run | undefined>;
  /** Ids that begin with `prefix`, oldest first, at most `limit`. */
  runIdsWithPrefix(prefix: string, limit: number): Promise<readonly string[]>;
  /** The newest run that an original agent called by this id. */
  runOfInstance(instanceId: string): Promise<Run | undefined>;
  /** Lists runs, newest first. */
  runs(query: RunQuery): Promise<RunPage>;
  /** How many runs stand in each state; states without runs are absent. */
  countRuns(): Promise<ReadonlyMap<RunState, number>>;
  /** The tasks of one attempt of a run, in the order they were first reported. */
  tasks(runId: string, attempt: number): Promise<readonly TaskRun[]>;
  /** The definition of that hash. */
  definition(hash: string): Promise<Definition | undefined>;
  /** Releases the journal. */
  close(): Promise<void>;
}
