/**
 * `<database>.opening`: stands while the database is being opened, locked by who opens it. One that is left over and not
 * locked means that its owner died there. It counts such deaths, as long as no opening in between came to its end.
 */
export class OpeningMarker {
  /** How many starts died while opening, one after the other, before this one. */
  readonly deaths: number;
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile, deaths: number) {
    this.#path = path;
    this.#file = file;
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
    const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
    try {
      if (!await file.tryLock(true)) {
        file.close();
        return undefined;
      }
      const buffer = new Uint8Array(256);
      const size = await file.read(buffer);
      const counted = /after (\d+) that died/.exec(new TextDecoder().decode(buffer.subarray(0, size ?? 0)));
      const marker = new OpeningMarker(path, file, size === null ? 0 : Number(counted?.[1] ?? 0) + 1);
      await marker.#write(marker.deaths);
      return marker;
    } catch (error) {
      file.close();
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
    this.#file.close();
  }

  /** Over what stood there, so that at no time there is nothing. */
  async #write(deaths: number): Promise<void> {
    const text = new TextEncoder().encode(`opened by process ${Deno.pid}, after ${deaths} that died`.padEnd(80) + "\n");
    await this.#file.seek(0, Deno.SeekMode.Start);
    await this.#file.write(text);
    await this.#file.truncate(text.length);
    await this.#file.syncData();
  }
}
