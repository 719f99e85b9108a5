/**
 * Drives rows from the buffer into the database: one batch at a time, begun when the oldest row has waited for the flush
 * interval, when a batch is full, or when somebody asks; tried again with growing pauses until it is committed.
 *
 * States: `waiting` (for rows, the interval, or the pause after a failure) -> `sending` (chunks, paced by the worker so
 * that no turn of the main loop sends more than one or two) -> `committing` -> `waiting`. While the database is being
 * opened nothing is begun (`suspended`), and a batch that was under way stays as it is until the database, open again,
 * says which batch it committed last. Each try has a number of its own, greater than all before it in this database.
 */
import type { Clock } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import { batchChars, batchRows, type PendingBatch, type RowBuffer } from "./buffer.ts";
import type { Failure } from "./failure.ts";
import type { Positions } from "./marks.ts";
import type { Report, Request } from "./protocol.ts";

/** Chunks that are sent ahead: one that the worker appends, one that waits for it. */
const chunksAhead = 2;

/** The pause after a first failure, in milliseconds. It doubles with each further one. */
const firstPauseMs = 500;
/** The longest pause between two tries, in milliseconds. */
const longestPauseMs = 10_000;

/** What a {@linkcode Writer} needs. */
export interface WriterOptions {
  buffer: RowBuffer;
  clock: Clock;
  flushIntervalMs: number;
  post: (request: Request) => void;
  /** A batch is committed, but for the rows that were refused. */
  onCommitted: (batch: CommittedBatch) => void;
  /** A batch was not written. It stays in the buffer. */
  onFailed: (failure: Failure) => void;
}

/** What was committed. */
export interface CommittedBatch {
  number: number;
  rows: number;
  marks: Positions;
  refusedRows: number;
  refusal: string | undefined;
}

interface Sending extends PendingBatch {
  id: number;
  sent: number;
  accepted: number;
}

interface Flush {
  place: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** See the top of this file. */
export class Writer {
  readonly #options: WriterOptions;
  #nextBatch = 1;
  #batch: Sending | undefined;
  #suspended = false;
  #paused = false;
  #isDue = false;
  #failures = 0;
  #cancelTimer: (() => void) | undefined;
  #flushes: Flush[] = [];

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Rows were added to the buffer. */
  rowsAdded(): void {
    const { buffer, clock, flushIntervalMs } = this.#options;
    if (buffer.rows >= batchRows || buffer.chars >= batchChars) this.#begin();
    if (this.#batch !== undefined || this.#cancelTimer !== undefined || buffer.isEmpty) return;
    this.#cancelTimer = clock.setTimer(flushIntervalMs, () => this.#timerFired());
  }

  /** Resolves when every row added before is committed, or was given up and reported. */
  flush(): Promise<void> {
    const place = this.#options.buffer.place();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#flushes.push({ place, resolve, reject });
    this.#isDue = true;
    this.#settleFlushes();
    this.#begin();
    return promise;
  }

  /** Writes nothing until `resume`. */
  suspend(): void {
    this.#suspended = true;
  }

  /**
   * The database is open again: what became of a batch that was under way is known.
   *
   * @param lastBatch The number of the batch that it committed last.
   */
  settle(lastBatch: number): void {
    const batch = this.#batch;
    this.#nextBatch = Math.max(this.#nextBatch, lastBatch + 1);
    if (batch === undefined) return;
    if (batch.id === lastBatch) return this.#committed(batch, { refusedRows: 0, refusal: undefined });
    this.#batch = undefined;
    this.#options.buffer.release();
  }

  /** Writes again, at once if there is anything to write. */
  resume(): void {
    this.#suspended = false;
    this.#settleFlushes();
    this.retryNow();
  }

  /** Whether batches may begin; one that is under way is finished. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.retryNow();
  }

  /** If a pause is on before the next try to write, ends it. */
  retryNow(): void {
    this.#isDue = true;
    this.#begin(true);
  }

  /** Takes notice of what the worker says about a batch. */
  handle(report: Report & { type: "accepted" | "committed" | "failed" }): void {
    const batch = this.#batch;
    if (batch === undefined || report.batch !== batch.id) return;
    switch (report.type) {
      case "accepted":
        batch.accepted++;
        if (!this.#suspended) this.#send(batch);
        return;
      case "committed":
        return this.#committed(batch, { refusedRows: report.refusedRows, refusal: report.refusal });
      case "failed":
        return this.#failed(report.failure);
    }
  }

  /** Ends all timers and waits. */
  stop(): void {
    this.suspend();
    this.#batch = undefined;
    this.#stopTimer();
    const closed = new CdktrError("SHUTTING_DOWN", "History was closed before these rows were committed.");
    for (const flush of this.#flushes.splice(0)) flush.reject(closed);
  }

  /** Begins a batch if there is reason to. After a failure only the end of the pause is reason enough. */
  #begin(isPauseOver = this.#failures === 0): void {
    const { buffer } = this.#options;
    if (this.#suspended || this.#paused || this.#batch !== undefined || !isPauseOver || buffer.isEmpty) return;
    this.#stopTimer();
    this.#isDue = false;
    this.#batch = { ...buffer.take(), id: this.#nextBatch++, sent: 0, accepted: 0 };
    this.#send(this.#batch);
  }

  #send(batch: Sending): void {
    while (batch.sent - batch.accepted < chunksAhead) {
      const chunk = batch.chunks[batch.sent];
      if (chunk === undefined) break;
      batch.sent++;
      this.#options.post({ type: "rows", batch: batch.id, chunk });
    }
    if (batch.accepted < batch.chunks.length) return;
    const { id, chunks, marks } = batch;
    const columns = { streams: [...marks.keys()], positions: [...marks.values()] };
    const nowMs = this.#options.clock.nowMs();
    this.#options.post({ type: "commit", batch: id, chunks: chunks.length, marks: columns, nowMs });
  }

  #committed(batch: Sending, { refusedRows, refusal }: Pick<CommittedBatch, "refusedRows" | "refusal">): void {
    const { buffer, onCommitted } = this.#options;
    this.#batch = undefined;
    this.#failures = 0;
    buffer.settle();
    onCommitted({ number: batch.id, rows: batch.rows, marks: batch.marks, refusedRows, refusal });
    this.#settleFlushes();
    if (this.#isDue || this.#flushes.length > 0) this.#begin();
    this.rowsAdded();
  }

  #failed(failure: Failure): void {
    const { buffer, clock, onFailed } = this.#options;
    // Whether it was committed shows when the database is opened again.
    if (failure.kind !== "invalidated") {
      this.#batch = undefined;
      buffer.release();
    }
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures, longestPauseMs);
    this.#failures++;
    this.#stopTimer();
    this.#cancelTimer = clock.setTimer(pauseMs, () => this.#timerFired());
    onFailed(failure);
  }

  #timerFired(): void {
    this.#cancelTimer = undefined;
    this.#isDue = true;
    this.#begin(true);
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #settleFlushes(): void {
    const { buffer } = this.#options;
    this.#flushes = this.#flushes.filter((flush) => {
      if (!buffer.isPast(flush.place)) return true;
      flush.resolve();
      return false;
    });
  }
}
