/** Clients that wait for the end of a run. */
import type { Clock } from "../clock/mod.ts";
import { isFinal, type Run } from "../core/mod.ts";
import { hold } from "./hold.ts";

/** Wakes whoever waits for a run once its end is durable. */
export class RunWatch {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the run has ended, the wait is over, or the client is gone. */
  wait(runId: string, waitMs: number, gone: AbortSignal): Promise<void> {
    return hold({ clock: this.#clock, waitMs, gone }, (wake) => {
      const waiting = this.#waiters.get(runId);
      if (waiting === undefined) this.#waiters.set(runId, new Set([wake]));
      else waiting.add(wake);
      return () => this.#remove(runId, wake);
    });
  }

  /** Takes note of runs that changed. */
  notice(runs: readonly Run[]): void {
    for (const run of runs) if (isFinal(run.state)) this.#wake(run.runId);
  }

  /** Wakes everyone. */
  wakeAll(): void {
    for (const runId of [...this.#waiters.keys()]) this.#wake(runId);
  }

  #wake(runId: string): void {
    for (const wake of [...this.#waiters.get(runId) ?? []]) wake();
  }

  #remove(runId: string, wake: () => void): void {
    const waiting = this.#waiters.get(runId);
    waiting?.delete(wake);
    if (waiting?.size === 0) this.#waiters.delete(runId);
  }
}
