/**
 * The journal: the ordered record of everything the principal decided, and beside it, written in the same commit, tables
 * of runs and their tasks as they stand, so that questions about a million runs need no replay.
 */
import type { Definition, Event, Run, RunState, Snapshot, TaskRun, TriggerKind } from "../core/mod.ts";

/** An event at its place in the journal. */
export interface JournaledEvent {
  /** 1 for the first event; without gaps, but where a snapshot stands at the end of one. */
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

/** Where a principal's state starts from: a snapshot, to which the events after it are applied. */
export interface Recovery {
  readonly snapshot: Snapshot | null;
  /** The place of the last event the snapshot contains; 0 without one. */
  readonly snapshotSeq: number;
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

/** Which of the events that are about no run to list. */
export interface OccurrenceQuery {
  readonly types: readonly Event["type"][];
  /** The workflow they are about; null for those that are about none. */
  readonly workflowId: string | null;
  /** Decided then or before, Unix milliseconds. */
  readonly untilMs: number;
  readonly limit: number;
}

/** Runs, newest first. */
export interface RunPage {
  readonly runs: readonly Run[];
  /** Goes into `beforeRunId` for the next page; null on the last. */
  readonly cursor: string | null;
}

/** Which events {@linkcode Journal.removeEvents} may remove. */
export interface EventSweep {
  /** None after this place: whoever copies events elsewhere has no later ones. */
  readonly throughSeq: number;
  /** Those decided before this time, Unix milliseconds ... */
  readonly beforeMs: number;
  /** ... and of the others all but the newest so many. */
  readonly keepMax: number;
  readonly limit: number;
}

/** Which runs {@linkcode Journal.removeRuns} may remove. */
export interface RunSweep {
  /** Those that ended before this time, Unix milliseconds. */
  readonly finishedBeforeMs: number;
  /** Where the step before ended, its `next`; "" for the first. */
  readonly after: string;
  /** Rows, of runs and tasks, at most. */
  readonly limit: number;
}

/** Which definitions {@linkcode Journal.removeDefinitions} may remove. */
export interface DefinitionSweep {
  /** Whether the principal may still refer to it, though no run does. */
  readonly isInUse: (hash: string) => boolean;
  /** Where the step before ended, its `next`; "" for the first. */
  readonly after: string;
  readonly limit: number;
}

/** What one step removed. */
export interface Swept {
  readonly removed: number;
  /** Where the next step goes on; null when this was the last. */
  readonly next: string | null;
}

/** A journal. Every implementation passes `tests/journal/conformance.ts`. */
export interface Journal {
  /** Reads the latest snapshot. */
  recover(): Promise<Recovery>;
  /**
   * Writes a batch durably: when the promise resolves, it survives the loss of power.
   *
   * @throws {CdktrError} STORAGE when it could not be written; then nothing of it was, and it may be tried again.
   */
  append(batch: Batch): Promise<void>;
  /**
   * Keeps the state as it was after event `seq`, for a fast {@linkcode Journal.recover}. Batches may be appended meanwhile.
   *
   * @param snapshot Must not change any more.
   * @param pause Waited for between the parts of a large one. When it rejects, the snapshot is given up, with its reason.
   * @throws {CdktrError} STORAGE when it could not be written; the one before counts on.
   */
  saveSnapshot(seq: number, snapshot: Snapshot, pause: () => Promise<void>): Promise<void>;
  /** Events after place `seq`, in order, at most `limit`. */
  eventsAfter(seq: number, limit: number): Promise<readonly JournaledEvent[]>;
  /** Everything decided about a run, in order. */
  eventsOfRun(runId: string): Promise<readonly JournaledEvent[]>;
  /** Events that are about no run, the one decided last first. */
  eventsWithoutRun(query: OccurrenceQuery): Promise<readonly JournaledEvent[]>;
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
  /**
   * Removes the oldest events, never one after the latest snapshot. What is left has no gaps.
   *
   * @returns How many were removed; fewer than `limit` when nothing else may go.
   */
  removeEvents(sweep: EventSweep): Promise<number>;
  /** Removes the oldest of the runs that ended, with their tasks. A run of which only some tasks were removed counts later. */
  removeRuns(sweep: RunSweep): Promise<Swept>;
  /** Removes definitions that no run refers to. */
  removeDefinitions(sweep: DefinitionSweep): Promise<Swept>;
  /**
   * Gives room that removed rows left behind back to the disk.
   *
   * @returns How many bytes, at most `limitBytes`; 0 when there is nothing worth it or the file cannot be made smaller.
   */
  shrink(limitBytes: number): Promise<number>;
  /** Whether the disk is full and the journal writes into the space that was kept back for that. */
  readonly isOnReserve: boolean;
  /** Keeps that space back (again). Resolves to false when there is no room for it. Never rejects. */
  keepReserve(): Promise<boolean>;
  /**
   * Reads everything and resolves to what is wrong with it, one sentence each; nothing when it is sound. Whatever else is
   * asked waits: seconds for each gigabyte.
   */
  check(): Promise<readonly string[]>;
  /** Releases the journal. */
  close(): Promise<void>;
}
