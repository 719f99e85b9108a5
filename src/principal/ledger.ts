/**
 * Decides, remembers, then answers: a command is decided at once, its events are committed together with those of every
 * other command of the same turn, and only then does its reply leave.
 */
import process from "node:process";
import { type Clock, sleep } from "../clock/mod.ts";
import {
  CdktrError,
  type CommandOf,
  type CommandType,
  decide,
  type Definition,
  messageOf,
  type ReplyOf,
  type Run,
  type Snapshot,
  State,
  type TaskRun,
} from "../core/mod.ts";
import type { Batch, Journal, JournaledEvent } from "../journal/mod.ts";

/** A snapshot is due after this many events, or as many as there are runs in progress if that is more. */
const snapshotEveryEvents = 10_000;
/** Between two parts of a snapshot the journal takes what waits. */
const snapshotPauseMs = 1;
/** Events are replayed in pages of this many. */
const replayPageEvents = 10_000;
/** The wait between two tries to write a batch that could not be written. */
const retryDelayMs = 500;
/** The wait between two tries to keep space back again after it was used. */
const reserveDelayMs = 5_000;

/** What begins something new. While the disk is full, the last space is for what has begun already. */
const beginnings: ReadonlySet<CommandType> = new Set<CommandType>(["trigger", "retry"]);

/** What is asked for less of while the disk is full: an agent hears what to end, and gets nothing new. */
const sparing: { readonly [T in CommandType]?: (command: CommandOf<T>) => CommandOf<T> } = {
  request_work: (command) => ({ ...command, slots: 0 }),
};

const diskIsFull =
  "The disk of the journal is full: what is under way is recorded in the space kept back, nothing new begins.";
const diskIsFullHint = "Free space on that disk; runs are taken again within seconds once there is room.";

/** What happens to a {@linkcode Ledger}. */
export interface LedgerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  /**
   * Events up to this place are known elsewhere. A journal that was put back or made anew goes on counting behind it, so
   * that what it is given now is not taken for what was there before.
   */
  readonly knownSeq: number;
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
  #savingSnapshot: Promise<void> | null = null;
  #keepingReserve: Promise<void> = Promise.resolve();
  #cancelReserveTimer: (() => void) | null = null;
  /** Why the last batch could not be written. */
  #failure: CdktrError | null = null;
  #snapshotProblem: string | null = null;
  #toldProblem: string | null = null;
  /** Why nothing new may begin. */
  #refusal: CdktrError | null = null;
  readonly #closing = new AbortController();

  private constructor(options: LedgerOptions, state: State, seq: number, snapshotSeq: number) {
    this.#options = options;
    this.state = state;
    this.#seq = seq;
    this.#snapshotSeq = snapshotSeq;
  }

  /**
   * Rebuilds the state from the journal.
   *
   * @throws {CdktrError} STORAGE when the journal cannot be read, when what it holds contradicts itself, or when it has to
   * go on behind `knownSeq` and cannot be written.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const { snapshot, snapshotSeq } = await options.journal.recover();
    const state = snapshot === null ? new State() : State.fromSnapshot(snapshot);
    const seq = await replay(options.journal, state, snapshotSeq);
    const ledger = new Ledger(options, state, seq, snapshotSeq);
    if (seq < options.knownSeq) await ledger.#goOnBehind(options.knownSeq);
    await ledger.#keepReserve();
    return ledger;
  }

  /** The place of the newest event that was decided. */
  get seq(): number {
    return this.#seq;
  }

  /** Why nothing new may begin, apart from what the journal itself says; null when it may. */
  get refusal(): CdktrError | null {
    return this.#refusal;
  }

  /** From now on refuses with this error what would begin something new; with null no more. */
  refuseBeginnings(refusal: CdktrError | null): void {
    this.#refusal = refusal;
  }

  /**
   * Decides a command and resolves once everything it rests on is durable.
   *
   * @throws {CdktrError} STORAGE while the journal cannot be written, or while its disk is full or its file gone and the
   * command would begin something new: it had no effect. SHUTTING_DOWN after close.
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
    const { journal, clock } = this.#options;
    const spared = journal.isOnReserve ? sparing[type]?.(command) : undefined;
    const { events, reply } = decide(this.state, type, spared ?? command, clock.nowMs());
    if (events.length > 0 && this.#failure !== null) throw this.#failure;
    if (events.length > 0 && journal.isOnReserve && beginnings.has(type)) {
      throw new CdktrError("STORAGE", diskIsFull, { hint: diskIsFullHint });
    }
    if (events.length > 0 && this.#refusal !== null && beginnings.has(type)) throw this.#refusal;
    const batch = this.#open;
    for (const event of events) {
      const change = this.state.evolve(event);
      batch.events.push({ seq: ++this.#seq, event });
      if (change.definition !== undefined) batch.definitions.push(change.definition);
      if (change.run !== undefined) batch.runs.set(change.run.runId, change.run);
      for (const task of change.tasks ?? []) {
        batch.tasks.set(`${task.runId}\x01${task.attempt}\x01${task.taskId}`, task);
      }
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

  /** Resolves once it is seen to move: what is decided is durable, or is known to wait for a disk that does not take it. */
  async moves(): Promise<void> {
    if (this.#failure === null) await this.settled().catch(() => {});
  }

  /**
   * Makes durable what is decided, and leaves a snapshot for a fast start, unless the disk is full. A journal that cannot be written gets one more
   * try: what it does not take then is lost, and nobody was told of it. Never throws.
   */
  async close(): Promise<void> {
    this.#closing.abort(new CdktrError("SHUTTING_DOWN", "The principal is shutting down."));
    this.#retryNow();
    this.#cancelReserveTimer?.();
    await Promise.all([this.#writing, this.#savingSnapshot, this.#keepingReserve]);
    if (this.#failure !== null || this.#options.journal.isOnReserve || this.#seq === this.#snapshotSeq) return;
    await this.#saveSnapshot(this.#seq, this.state.toSnapshot(), () => Promise.resolve());
  }

  /** Leaves places out: whoever replays the journal begins with a snapshot behind them. */
  async #goOnBehind(seq: number): Promise<void> {
    await this.#options.journal.saveSnapshot(seq, this.state.toSnapshot(), () => Promise.resolve());
    this.#seq = this.#snapshotSeq = seq;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Writes batch after batch, as long as there is any. */
  async #write(): Promise<void> {
    while (this.#open.events.length > 0) {
      // After the microtasks of this turn: every request that came in with it shares the commit.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      const batch = this.#written = this.#open;
      this.#open = new OpenBatch();
      // Now the state holds this batch and nothing after it.
      const snapshot = this.#isSnapshotDue() ? this.state.toSnapshot() : null;
      const seq = this.#seq;
      const content = batch.toBatch();
      while (!await this.#tryAppend(content)) {
        if (this.#isClosed) return this.#giveUp(batch);
        await this.#pause();
      }
      this.#written = null;
      batch.committed.resolve();
      this.#options.onCommitted(content);
      if (snapshot !== null && !this.#isClosed) this.#savingSnapshot = this.#saveSnapshotBeside(seq, snapshot);
    }
    this.#writing = null;
  }

  async #tryAppend(content: Batch): Promise<boolean> {
    try {
      await this.#options.journal.append(content);
      this.#failure = null;
    } catch (error) {
      this.#failure = error instanceof CdktrError
        ? error
        : new CdktrError("STORAGE", messageOf(error), { cause: error });
    }
    if (this.#options.journal.isOnReserve) this.#keepReserveLater();
    this.#tell();
    return this.#failure === null;
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
    this.#options.onProblem(`The last ${count} events were never written and are lost; nobody was told of them.`);
    this.#writing = null;
  }

  #isSnapshotDue(): boolean {
    if (this.#savingSnapshot !== null || this.#options.journal.isOnReserve) return false;
    const due = Math.max(snapshotEveryEvents, this.state.runs.size);
    return this.#seq - this.#snapshotSeq >= due && this.#seq >= this.#nextSnapshotSeq;
  }

  /** Saves a snapshot while batches go on being written. Closing gives it up: then a newer one is made. */
  async #saveSnapshotBeside(seq: number, snapshot: Snapshot): Promise<void> {
    const { clock } = this.#options;
    await this.#saveSnapshot(seq, snapshot, () => sleep(clock, snapshotPauseMs, this.#closing.signal));
    this.#savingSnapshot = null;
  }

  /** A snapshot only saves time. One that fails is told and tried again much later. Never throws. */
  async #saveSnapshot(seq: number, snapshot: Snapshot, pause: () => Promise<void>): Promise<void> {
    try {
      await this.#options.journal.saveSnapshot(seq, snapshot, pause);
      this.#snapshotSeq = seq;
      this.#snapshotProblem = null;
    } catch (error) {
      if (error === this.#closing.signal.reason) return;
      this.#nextSnapshotSeq = seq + snapshotEveryEvents;
      this.#snapshotProblem = `${messageOf(error)} Without a snapshot the next start takes longer.`;
    }
    this.#tell();
  }

  /** Has space kept back for a full disk, as soon as there is any. */
  async #keepReserve(): Promise<void> {
    const isKept = await this.#options.journal.keepReserve();
    if (!isKept) this.#keepReserveLater();
    this.#tell();
  }

  #keepReserveLater(): void {
    if (this.#cancelReserveTimer !== null || this.#isClosed) return;
    this.#cancelReserveTimer = this.#options.clock.setTimer(reserveDelayMs, () => {
      this.#cancelReserveTimer = null;
      this.#keepingReserve = this.#keepReserve();
    });
  }

  #tell(): void {
    const { journal, onProblem } = this.#options;
    const problem = this.#failure?.message ?? (journal.isOnReserve ? diskIsFull : this.#snapshotProblem);
    if (problem === this.#toldProblem) return;
    this.#toldProblem = problem;
    onProblem(problem);
  }
}

/**
 * Applies what the journal holds after place `seq`.
 *
 * @returns The place of the last event.
 */
async function replay(journal: Journal, state: State, seq: number): Promise<number> {
  for (;;) {
    const page = await journal.eventsAfter(seq, replayPageEvents);
    for (const { seq: place, event } of page) {
      try {
        if (place !== seq + 1) throw new Error(`the one before it is event ${seq}`);
        state.evolve(event);
      } catch (cause) {
        throw new CdktrError(
          "STORAGE",
          `The journal cannot be replayed: event ${place} does not fit, ${messageOf(cause)}.`,
          {
            hint:
              "It is damaged or was written by another version. Name another file in CDKTR_STATE_PATH to start anew.",
            cause,
          },
        );
      }
      seq = place;
    }
    if (page.length < replayPageEvents) return seq;
  }
}
