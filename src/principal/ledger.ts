/**
 * Decides, remembers, then answers: a command is decided at once, its events are committed together with those of every
 * other command of the same turn, and only then does its reply leave.
 */
import process from "node:process";
import type { Clock } from "../clock/mod.ts";
import {
  CdktrError,
  type CommandOf,
  type CommandType,
  decide,
  type Definition,
  messageOf,
  type ReplyOf,
  type Run,
  State,
  type TaskRun,
} from "../core/mod.ts";
import type { Batch, Journal, JournaledEvent } from "../journal/mod.ts";

/** A snapshot is due after this many events, or four for each run in progress if that is more. */
const snapshotEveryEvents = 10_000;
const snapshotEventsPerRun = 4;
/** The wait between two tries to write a batch that could not be written. */
const retryDelayMs = 500;

/** What happens to a {@linkcode Ledger}. */
export interface LedgerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  /** Called after each commit, in order. It must not throw. */
  readonly onCommitted: (batch: Batch) => void;
  /** Called when a write fails for another reason than before, and with null when writing works again. */
  readonly onProblem: (problem: string | null) => void;
}

/** Collects what one commit writes; the newest word on a run or task wins. */
class OpenBatch {
  readonly events: JournaledEvent[] = [];
  readonly definitions: Definition[] = [];
  readonly runs = new Map<string, Run>();
  readonly tasks = new Map<string, TaskRun>();
  readonly committed = Promise.withResolvers<void>();

  toBatch(): Batch {
    return {
      events: this.events,
      definitions: this.definitions,
      runs: [...this.runs.values()],
      tasks: [...this.tasks.values()],
    };
  }
}

/** The principal's state and the journal that backs it. */
export class Ledger {
  /** What is decided, though maybe not yet committed. Only the ledger changes it. */
  readonly state: State;
  readonly #options: LedgerOptions;
  #open = new OpenBatch();
  /** The batch that is being written; its commit is what replies without events of their own rest on. */
  #written: OpenBatch | null = null;
  #writing: Promise<void> | null = null;
  #retryNow: () => void = () => {};
  #seq: number;
  #snapshotSeq: number;
  /** Where a snapshot is tried again after one that failed. */
  #nextSnapshotSeq = 0;
  #failure: CdktrError | null = null;
  #problem: string | null = null;
  #isClosed = false;

  private constructor(options: LedgerOptions, state: State, seq: number, snapshotSeq: number) {
    this.#options = options;
    this.state = state;
    this.#seq = seq;
    this.#snapshotSeq = snapshotSeq;
  }

  /**
   * Rebuilds the state from the journal.
   *
   * @throws {CdktrError} STORAGE when the journal cannot be read, or when what it holds contradicts itself.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const { snapshot, snapshotSeq, events } = await options.journal.recover();
    const state = snapshot === null ? new State() : State.fromSnapshot(snapshot);
    for (const { seq, event } of events) {
      try {
        state.evolve(event);
      } catch (cause) {
        throw new CdktrError(
          "STORAGE",
          `The journal cannot be replayed: event ${seq} does not fit, ${messageOf(cause)}.`,
          {
            hint:
              "It is damaged or was written by another version. Name another file in CDKTR_STATE_PATH to start anew.",
            cause,
          },
        );
      }
    }
    return new Ledger(options, state, events.at(-1)?.seq ?? snapshotSeq, snapshotSeq);
  }

  /**
   * Decides a command and resolves once everything it rests on is durable.
   *
   * @throws {CdktrError} STORAGE while the journal cannot be written: the command had no effect. SHUTTING_DOWN after close.
   */
  async execute<T extends CommandType>(type: T, command: CommandOf<T>): Promise<ReplyOf<T>> {
    const { reply, committed } = this.executeNow(type, command);
    await committed;
    return reply;
  }

  /** Decides at once and tells when it is durable. Nobody outside may hear the reply before. */
  executeNow<T extends CommandType>(
    type: T,
    command: CommandOf<T>,
  ): { readonly reply: ReplyOf<T>; readonly committed: Promise<void> } {
    if (this.#isClosed) throw new CdktrError("SHUTTING_DOWN", "The principal is shutting down.");
    const { events, reply } = decide(this.state, type, command, this.#options.clock.nowMs());
    if (events.length > 0 && this.#failure !== null) throw this.#failure;
    const batch = this.#open;
    for (const event of events) {
      const change = this.state.evolve(event);
      batch.events.push({ seq: ++this.#seq, event });
      if (change.definition !== undefined) batch.definitions.push(change.definition);
      if (change.run !== undefined) batch.runs.set(change.run.runId, change.run);
      if (change.task !== undefined) batch.tasks.set(`${change.task.runId}\x01${change.task.taskId}`, change.task);
    }
    if (events.length > 0) this.#writing ??= this.#write();
    // A reply that rests on another command's events (a repeated trigger) has to wait for their commit, too.
    return { reply, committed: this.settled() };
  }

  /**
   * Resolves once everything decided so far is durable.
   *
   * @throws {CdktrError} STORAGE when the ledger was closed while the journal could not be written.
   */
  settled(): Promise<void> {
    const newest = this.#open.events.length > 0 ? this.#open : this.#written;
    return newest?.committed.promise ?? Promise.resolve();
  }

  /**
   * Makes durable what is decided, and leaves a snapshot for a fast start. A journal that cannot be written gets one more
   * try: what it does not take then is lost, and nobody was told of it. Never throws.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retryNow();
    await this.#writing;
    if (this.#failure === null && this.#seq > this.#snapshotSeq) await this.#saveSnapshot();
  }

  /** Writes batch after batch, as long as there is any. */
  async #write(): Promise<void> {
    while (this.#open.events.length > 0) {
      // After the microtasks of this turn: every request that came in with it shares the commit.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      const batch = this.#written = this.#open;
      this.#open = new OpenBatch();
      const content = batch.toBatch();
      while (!await this.#tryAppend(content)) {
        if (this.#isClosed) return this.#giveUp(batch);
        await this.#pause();
      }
      this.#written = null;
      batch.committed.resolve();
      this.#options.onCommitted(content);
      if (this.#open.events.length === 0) await this.#snapshotIfDue();
    }
    this.#writing = null;
  }

  async #tryAppend(content: Batch): Promise<boolean> {
    try {
      await this.#options.journal.append(content);
    } catch (error) {
      this.#failure = error instanceof CdktrError
        ? error
        : new CdktrError("STORAGE", messageOf(error), { cause: error });
      this.#tell(this.#failure.message);
      return false;
    }
    if (this.#failure !== null) this.#tell(null);
    this.#failure = null;
    return true;
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancelTimer = this.#options.clock.setTimer(retryDelayMs, resolve);
    this.#retryNow = () => {
      cancelTimer();
      resolve();
    };
    return promise;
  }

  #giveUp(batch: OpenBatch): void {
    for (const { committed } of [batch, this.#open]) {
      committed.promise.catch(() => {}); // Not everything decided has somebody who waits for it.
      committed.reject(this.#failure);
    }
    const count = batch.events.length + this.#open.events.length;
    this.#tell(`The last ${count} events were never written and are lost; nobody was told of them.`);
    this.#writing = null;
  }

  async #snapshotIfDue(): Promise<void> {
    const due = Math.max(snapshotEveryEvents, this.state.runs.size * snapshotEventsPerRun);
    if (this.#seq - this.#snapshotSeq < due || this.#seq < this.#nextSnapshotSeq) return;
    await this.#saveSnapshot();
  }

  /** A snapshot only saves time. One that fails is told and tried again much later. */
  async #saveSnapshot(): Promise<void> {
    const seq = this.#seq;
    try {
      await this.#options.journal.saveSnapshot(seq, this.state.toSnapshot());
      this.#snapshotSeq = seq;
      this.#tell(null);
    } catch (error) {
      this.#nextSnapshotSeq = seq + snapshotEveryEvents;
      this.#tell(`${messageOf(error)} Without a snapshot the next start takes longer.`);
    }
  }

  #tell(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(problem);
  }
}
