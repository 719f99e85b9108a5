import { type FileLock, tryLockFile } from "../lock/mod.ts";

/**
 * `<database>.opening`: stands while the database is being opened by who holds the lock beside it. One that is left over
 * and whose lock is free means that its owner died there. It counts such deaths, as long as no opening in between came to its
 * end.
 */
export class OpeningMarker {
  /** How many starts died while opening, one after the other, before this one. */
  readonly deaths: number;
  readonly #path: string;
  readonly #lock: FileLock;

  private constructor(path: string, lock: FileLock, deaths: number) {
    this.#path = path;
    this.#lock = lock;
    this.deaths = deaths;
  }

  /**
   * Puts up the marker of the database at `databasePath`.
   *
   * @returns `undefined` when another process has it.
   * @throws Whatever Deno throws when the file cannot be written.
   */
  static async claim(databasePath: string): Promise<OpeningMarker | undefined> {
    const path = `${databasePath}.opening`;
    const lock = tryLockFile(`${path}.lock`);
    if (lock === null) return undefined;
    try {
      const left = await readLeftOver(path);
      const marker = new OpeningMarker(path, lock, left === null ? 0 : deathsIn(left) + 1);
      await marker.#write(marker.deaths);
      return marker;
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** The file that is opened from here on is another one: nobody died on it yet. */
  async startOver(): Promise<void> {
    await this.#write(0);
  }

  /** Takes the marker down. Never throws. */
  async remove(): Promise<void> {
    await Deno.remove(this.#path).catch(() => {});
    this.#lock[Symbol.dispose]();
  }

  /** Over what stood there, so that at no time there is nothing. */
  async #write(deaths: number): Promise<void> {
    using file = await Deno.open(this.#path, { create: true, write: true, mode: 0o600 });
    const text = new TextEncoder().encode(`opened by process ${Deno.pid}, after ${deaths} that died`.padEnd(80) + "\n");
    await file.write(text);
    await file.truncate(text.length);
    await file.syncData();
  }
}

/** What the marker says that another start left; null where there is none. */
async function readLeftOver(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function deathsIn(marker: string): number {
  return Number(/after (\d+) that died/.exec(marker)?.[1] ?? 0);
}
