/** Wakes whoever waits for a change, as often as there is one. */
export class Pulse {
  #next = Promise.withResolvers<void>();

  /** Resolves at the next {@linkcode Pulse.beat}. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** Tells of a change. */
  beat(): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }
}
