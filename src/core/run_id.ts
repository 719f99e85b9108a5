/** Run ids are UUIDs of version 7 (RFC 9562, section 5.7): sorted as text they are sorted by time. */

const timestampHexDigits = 12;

/** Bytes of randomness that an id takes. */
export const runIdRandomBytes = 10;

/**
 * Makes a run id.
 *
 * @param nowMs Unix milliseconds; the first 48 bits of the id.
 * @param randomness At least {@linkcode runIdRandomBytes} random bytes.
 */
export function makeRunId(nowMs: number, randomness: Uint8Array): string {
  const hex = Array.from(randomness.subarray(0, runIdRandomBytes), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  const variant = (8 + (parseInt(hex.charAt(3), 16) & 3)).toString(16);
  const digits = `${timestampHex(nowMs)}7${hex.slice(0, 3)}${variant}${hex.slice(4, 19)}`;
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join("-");
}

/** The timestamp of an id, and the 12 bits behind the version. */
const idForm = /^([\da-f]{8}-[\da-f]{4})-7([\da-f]{3})-/;

/** The largest value of the 12 bits behind the version. */
const maxCounter = 0xfff;

/**
 * Makes run ids that sort in the order they were made, also within a millisecond and while the clock goes back: the 12 bits
 * behind the version are a counter (RFC 9562, section 6.2, method 1).
 */
export class RunIds {
  #lastMs = 0;
  #counter = 0;

  /**
   * @param newest All ids made here sort after this one, although the clock may have been put back since it was made by
   *   another process; null when there is none.
   */
  constructor(newest: string | null = null) {
    const [, timestamp, counter] = idForm.exec(newest ?? "") ?? [];
    if (timestamp === undefined || counter === undefined) return;
    this.#lastMs = Number.parseInt(timestamp.replace("-", ""), 16);
    this.#counter = Number.parseInt(counter, 16);
  }

  /** The next id; the arguments are those of {@linkcode makeRunId}. */
  next(nowMs: number, randomness: Uint8Array): string {
    const bytes = Uint8Array.from(randomness);
    const [first = 0, second = 0] = bytes;
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs;
      this.#counter = (first << 3) | (second >> 5); // Half of the range at most, to leave room for counting.
    } else if (++this.#counter > maxCounter) {
      this.#lastMs++;
      this.#counter = 0;
    }
    bytes[0] = this.#counter >> 4;
    bytes[1] = ((this.#counter & 0xf) << 4) | (second & 0xf);
    return makeRunId(this.#lastMs, bytes);
  }
}

/** A text that sorts before every run id made at `atMs` or later, and after every one made before. */
export function runIdLowerBound(atMs: number): string {
  const digits = timestampHex(atMs);
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}

function timestampHex(atMs: number): string {
  const clamped = Math.min(Math.max(Math.floor(atMs), 0), 2 ** 48 - 1);
  return clamped.toString(16).padStart(timestampHexDigits, "0");
}
