/** Run ids are UUIDs of version 7 (RFC 9562, section 5.7): sorted as text they are sorted by time. */

const timestampHexDigits = 12;

/**
 * Makes a run id.
 *
 * @param nowMs Unix milliseconds; the first 48 bits of the id.
 * @param randomness At least 10 random bytes.
 */
export function makeRunId(nowMs: number, randomness: Uint8Array): string {
  const hex = Array.from(randomness.subarray(0, 10), (byte) => byte.toString(16).padStart(2, "0")).join("");
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

/** A text that sorts before every run id made at `atMs` or later, and after every one made before. */
export function runIdLowerBound(atMs: number): string {
  const digits = timestampHex(atMs);
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}

function timestampHex(atMs: number): string {
  const clamped = Math.min(Math.max(Math.floor(atMs), 0), 2 ** 48 - 1);
  return clamped.toString(16).padStart(timestampHexDigits, "0");
}
