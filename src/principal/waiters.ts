/** Requests that are held until one thing happens. */
import { hold, type HoldOptions } from "./hold.ts";

/** See the top of this file. */
export class Waiters {
  readonly #wakes = new Set<() => void>();

  /** How many wait. */
  get count(): number {
    return this.#wakes.size;
  }

  /** Resolves when it happens, the wait is over, or the client is gone. */
  wait(options: HoldOptions): Promise<void> {
    return hold(options, (wake) => {
      this.#wakes.add(wake);
      return () => this.#wakes.delete(wake);
    });
  }

  /** It happens: wakes everyone. */
  wakeAll(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}
