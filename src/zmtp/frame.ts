/** The frame header of ZMTP 3 (RFC 23, "Framing"), shared by parser and writer. */

/** Another frame of the same message follows. */
export const flagMore = 0x01;
/** The length takes eight bytes, not one. */
export const flagLong = 0x02;
/** The frame is a command. */
export const flagCommand = 0x04;
/** Bits that have to be zero. */
export const flagsReserved = 0xf8;

/** Longest header: flags and an eight-byte length. */
export const maxHeaderBytes = 9;
/** Longest body whose length fits the short header. */
const maxShortBodyBytes = 255;

/** Two to the power of 32: the weight of the upper half of an eight-byte length. */
const upperHalf = 2 ** 32;

/**
 * Writes a header at `at`.
 *
 * @returns Where the body begins.
 */
export function writeHeader(into: Uint8Array, at: number, flags: number, bodyBytes: number): number {
  if (bodyBytes <= maxShortBodyBytes) {
    into[at] = flags;
    into[at + 1] = bodyBytes;
    return at + 2;
  }
  into[at] = flags | flagLong;
  writeUint32(into, at + 1, Math.floor(bodyBytes / upperHalf));
  writeUint32(into, at + 5, bodyBytes % upperHalf);
  return at + maxHeaderBytes;
}

/** The eight-byte length at `at`. Beyond 2^53 it is inexact, and far beyond every limit. */
export function readLongLength(from: Uint8Array, at: number): number {
  return readUint32(from, at) * upperHalf + readUint32(from, at + 4);
}

/** Writes four bytes, big-endian. */
export function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

/** Reads four bytes, big-endian. Missing bytes count as 0; callers check lengths first. */
export function readUint32(from: Uint8Array, at: number): number {
  return (((from[at] ?? 0) << 24) | ((from[at + 1] ?? 0) << 16) | ((from[at + 2] ?? 0) << 8) | (from[at + 3] ?? 0)) >>>
    0;
}
