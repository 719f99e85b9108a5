/** Clients that wait for the end of a run. */
import type { Clock } from "../clock/mod.ts";
import { isFinal, type Run } from "../core/mod.ts";
import { Waiters } from "./waiters.ts";

/** Wakes whoever waits for a run once its end is durable. */
export class RunWatch {
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Waiters>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the run has ended, the wait is over, or the client is gone. */
  async wait(runId: string, waitMs: number, gone: AbortSignal): Promise<void> {
    const waiters = this.#waiters.get(runId) ?? new Waiters();
    this.#waiters.set(runId, waiters);
    await waiters.wait({ clock: this.#clock, waitMs, gone });
    // Others may have been first, and somebody may wait for it anew by now.
    if (waiters.count === 0 && this.#waiters.get(runId) === waiters) this.#waiters.delete(runId);
  }

  /** Takes note of runs that changed. */
  notice(runs: readonly Run[]): void {
    for (const run of runs) if (isFinal(run.state)) this.#waiters.get(run.runId)?.wakeAll();
  }

  /** Wakes everyone. */
  wakeAll(): void {
    for (const waiters of [...this.#waiters.values()]) waiters.wakeAll();
  }
}
