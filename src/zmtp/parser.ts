/**
 * Bytes to frames, in place: the socket reads into a slab, and bodies are handed out as views into it. Nothing is copied
 * on the way of an ordinary frame, and nothing a view shows is ever written to again, because the parser only moves
 * forward in a slab and takes a new one when little is left.
 *
 * A frame that does not fit a slab gets a buffer of its own that grows with the bytes that really arrive: what a header
 * announces is never allocated on trust.
 */

import { ZmtpError } from "./error.ts";
import { flagCommand, flagLong, flagMore, flagsReserved, maxHeaderBytes, readLongLength } from "./frame.ts";

/** The first slab of a connection. Many connections carry one request of a few bytes, and need no more. */
const firstSlabBytes = 8 * 1024;
/** Every later slab. */
const slabBytes = 64 * 1024;
/** A slab with less room than this is left. */
const leastRoomBytes = 4 * 1024;

/** Parses the byte stream of one connection. */
export class FrameParser {
  /** Flags of the frame that {@linkcode next} returned last, {@linkcode flagLong} excluded. */
  flags = 0;
  /** Largest body accepted, in bytes. Raised by the connection after the handshake. */
  maxFrameBytes: number;

  #slab = new Uint8Array(firstSlabBytes);
  /** Unread bytes are `#slab[#start..#end)`. */
  #start = 0;
  #end = 0;
  /** The frame that is too large for a slab, while it arrives. */
  #large: LargeFrame | undefined;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of memory held for what has not been returned yet. */
  get allocatedBytes(): number {
    return this.#slab.length + (this.#large?.allocatedBytes ?? 0);
  }

  /** Bytes of memory held for a frame that is too large for a slab and has not arrived whole. */
  get largeFrameBytes(): number {
    return this.#large?.allocatedBytes ?? 0;
  }

  /** Whether a part of a frame has arrived. */
  get isMidFrame(): boolean {
    return this.#large !== undefined || this.#end > this.#start;
  }

  /**
   * Where the next bytes have to be written; never empty once {@linkcode next} has returned `undefined`. Call
   * {@linkcode filled} with their number, then {@linkcode next} until it returns `undefined`.
   */
  space(): Uint8Array {
    if (this.#large) return this.#large.space();
    if (this.#slab.length - this.#end < leastRoomBytes) this.#takeNewSlab();
    return new Uint8Array(this.#slab.buffer, this.#end, this.#slab.length - this.#end);
  }

  /** Tells that `count` bytes were written to what {@linkcode space} returned. */
  filled(count: number): void {
    if (this.#large) this.#large.filled(count);
    else this.#end += count;
  }

  /** Unread bytes that are not part of a large frame; a view. For the greeting, which is no frame. */
  unread(): Uint8Array {
    return this.#slab.subarray(this.#start, this.#end);
  }

  /** Consumes `count` bytes of {@linkcode unread}. */
  skip(count: number): void {
    this.#start += count;
  }

  /**
   * Takes the next whole frame.
   *
   * @returns Its body, a view that stays valid and unchanged for as long as it is kept (it keeps up to 64 KiB alive);
   *   `undefined` if more bytes are needed. Its flags are in {@linkcode flags}.
   * @throws {ZmtpError} `PROTOCOL` or `LIMIT_EXCEEDED`. The stream cannot be parsed further.
   */
  next(): Uint8Array | undefined {
    if (this.#large) return this.#nextLarge(this.#large);
    const slab = this.#slab;
    const start = this.#start;
    const available = this.#end - start;
    if (available < 2) return undefined;
    const flags = slab[start] ?? 0;
    if ((flags & flagsReserved) !== 0 || (flags & (flagCommand | flagMore)) === (flagCommand | flagMore)) {
      throw new ZmtpError("PROTOCOL", `The peer sent a frame with the flags 0x${flags.toString(16).padStart(2, "0")}.`);
    }
    let headerBytes = 2;
    let bodyBytes = slab[start + 1] ?? 0;
    if ((flags & flagLong) !== 0) {
      if (available < maxHeaderBytes) return undefined;
      headerBytes = maxHeaderBytes;
      bodyBytes = readLongLength(slab, start + 1);
    }
    if (bodyBytes > this.maxFrameBytes) {
      throw new ZmtpError(
        "LIMIT_EXCEEDED",
        `The peer announced a frame of ${bodyBytes} bytes; at most ${this.maxFrameBytes} are accepted.`,
      );
    }
    const bodyAt = start + headerBytes;
    if (available - headerBytes < bodyBytes) {
      if (headerBytes + bodyBytes > slabBytes) this.#startLarge(flags & ~flagLong, bodyAt, bodyBytes);
      return undefined;
    }
    this.#start = bodyAt + bodyBytes;
    this.flags = flags & ~flagLong;
    return new Uint8Array(slab.buffer, bodyAt, bodyBytes);
  }

  #startLarge(flags: number, bodyAt: number, bodyBytes: number): void {
    this.#large = new LargeFrame(flags, bodyBytes, this.#slab.subarray(bodyAt, this.#end));
    this.#start = this.#end;
  }

  #nextLarge(large: LargeFrame): Uint8Array | undefined {
    const body = large.whole();
    if (!body) return undefined;
    this.#large = undefined;
    this.flags = large.flags;
    return body;
  }

  #takeNewSlab(): void {
    const slab = new Uint8Array(slabBytes);
    slab.set(this.unread());
    this.#slab = slab;
    this.#end -= this.#start;
    this.#start = 0;
  }
}

/** A frame larger than a slab, read straight into a buffer of its own. */
class LargeFrame {
  readonly flags: number;
  readonly #bodyBytes: number;
  #buffer: Uint8Array<ArrayBuffer>;
  #arrivedBytes: number;

  constructor(flags: number, bodyBytes: number, arrived: Uint8Array) {
    this.flags = flags;
    this.#bodyBytes = bodyBytes;
    this.#arrivedBytes = arrived.length;
    this.#buffer = new Uint8Array(Math.min(bodyBytes, 2 * slabBytes));
    this.#buffer.set(arrived);
  }

  get allocatedBytes(): number {
    return this.#buffer.length;
  }

  space(): Uint8Array {
    if (this.#arrivedBytes === this.#buffer.length) {
      const larger = new Uint8Array(Math.min(this.#bodyBytes, 2 * this.#buffer.length));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return this.#buffer.subarray(this.#arrivedBytes);
  }

  filled(count: number): void {
    this.#arrivedBytes += count;
  }

  /** The body, once it is there. */
  whole(): Uint8Array | undefined {
    return this.#arrivedBytes === this.#bodyBytes ? this.#buffer : undefined;
  }
}
