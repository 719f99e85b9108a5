/** How many runs waited, minute by minute and finer: sampled as the principal tells it, and not asked for. */

/** What one sample stands for, in milliseconds. */
export const sampleMs = 5000;
/** Samples that are kept: half an hour of them. */
const keptSamples = 360;

/** See the top of this file. */
export class QueueDepth {
  /** The most that waited within a sample's time, by its number since 1970. */
  readonly #samples = new Map<number, number>();

  /** Takes what the principal told. @param atMs Of its clock, Unix milliseconds. */
  take(atMs: number, depth: number): void {
    const at = Math.floor(atMs / sampleMs);
    this.#samples.set(at, Math.max(this.#samples.get(at) ?? 0, depth));
    for (const old of this.#samples.keys()) {
      if (this.#samples.size <= keptSamples) break;
      this.#samples.delete(old);
    }
  }

  /** The newest samples up to `untilMs`, oldest first; null where nothing was told. */
  newest(count: number, untilMs: number): (number | null)[] {
    const last = Math.floor(untilMs / sampleMs);
    return Array.from({ length: count }, (_, index) => this.#samples.get(last - count + 1 + index) ?? null);
  }
}
