/** Reports on their way to the principal: in order, in batches, kept until taken. */
import { type Clock, sleep } from "../clock/mod.ts";
import { CdktrError, messageOf, type Report } from "../core/mod.ts";
import type { AgentLog } from "./agent_log.ts";
import type { Patience } from "./patience.ts";

/** What an outbox needs. */
export interface ReportOutboxOptions {
  readonly clock: Clock;
  readonly patience: Patience;
  readonly log: AgentLog;
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

  constructor(options: ReportOutboxOptions) {
    this.#options = options;
  }

  /** How many reports were not taken yet. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Whether a report about this run was not taken yet. */
  has(runId: string): boolean {
    return this.#waitingOfRun.has(runId);
  }

  /** Queues a report. */
  add(report: Report): void {
    this.#waiting.push(report);
    this.#waitingOfRun.set(report.runId, (this.#waitingOfRun.get(report.runId) ?? 0) + 1);
    // Begun in a microtask: what is reported together is sent together.
    this.#sending ??= Promise.resolve().then(() => this.#sendAll()).finally(() => this.#sending = null);
  }

  /** Resolves when nothing waits any more, or the patience with the principal is at its end. */
  async settled(): Promise<void> {
    if (this.#waiting.length > 0) this.#sending ??= this.#sendAll().finally(() => this.#sending = null);
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    const { clock, patience, log, send, batchMax } = this.#options;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, batchMax);
      try {
        await send(batch);
        patience.succeeded();
      } catch (error) {
        if (!isWorthAnotherTry(error)) {
          log.error(`the principal refused ${batch.length} reports: ${messageOf(error)}`);
        } else {
          const pauseMs = patience.failed();
          if (pauseMs === null) return;
          await sleep(clock, pauseMs);
          continue;
        }
      }
      this.#forget(batch);
    }
  }

  #forget(batch: readonly Report[]): void {
    this.#waiting = this.#waiting.slice(batch.length);
    for (const { runId } of batch) {
      const left = (this.#waitingOfRun.get(runId) ?? 0) - 1;
      if (left > 0) this.#waitingOfRun.set(runId, left);
      else this.#waitingOfRun.delete(runId);
    }
  }
}

/** Whether the same request may succeed later: the principal is away, slow, or cannot write at present. */
export function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof CdktrError &&
    ["UNREACHABLE", "TIMED_OUT", "STORAGE", "LIMIT_EXCEEDED", "SHUTTING_DOWN"].includes(error.code);
}
