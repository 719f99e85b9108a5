/** A duty that is done again and again. */
import { type Clock, sleep } from "../../clock/mod.ts";

/** What is done when. */
export interface PeriodicOptions {
  readonly clock: Clock;
  /** From the start to the first time, in milliseconds. */
  readonly firstAfterMs: number;
  /** From the end of one time to the next, in milliseconds. */
  readonly againAfterMs: number;
  /** Must not reject. `signal` aborts when it is to end. */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

/** Does it from start to stop. */
export class Periodic {
  readonly #options: PeriodicOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: PeriodicOptions) {
    this.#options = options;
  }

  /** Aborts when it is to end. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Begins. */
  start(): void {
    this.#running = this.#run();
  }

  /** Resolves once nothing goes on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, firstAfterMs, againAfterMs, work } = this.#options;
    for (let waitMs = firstAfterMs; !this.signal.aborted; waitMs = againAfterMs) {
      await sleep(clock, waitMs, this.signal).catch(() => {});
      if (!this.signal.aborted) await work(this.signal);
    }
  }
}
