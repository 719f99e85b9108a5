/** A file system in memory: for tests and the simulation, which crash it, fill it and tear what is written. */
import type { SpoolFile, SpoolFiles } from "../../../src/agent/spool/files.ts";

/** What a file holds. Grows by doubling, as many small writes follow each other. */
class Content {
  modifiedMs = 0;
  #buffer = new Uint8Array(0);
  #size = 0;

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  append(bytes: Uint8Array): void {
    const size = this.#size + bytes.length;
    if (size > this.#buffer.length) {
      const grown = new Uint8Array(2 * size);
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#size);
    this.#size = size;
  }

  truncate(size: number): void {
    this.#size = Math.min(size, this.#size);
  }
}

/** See the top of this file. It outlives the processes that use it; {@linkcode MemoryFiles.crash} ends those. */
export class MemoryFiles implements SpoolFiles {
  readonly #files = new Map<string, Content>();
  readonly #directories = new Set<string>();
  readonly #locks = new Map<string, symbol>();
  readonly #nowMs: () => number;
  /** Bytes that all files may have together; what is beyond is not written. @default no limit */
  capacityBytes = Infinity;

  /** @param nowMs The time that files are written at, Unix milliseconds. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Bytes of all files. */
  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#files.values()) sum += bytes.length;
    return sum;
  }

  /** Every file, by its path. */
  paths(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** The processes that hold locks are gone. */
  crash(): void {
    this.#locks.clear();
  }

  /** Cuts a file off, as a write that was under way when its process was ended does. */
  tear(path: string, size: number): void {
    this.#content(path).truncate(size);
  }

  /** Turns a byte of a file over. */
  damage(path: string, offset: number): void {
    const { bytes } = this.#content(path);
    bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
  }

  names(directory: string): string[] {
    const inside = [...this.#files.keys(), ...this.#directories].filter((path) => path.startsWith(`${directory}/`));
    return [...new Set(inside.map((path) => path.slice(directory.length + 1).split("/")[0] ?? ""))];
  }

  makeDirectory(path: string): void {
    this.#directories.add(path);
  }

  removeDirectory(path: string): void {
    if (this.names(path).length > 0) throw new Error(`the directory ${path} is not empty`);
    this.#directories.delete(path);
  }

  open(path: string): SpoolFile {
    const content = this.#files.get(path) ?? new Content();
    this.#files.set(path, content);
    return {
      get size() {
        return content.bytes.length;
      },
      append: (bytes) => this.#append(content, bytes),
      truncate: (size) => content.truncate(size),
      close: () => {},
    };
  }

  size(path: string): number {
    return this.#content(path).bytes.length;
  }

  modifiedMs(path: string): number {
    return this.#content(path).modifiedMs;
  }

  read(path: string, offset: number, length: number): Uint8Array {
    return this.#files.get(path)?.bytes.slice(offset, offset + length) ?? new Uint8Array(0);
  }

  rename(from: string, to: string): void {
    this.#files.set(to, this.#content(from));
    this.#files.delete(from);
  }

  remove(path: string): void {
    this.#files.delete(path);
    this.#locks.delete(path);
  }

  tryLock(path: string): Disposable | null {
    if (this.#locks.has(path)) return null;
    const holder = Symbol();
    this.#locks.set(path, holder);
    if (!this.#files.has(path)) this.#files.set(path, new Content());
    return {
      [Symbol.dispose]: () => {
        if (this.#locks.get(path) === holder) this.#locks.delete(path);
      },
    };
  }

  #append(content: Content, bytes: Uint8Array): void {
    const room = Math.max(Math.min(this.capacityBytes - this.bytes, bytes.length), 0);
    content.append(bytes.subarray(0, room));
    content.modifiedMs = this.#nowMs();
    if (room < bytes.length) throw new Error("no space left on device");
  }

  #content(path: string): Content {
    const content = this.#files.get(path);
    if (content === undefined) throw new Error(`there is no file ${path}`);
    return content;
  }
}
