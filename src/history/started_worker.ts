/**
 * The worker of a history, started before it is known what is to be opened. Not part of mod.ts: it is what is to start before all
 * the rest is loaded.
 */
import type { Request } from "./protocol.ts";

/**
 * A worker that starts and loads DuckDB, a quarter of a second, while its process does other things. The history that takes it over
 * ends it; else disposing it does.
 */
export class StartedWorker implements Disposable {
  #worker: Worker | null = spawnWorker();

  /**
   * Has it load DuckDB.
   *
   * @param libraryCache Where the executable unpacks the library.
   */
  load(libraryCache: string): void {
    this.#worker?.postMessage({ type: "load", libraryCache } satisfies Request);
  }

  /** Hands the worker over, once. */
  take(): Worker {
    const worker = this.#worker ?? spawnWorker();
    this.#worker = null;
    return worker;
  }

  /** Ends the worker if nobody took it. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
  }
}

/** A worker that runs `worker.ts` of this directory. */
export function spawnWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "history" });
}
