/** How long the event loop of this process was held up. */
import { setImmediate } from "node:timers";

/** Watches the turns of the loop as they come by, from its making to {@linkcode LoopWatch.stop}. */
export class LoopWatch {
  #longestStallMs = 0;
  #isStopped = false;
  readonly #ended: Promise<void>;

  constructor() {
    this.#ended = this.#watch();
  }

  /** Resolves to the longest time between two turns, in milliseconds. */
  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#ended;
    return this.#longestStallMs;
  }

  async #watch(): Promise<void> {
    while (!this.#isStopped) {
      const beforeMs = performance.now();
      await new Promise<void>((resolve) => setImmediate(() => resolve()));
      this.#longestStallMs = Math.max(this.#longestStallMs, performance.now() - beforeMs);
    }
  }
}
