/** Reports on their way to the principal: in order, in batches, kept until taken. */
import { type Clock, sleep } from "../clock/mod.ts";
import { isWorthAnotherTry } from "../client/mod.ts";
import { messageOf, type OperatorLog, type Report } from "../core/mod.ts";
import type { Patience } from "./patience.ts";

/**
 * Characters of outputs in one batch, besides its first report. One may take six bytes as JSON; a batch must stay well
 * below the largest message of 64 MiB.
 */
const batchOutputCharsMax = 4 * 1024 * 1024;

/** What an outbox needs. */
export interface ReportOutboxOptions {
  readonly clock: Clock;
  readonly patience: Patience;
  readonly log: OperatorLog;
  /** Reports sent together at most. */
  readonly batchMax: number;
  /** Sends reports; resolves when the principal has taken them. */
  readonly send: (reports: readonly Report[]) => Promise<void>;
}

/** See the top of this file. */
export class ReportOutbox {
  readonly #options: ReportOutboxOptions;
  #waiting: Report[] = [];
  readonly #waitingOfRun = new Map<string, number>();
  #sending: Promise<void> | null = null;
  /** So many of the first reports are sent one by one, because one of them is refused. */
  #oneByOne = 0;

  constructor(options: ReportOutboxOptions) {
    this.#options = options;
  }

  /** What was not taken yet, in order. */
  get waiting(): readonly Report[] {
    return this.#waiting;
  }

  /** Whether a report about this run was not taken yet. */
  has(runId: string): boolean {
    return this.#waitingOfRun.has(runId);
  }

  /** Queues a report. */
  add(report: Report): void {
    this.#waiting.push(report);
    this.#waitingOfRun.set(report.runId, (this.#waitingOfRun.get(report.runId) ?? 0) + 1);
    this.#sending ??= this.#sendAll();
  }

  /** Resolves when nothing waits any more, or the patience with the principal is at its end. */
  async settled(): Promise<void> {
    if (this.#waiting.length > 0) this.#sending ??= this.#sendAll();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    // A microtask later: what is reported together is sent together.
    await Promise.resolve();
    while (this.#waiting.length > 0 && await this.#sendSome());
    // In the very step of the last look: a report that is added from now on begins anew.
    this.#sending = null;
  }

  /** @returns Whether to go on; not once the patience is at its end. */
  async #sendSome(): Promise<boolean> {
    const { clock, patience, log, send, batchMax } = this.#options;
    const batch = nextBatch(this.#waiting, this.#oneByOne > 0 ? 1 : batchMax);
    try {
      await send(batch);
      patience.succeeded();
    } catch (error) {
      if (isWorthAnotherTry(error)) {
        const pauseMs = patience.failed();
        if (pauseMs !== null) await sleep(clock, pauseMs);
        return pauseMs !== null;
      }
      if (batch.length > 1) {
        // One report that the principal cannot take must not take the others along.
        this.#oneByOne = batch.length;
        return true;
      }
      for (const { runId } of batch) {
        log.error(`the principal refused a report about run ${runId}: ${messageOf(error)}`);
      }
    }
    this.#forget(batch);
    return true;
  }

  #forget(batch: readonly Report[]): void {
    this.#waiting = this.#waiting.slice(batch.length);
    this.#oneByOne = Math.max(this.#oneByOne - batch.length, 0);
    for (const { runId } of batch) {
      const left = (this.#waitingOfRun.get(runId) ?? 0) - 1;
      if (left > 0) this.#waitingOfRun.set(runId, left);
      else this.#waitingOfRun.delete(runId);
    }
  }
}

function nextBatch(waiting: readonly Report[], batchMax: number): readonly Report[] {
  let chars = 0;
  const end = waiting.slice(0, batchMax).findIndex((report, index) => {
    chars += outputChars(report);
    return index > 0 && chars > batchOutputCharsMax;
  });
  return waiting.slice(0, end === -1 ? batchMax : end);
}

function outputChars(report: Report): number {
  if (report.kind !== "task" || report.outputs === null) return 0;
  return Object.entries(report.outputs).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}
