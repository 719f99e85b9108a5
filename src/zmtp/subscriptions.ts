/** The subscriptions of one side, with repetitions counted: each one needs its own cancellation. */

/** Topics and how often each is subscribed to. */
export class Subscriptions {
  readonly #topics = new Map<string, { readonly topic: Uint8Array; count: number }>();
  #bytes = 0;

  /** Number of distinct topics. */
  get size(): number {
    return this.#topics.size;
  }

  /** Bytes of the distinct topics. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds one subscription; the topic is copied. Returns whether it is the first to its topic. */
  add(topic: Uint8Array): boolean {
    const key = topic.toHex();
    const entry = this.#topics.get(key);
    if (entry) {
      entry.count++;
      return false;
    }
    this.#topics.set(key, { topic: topic.slice(), count: 1 });
    this.#bytes += topic.length;
    return true;
  }

  /** Takes one subscription back. Returns whether it was the last to its topic; `false` if there was none. */
  remove(topic: Uint8Array): boolean {
    const key = topic.toHex();
    const entry = this.#topics.get(key);
    if (!entry || --entry.count > 0) return false;
    this.#topics.delete(key);
    this.#bytes -= topic.length;
    return true;
  }

  /** The distinct topics. */
  *topics(): Iterable<Uint8Array> {
    for (const { topic } of this.#topics.values()) yield topic;
  }
}
