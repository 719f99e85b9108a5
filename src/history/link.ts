/**
 * The worker and the database in it, seen from the main thread: opened, lost, opened again, closed.
 *
 * `opening` -> `open` -> `lost` (the database failed; closed in the worker, being opened again, tried until it works) ->
 * `open` ... -> `closed`. `ended` is the one state without return: the worker is gone and may have left the file open in
 * this process. To open it once more beside that would destroy it, so nothing is stored until the process is restarted.
 */
import type { Clock } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import { basename, dirname, join } from "node:path";
import type { Failure } from "./failure.ts";
import { type DatabaseSettings, inMemory, type Opening, type Report, reportSchema, type Request } from "./protocol.ts";

/** The pause before a database that could not be opened again is tried once more, in milliseconds. */
const reopenPauseMs = 5_000;
/** How long the worker may take to close, in milliseconds. */
const closeTimeoutMs = 30_000;

/**
 * Files that this process has open. The lock that keeps other processes out does not keep out this one, and two
 * databases on one file destroy it.
 */
const openFiles = new Set<string>();

/** What happens to the database without being asked for. */
export interface LinkEvents {
  /** It is open, for the first time or again. */
  onOpened: (opening: Opening) => void;
  /** The worker failed and is being opened again. */
  onCrashed: (message: string) => void;
  /** It could not be opened again; a further try follows. */
  onReopenFailed: (failure: Failure) => void;
  /** It is gone for good. */
  onEnded: (message: string) => void;
  /** News of a batch. */
  onWriteReport: (report: Report & { type: "accepted" | "committed" | "failed" }) => void;
  /** News of a query. */
  onQueryReport: (report: Report & { type: "part" | "queryFailed" }) => void;
}

/** What {@linkcode Link} needs. */
export interface LinkOptions {
  path: string;
  clock: Clock;
  settings: DatabaseSettings;
  /** See {@linkcode Request} `load`. */
  libraryCache: string | null;
  spawnWorker: () => Worker;
  events: LinkEvents;
}

/** See the top of this file. */
export class Link {
  readonly #options: LinkOptions;
  #state: "opening" | "open" | "lost" | "ended" | "closed" = "opening";
  #file = inMemory;
  #worker: Worker | undefined;
  #opening: PromiseWithResolvers<void> | undefined;
  #closing: PromiseWithResolvers<void> | undefined;
  #cancelReopen: (() => void) | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /**
   * Starts the worker and opens the database.
   *
   * @throws {CdktrError} `STORAGE`, naming the file and what keeps it from being opened.
   */
  async open(): Promise<void> {
    const { path, libraryCache, spawnWorker } = this.#options;
    this.#file = await canonicalPath(path);
    if (openFiles.has(this.#file)) {
      throw new CdktrError("STORAGE", `The history database ${path} is open in this process already.`);
    }
    if (this.#file !== inMemory) openFiles.add(this.#file);
    this.#opening = Promise.withResolvers();
    try {
      this.#worker = this.#listen(spawnWorker());
      this.post({ type: "load", libraryCache });
      this.#postOpen();
      await this.#opening.promise;
    } catch (error) {
      this.#leave("closed");
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }

  /** Sends a request to the worker. */
  post(request: Request): void {
    this.#worker?.postMessage(request);
  }

  /**
   * Closes the database in the worker and opens it again.
   *
   * @param condemned Why its file is to be set aside, if it is.
   */
  reopen(condemned?: string): void {
    if (this.#state !== "open" && this.#state !== "lost") return;
    this.#state = "lost";
    this.#cancelReopen?.();
    this.#cancelReopen = undefined;
    this.#postOpen(condemned);
  }

  /** If a pause is on before the next try to open, ends it. */
  reopenNow(): void {
    if (this.#cancelReopen !== undefined) this.reopen();
  }

  /** Closes the database and gives up its lock. Never throws. */
  async close(): Promise<void> {
    this.#cancelReopen?.();
    if (this.#state === "ended" || this.#state === "closed") return;
    this.#closing = Promise.withResolvers();
    const cancelTimer = this.#options.clock.setTimer(closeTimeoutMs, this.#closing.resolve);
    this.post({ type: "close" });
    await this.#closing.promise;
    cancelTimer();
    // A worker that did not answer still has the file, so its name stays taken.
    this.#worker?.terminate();
    this.#state = "closed";
  }

  #listen(worker: Worker): Worker {
    worker.onmessage = (event: MessageEvent<unknown>) => this.#handle(reportSchema.parse(event.data));
    worker.onerror = (event) => {
      event.preventDefault();
      this.#died(event.message);
    };
    return worker;
  }

  #leave(state: "closed" | "ended"): void {
    this.#state = state;
    this.#worker?.terminate();
    if (state === "closed") openFiles.delete(this.#file);
  }

  #postOpen(condemned?: string): void {
    const { clock, settings } = this.#options;
    this.post({ type: "open", path: this.#file, settings, nowMs: clock.nowMs(), condemned });
  }

  #handle(report: Report): void {
    const { events } = this.#options;
    switch (report.type) {
      case "accepted":
      case "committed":
      case "failed":
        return events.onWriteReport(report);
      case "part":
      case "queryFailed":
        return events.onQueryReport(report);
      case "opened":
        if (this.#state === "closed") return;
        this.#state = "open";
        events.onOpened(report);
        return this.#opening?.resolve();
      case "openFailed":
        return this.#openFailed(report.failure);
      case "crashed":
        return this.#crashed(report.message);
      case "closed":
        openFiles.delete(this.#file);
        return this.#closing?.resolve();
    }
  }

  #openFailed(failure: Failure): void {
    const { clock, path, events } = this.#options;
    if (this.#opening !== undefined) return this.#opening.reject(openErrorOf(path, failure));
    if (this.#state !== "lost") return;
    this.#cancelReopen = clock.setTimer(reopenPauseMs, () => this.reopen());
    events.onReopenFailed(failure);
  }

  #crashed(message: string): void {
    if (this.#opening !== undefined) {
      return this.#opening.reject(new CdktrError("INTERNAL", `The history worker failed while opening: ${message}.`));
    }
    if (this.#closing !== undefined) return this.#closing.resolve();
    this.#options.events.onCrashed(message);
    this.reopen();
  }

  #died(message: string): void {
    if (this.#opening !== undefined) {
      return this.#opening.reject(new CdktrError("INTERNAL", `The history worker could not be started: ${message}.`));
    }
    this.#leave("ended");
    this.#closing?.resolve();
    this.#options.events.onEnded(message);
  }
}

function openErrorOf(path: string, failure: Failure): CdktrError {
  switch (failure.kind) {
    case "locked":
      return new CdktrError("STORAGE", `The history database ${path} is in use: another principal has it open.`, {
        hint: "Stop the other one, or set CDKTR_DB_PATH to another file.",
        cause: failure,
      });
    case "unloadable":
      return new CdktrError("STORAGE", `DuckDB, which holds the history, cannot be loaded: ${failure.message}.`, {
        hint:
          "The executable unpacks it into CDKTR_CACHE_DIRECTORY: this user must be able to write there, nobody else may, and the filesystem must allow programs (no noexec).",
        cause: failure,
      });
    case "unsuitable":
      return new CdktrError("STORAGE", `${path} cannot serve as history database: ${failure.message}.`, {
        hint: "Set CDKTR_DB_PATH to another file, or move this one away.",
        cause: failure,
      });
    default:
      return new CdktrError("STORAGE", `The history database ${path} cannot be opened: ${failure.message}.`, {
        cause: failure,
      });
  }
}

/** One name for one file, however it is written. */
async function canonicalPath(path: string): Promise<string> {
  if (path === inMemory) return path;
  try {
    return await Deno.realPath(path);
  } catch {
    // There is no such file yet; perhaps there is its directory.
  }
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return join(await Deno.realPath(dirname(path)), basename(path));
  } catch (error) {
    const sentence = `The directory of the history database ${path} cannot be made: ${messageOf(error)}`;
    throw new CdktrError("STORAGE", sentence, { cause: error });
  }
}
