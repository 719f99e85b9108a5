/** Calls that wait their turn, first come first served, each until it is served, its signal aborts or all are refused. */

import { Deque } from "./deque.ts";

interface Waiter<Want, Got> {
  readonly want: Want;
  readonly resolve: (got: Got) => void;
  readonly reject: (reason: unknown) => void;
}

/** A queue of waiting calls. `Want` is what a call brings along, `Got` what it is served with. */
export class Waiters<Want, Got> {
  readonly #queue = new Deque<Waiter<Want, Got>>();

  get length(): number {
    return this.#queue.length;
  }

  /**
   * Joins the queue.
   *
   * @throws The reason of `signal`, when it aborts first.
   */
  wait(want: Want, signal: AbortSignal | undefined): Promise<Got> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      if (!signal) {
        this.#queue.push({ want, resolve, reject });
        return;
      }
      const onAbort = () => {
        this.#queue.delete(waiter);
        reject(signal.reason);
      };
      const leave = () => signal.removeEventListener("abort", onAbort);
      const waiter: Waiter<Want, Got> = {
        want,
        resolve: (got) => {
          leave();
          resolve(got);
        },
        reject: (reason) => {
          leave();
          reject(reason);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(waiter);
    });
  }

  /** What the first call in the queue brought along. */
  first(): Want | undefined {
    return this.#queue.peek()?.want;
  }

  /** Serves the first call. */
  serve(got: Got): void {
    this.#queue.shift()?.resolve(got);
  }

  /** Ends every wait with an error. */
  refuseAll(error: Error): void {
    for (;;) {
      const waiter = this.#queue.shift();
      if (!waiter) return;
      waiter.reject(error);
    }
  }
}
