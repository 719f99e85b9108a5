/** A journal that a test can hold up or have fail. */
import { CdktrError, type Run, type Snapshot } from "../../src/core/mod.ts";
import type {
  Batch,
  DefinitionSweep,
  EventSweep,
  Journal,
  OccurrenceQuery,
  RunQuery,
  RunSweep,
} from "../../src/journal/mod.ts";
import { MemoryJournal } from "../../src/journal/mod.ts";

/** What a disk says that takes nothing more. */
export const diskFull = new CdktrError("STORAGE", "Cannot write the journal: no space left on the disk.");

/** Passes everything on to another journal, appends when the test lets it. */
export class GatedJournal implements Journal {
  readonly #journal: Journal;
  #gate = Promise.resolve();
  #open: () => void = () => {};
  #failure: CdktrError | null = null;
  /** How many events each commit had. */
  readonly commits: number[] = [];
  /** Tries to append that failed. */
  failedAppends = 0;
  snapshots = 0;
  failsSnapshots = false;
  /** How many parts a snapshot is saved in. */
  snapshotParts = 1;
  isOnReserve = false;
  hasRoomForReserve = true;
  reserveTries = 0;
  isClosed = false;

  constructor(journal: Journal = new MemoryJournal()) {
    this.#journal = journal;
  }

  /** Appends wait from now on. */
  hold(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    this.#open = resolve;
  }

  /** Lets what waits go on. */
  release(): void {
    this.#open();
  }

  /** Appends fail from now on; null mends it. */
  fail(error: CdktrError | null = diskFull): void {
    this.#failure = error;
  }

  async append(batch: Batch): Promise<void> {
    await this.#gate;
    if (this.#failure !== null) {
      this.failedAppends++;
      throw this.#failure;
    }
    await this.#journal.append(batch);
    this.commits.push(batch.events.length);
  }

  async saveSnapshot(seq: number, snapshot: Snapshot, pause: () => Promise<void>): Promise<void> {
    if (this.failsSnapshots) throw diskFull;
    for (let part = 1; part < this.snapshotParts; part++) await pause();
    this.snapshots++;
    await this.#journal.saveSnapshot(seq, snapshot, pause);
  }

  keepReserve(): Promise<boolean> {
    this.reserveTries++;
    if (this.hasRoomForReserve) this.isOnReserve = false;
    return Promise.resolve(this.hasRoomForReserve);
  }

  recover() {
    return this.#journal.recover();
  }
  eventsAfter(seq: number, limit: number) {
    return this.#journal.eventsAfter(seq, limit);
  }
  eventsOfRun(runId: string) {
    return this.#journal.eventsOfRun(runId);
  }
  eventsWithoutRun(query: OccurrenceQuery) {
    return this.#journal.eventsWithoutRun(query);
  }
  run(runId: string): Promise<Run | undefined> {
    return this.#journal.run(runId);
  }
  runIdsWithPrefix(prefix: string, limit: number) {
    return this.#journal.runIdsWithPrefix(prefix, limit);
  }
  runOfInstance(instanceId: string) {
    return this.#journal.runOfInstance(instanceId);
  }
  runs(query: RunQuery) {
    return this.#journal.runs(query);
  }
  countRuns() {
    return this.#journal.countRuns();
  }
  tasks(runId: string, attempt: number) {
    return this.#journal.tasks(runId, attempt);
  }
  definition(hash: string) {
    return this.#journal.definition(hash);
  }
  removeEvents(sweep: EventSweep) {
    return this.#journal.removeEvents(sweep);
  }
  removeRuns(sweep: RunSweep) {
    return this.#journal.removeRuns(sweep);
  }
  removeDefinitions(sweep: DefinitionSweep) {
    return this.#journal.removeDefinitions(sweep);
  }
  shrink(limitBytes: number) {
    return this.#journal.shrink(limitBytes);
  }
  check() {
    return this.#journal.check();
  }
  close(): Promise<void> {
    this.isClosed = true;
    return this.#journal.close();
  }
}
