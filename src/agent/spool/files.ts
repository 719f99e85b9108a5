/**
 * The file system as the spool needs it: behind an interface, so that tests and the simulation can crash it, fill it and
 * tear what is written.
 *
 * All calls are synchronous. A write of a task's output into the page cache takes 1 µs for a line and 20 µs for 64 KiB; the
 * asynchronous call for the same takes 50 to 90 µs, most of it on the way to a thread and back.
 */
import { tryLockFile } from "../file_lock.ts";

/** A file that is written at its end. */
export interface SpoolFile {
  /** Bytes in the file. */
  readonly size: number;
  /** Writes all of `bytes`, or throws; then some of them may be in the file. */
  append(bytes: Uint8Array): void;
  /** Cuts the file off after `size` bytes. */
  truncate(size: number): void;
  close(): void;
}

/** A lock that ends with its process. */
export interface SpoolLock {
  release(): void;
}

/** See the top of this file. Everything throws what the system says, unless told otherwise. */
export interface SpoolFiles {
  /** Names in a directory, in any order; none if it is not there. */
  names(directory: string): string[];
  /** Makes a directory, and those above it, that nobody else may look into. */
  makeDirectory(path: string): void;
  removeDirectory(path: string): void;
  /** Opens a file to write at its end; makes it if need be, readable for nobody else. */
  open(path: string): SpoolFile;
  /** Bytes of a file. */
  size(path: string): number;
  /** When a file was last written to, Unix milliseconds. */
  modifiedMs(path: string): number;
  /** `length` bytes from `offset` on, or as many as there are; none when somebody has removed the file. */
  read(path: string, offset: number, length: number): Uint8Array;
  /** Puts a file in the place of another, in one step. */
  rename(from: string, to: string): void;
  /** Removes a file, if it is there. */
  remove(path: string): void;
  /** Locks a file, which is made if need be; null when another process has it. */
  tryLock(path: string): SpoolLock | null;
}

const privateFile = 0o600;
const privateDirectory = 0o700;

/** The machine's own file system. */
export const systemFiles: SpoolFiles = {
  names: (directory) => ifThere(() => [...Deno.readDirSync(directory)].map(({ name }) => name)) ?? [],
  makeDirectory: (path) => Deno.mkdirSync(path, { recursive: true, mode: privateDirectory }),
  removeDirectory: (path) => Deno.removeSync(path),
  open: (path) => new SystemFile(Deno.openSync(path, { create: true, append: true, mode: privateFile })),
  size: (path) => Deno.statSync(path).size,
  modifiedMs: (path) => Deno.statSync(path).mtime?.getTime() ?? Infinity,
  read: (path, offset, length) => {
    using file = ifThere(() => Deno.openSync(path));
    if (file === undefined) return new Uint8Array(0);
    file.seekSync(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const count = file.readSync(bytes.subarray(at));
      if (count === null) break;
      at += count;
    }
    return bytes.subarray(0, at);
  },
  rename: (from, to) => Deno.renameSync(from, to),
  remove: (path) => ifThere(() => Deno.removeSync(path)),
  tryLock: (path) => {
    const file = tryLockFile(path);
    return file === null ? null : { release: () => file.close() };
  },
};

function ifThere<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

class SystemFile implements SpoolFile {
  readonly #file: Deno.FsFile;
  #size: number;

  constructor(file: Deno.FsFile) {
    this.#file = file;
    this.#size = file.statSync().size;
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const count = this.#file.writeSync(at === 0 ? bytes : bytes.subarray(at));
      at += count;
      this.#size += count;
    }
  }

  truncate(size: number): void {
    this.#file.truncateSync(size);
    this.#size = size;
  }

  close(): void {
    this.#file.close();
  }
}
