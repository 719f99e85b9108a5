/** Reports of the system that something in a folder changed. They may be missing, so nobody may rely on them alone. */

/** What is told of a folder. */
export interface FolderNews {
  /** Something is new about a path; what was there may have left it. */
  onPath(absolutePath: string): void;
  /** Something is new about a file whose name cannot be told. */
  onOddName(): void;
  /** Reports were lost. */
  onLoss(): void;
}

/** See the top of this file. Disposed, it tells nothing any more. */
export class FolderWatch implements Disposable {
  readonly #watcher: Deno.FsWatcher;
  readonly #news: FolderNews;
  #isOpen = true;

  /** @throws What the system says, such as that it has no watches left. */
  constructor(root: string, isRecursive: boolean, news: FolderNews) {
    this.#watcher = Deno.watchFs(root, { recursive: isRecursive });
    this.#news = news;
    void this.#follow();
  }

  /** Whether it still tells. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#watcher.close();
  }

  /**
   * Tells nothing any more, and leaves the watcher to the end of the process. For a folder with a named pipe: Deno's watcher
   * opens what is reported, there waits for a writer, and whoever closes it or opens another waits for that.
   */
  abandon(): void {
    this.#isOpen = false;
  }

  /** Never rejects. */
  async #follow(): Promise<void> {
    const events = this.#watcher[Symbol.asyncIterator]();
    while (this.#isOpen) {
      try {
        const { done, value } = await events.next();
        if (done) break;
        this.#tell(value);
      } catch (error) {
        // A name that is no UTF-8 spoils its own report only.
        if (!(error instanceof TypeError && /UTF-8/.test(error.message))) break;
        if (this.#isOpen) this.#news.onOddName();
      }
    }
    this.#isOpen = false;
  }

  #tell({ kind, paths, flag }: Deno.FsEvent): void {
    if (!this.#isOpen) return;
    if (flag === "rescan") this.#news.onLoss();
    // "access" comes of our own looking, too.
    if (kind === "access" || kind === "remove") return;
    for (const path of paths) this.#news.onPath(path);
  }
}
