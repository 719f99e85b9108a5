/** Where randomness comes from. The only file that asks the system for it. */

/** A source of randomness. */
export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  /** `count` random bytes, fit for identifiers. */
  bytes(count: number): Uint8Array<ArrayBuffer>;
}

/** The machine's own randomness. */
export const systemRandom: Random = {
  fraction: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};
