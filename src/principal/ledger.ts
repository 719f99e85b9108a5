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
  /** Called when a write fails, and with null when writing works again. */
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
  #writing: Promise<void> | null = null;
  #isScheduled = false;
  #seq: number;
  #snapshotSeq: number;
  #failure: CdktrError | null = null;
  #isClosed = false;

  private constructor(options: LedgerOptions, state: State, seq: number, snapshotSeq: number) {
    this.#options = options;
    this.state = state;
    this.#seq = seq;
    this.#snapshotSeq = snapshotSeq;
  }

  /** Rebuilds the state from the journal. */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const { snapshot, snapshotSeq, events } = await options.journal.recover();
    const state = snapshot === null ? new State() : State.fromSnapshot(snapshot);
    for (const { event } of events) state.evolve(event);
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
    if (events.length > 0) this.#schedule();
    // A reply that rests on another command's events (a repeated trigger) has to wait for their commit, too.
    const committed = batch.events.length > 0 ? batch.committed.promise : this.#writing ?? Promise.resolve();
    return { reply, committed };
  }

  /** Resolves once everything decided so far is durable. */
  async settled(): Promise<void> {
    await (this.#open.events.length > 0 ? this.#open.committed.promise : this.#writing);
  }

  /** Waits for what is decided to be durable, and leaves a snapshot for a fast start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#writing !== null || this.#open.events.length > 0) {
      await (this.#writing ?? this.#open.committed.promise);
      if (this.#failure !== null) return;
    }
    if (this.#seq > this.#snapshotSeq) await this.#options.journal.saveSnapshot(this.#seq, this.state.toSnapshot());
  }

  #schedule(): void {
    if (this.#isScheduled || this.#writing !== null) return;
    this.#isScheduled = true;
    // After the microtasks of this turn: every request that came in with it shares the commit.
    process.nextTick(() => {
      this.#isScheduled = false;
      this.#writing = this.#write();
    });
  }

  async #write(): Promise<void> {
    const batch = this.#open;
    this.#open = new OpenBatch();
    const content = batch.toBatch();
    while (!await this.#tryAppend(content)) {
      if (this.#isClosed) break;
      await new Promise<void>((resolve) => this.#options.clock.setTimer(retryDelayMs, resolve));
    }
    this.#writing = null;
    if (this.#failure !== null) {
      batch.committed.promise.catch(() => {});
      batch.committed.reject(this.#failure);
      return;
    }
    batch.committed.resolve();
    this.#options.onCommitted(content);
    if (this.#open.events.length > 0) this.#schedule();
    else await this.#snapshotIfDue();
  }

  async #tryAppend(content: Batch): Promise<boolean> {
    try {
      await this.#options.journal.append(content);
    } catch (error) {
      this.#failure = error instanceof CdktrError
        ? error
        : new CdktrError("STORAGE", messageOf(error), { cause: error });
      this.#options.onProblem(this.#failure.message);
      return false;
    }
    if (this.#failure !== null) this.#options.onProblem(null);
    this.#failure = null;
    return true;
  }

  async #snapshotIfDue(): Promise<void> {
    const due = Math.max(snapshotEveryEvents, this.state.runs.size * snapshotEventsPerRun);
    if (this.#seq - this.#snapshotSeq < due) return;
    const seq = this.#seq;
    try {
      await this.#options.journal.saveSnapshot(seq, this.state.toSnapshot());
      this.#snapshotSeq = seq;
    } catch (error) {
      this.#options.onProblem(messageOf(error));
    }
  }
}
