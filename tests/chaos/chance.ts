/** Chance that can be had again: all that a scenario leaves to it follows from one seed, which is printed. */

/** Pseudo-random numbers: the generator known as mulberry32, good enough to choose whom to kill and when. */
export class Chance {
  readonly seed: number;
  #state: number;

  /** @param seed A whole number from 0 to 2^32 - 1. */
  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed;
  }

  /** The chance of one part of a scenario, so that parts that run at the same time do not take from each other. */
  branch(name: string): Chance {
    let seed = this.seed;
    for (const character of name) seed = (Math.imul(seed, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
    return new Chance(seed);
  }

  /** A number in [0, 1). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** True in `share` of all cases. */
  happens(share: number): boolean {
    return this.fraction() < share;
  }

  /** A number from `low` up to `high`. */
  between(low: number, high: number): number {
    return low + this.fraction() * (high - low);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  /** One of the items; there must be one. */
  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.fraction() * items.length)];
    if (item === undefined) throw new RangeError("there is nothing to choose from");
    return item;
  }

  /** `count` bytes. */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.whole(0, 255));
  }
}

/** The seed of this process: CDKTR_CHAOS_SEED, or any. */
export function chosenSeed(): number {
  const given = Deno.env.get("CDKTR_CHAOS_SEED");
  if (given === undefined) return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const seed = Number(given);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`CDKTR_CHAOS_SEED is "${given}", but it must be a whole number from 0 to ${2 ** 32 - 1}`);
  }
  return seed;
}
