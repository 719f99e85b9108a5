/**
 * Space kept back for the day the disk is full: a file beside the journal that can be given up, so that what is under way
 * can still be recorded.
 */
import { dirname } from "node:path";
import { freeBytes } from "./free_space.ts";

/** Written at a time. */
const chunkBytes = 1024 * 1024;
/** The reserve is made only where so many times its size is free: made of the last free bytes it would be given up again at once. */
const roomFactor = 2;

/** See the top of this file. */
export class SpaceReserve {
  readonly #path: string;
  readonly #bytes: number;
  #isGivenUp = false;
  /** Tells a {@linkcode SpaceReserve.keep} under way that what it wrote so far was given up. */
  #giveUps = 0;

  /**
   * @param path The file to be.
   * @param bytes How much to keep back; 0 for nothing.
   */
  constructor(path: string, bytes: number) {
    this.#path = path;
    this.#bytes = bytes;
  }

  /** Whether the space was given up, or there was none to keep. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Gives the space back to the disk. Returns whether there was any. */
  giveUp(): boolean {
    try {
      // A file that is open somewhere keeps its space when it is removed, but not when it is cut.
      Deno.truncateSync(this.#path, 0);
      Deno.removeSync(this.#path);
    } catch {
      return false; // There was none, or it cannot be had: then the disk is as full as before, and the next write tells.
    }
    this.#giveUps++;
    this.#isGivenUp = this.#bytes > 0;
    return this.#isGivenUp;
  }

  /**
   * Makes the file unless it is there. It is really written, since space that is only promised may be taken by others.
   *
   * @returns Whether the space is kept; false when there is no room for it.
   */
  async keep(): Promise<boolean> {
    if (this.#bytes === 0) return true;
    const giveUps = this.#giveUps;
    try {
      if (await this.#size() !== this.#bytes) await this.#write();
      this.#isGivenUp = this.#giveUps !== giveUps;
    } catch {
      this.giveUp();
      this.#isGivenUp = true;
    }
    return !this.#isGivenUp;
  }

  async #size(): Promise<number> {
    try {
      return (await Deno.stat(this.#path)).size;
    } catch {
      return 0;
    }
  }

  async #write(): Promise<void> {
    const free = await freeBytes(dirname(this.#path)).catch(() => Infinity); // Where nobody can tell, trying tells.
    if (free < this.#bytes * roomFactor) throw new Error("no room");
    using file = await Deno.open(this.#path, { create: true, write: true, truncate: true, mode: 0o600 });
    const giveUps = this.#giveUps;
    let leftBytes = this.#bytes;
    for (const chunk of noise()) {
      leftBytes -= await file.write(chunk.subarray(0, leftBytes));
      if (leftBytes === 0 || this.#giveUps !== giveUps) return;
    }
  }
}

/** Chunks that no file system can store in less than their size. */
function* noise(): Generator<Uint8Array<ArrayBuffer>> {
  const words = new Uint32Array(chunkBytes / Uint32Array.BYTES_PER_ELEMENT);
  let word = 1;
  for (;;) {
    // The 32-bit xorshift of Marsaglia, "Xorshift RNGs" (2003).
    for (let index = 0; index < words.length; index++) {
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      words[index] = word;
    }
    yield new Uint8Array(words.buffer);
  }
}
