/** Randomness that is the same in every run with the same seed. */
import type { Random } from "../../src/clock/mod.ts";

/** A stream of numbers that follows from its seed (sfc32 by Chris Doty-Humphrey, PractRand). */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed Any text; streams of different seeds have nothing to do with each other. */
  constructor(readonly seed: string) {
    [this.#a, this.#b, this.#c] = [hash(seed, 1), hash(seed, 2), hash(seed, 3)];
    for (let round = 0; round < 15; round++) this.#next();
  }

  /** A stream of its own, so that drawing more here moves nothing there. */
  fork(name: string): SeededRandom {
    return new SeededRandom(`${this.seed}/${name}`);
  }

  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: count }, () => this.#next() & 0xff);
  }

  /** A whole number, both ends included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.fraction() * (to - from + 1));
  }

  /** A number between two others. */
  between(from: number, to: number): number {
    return from + this.fraction() * (to - from);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of several; there must be one. */
  pick<T>(options: readonly T[]): T {
    const picked = options[this.integer(0, options.length - 1)];
    if (picked === undefined) throw new Error("there is nothing to pick from");
    return picked;
  }

  /** A waiting time as independent arrivals have it, in the unit of `mean`. */
  exponential(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
}

/** FNV-1a over the text, salted. */
function hash(text: string, salt: number): number {
  let value = 2166136261 ^ salt;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value | 0;
}
