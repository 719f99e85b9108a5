/** The two databases of a principal: the journal, and the history in its worker. */
import { dirname } from "node:path";
import { systemClock } from "../clock/mod.ts";
import type { Config } from "../config/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import { History, type StartedWorker } from "../history/mod.ts";
import { SqliteJournal } from "../journal/mod.ts";
import { JournalHolder, namingHolder } from "./journal_holder.ts";
import { roomLog } from "./room_log.ts";

/** Size of the history's log that one run leaves to the next, in KiB. To merge it takes longer than many a run. */
const logLeftKb = 64;

/** How {@linkcode Stores} are opened. */
export interface StoresOptions {
  /** What was called, such as `cdktr start principal`: told to whoever wants the journal, too. */
  readonly command: string;
  /** Whether they are for all workflows and their schedules, not for one run. */
  readonly isServing: boolean;
  /** For the history, where one was started already. @default one of its own */
  readonly worker?: StartedWorker | null;
}

/** The journal and the history that the settings name, until a principal takes them over. */
export class Stores implements AsyncDisposable {
  readonly journal: SqliteJournal;
  readonly isServing: boolean;
  /** The history, which takes longer to open. */
  readonly history: Promise<History>;
  readonly #holder: JournalHolder;
  #isTaken = false;

  private constructor(
    { isServing }: StoresOptions,
    { journal, history, holder }: { journal: SqliteJournal; history: Promise<History>; holder: JournalHolder },
  ) {
    this.isServing = isServing;
    this.journal = journal;
    this.history = history;
    this.#holder = holder;
    history.catch(() => {}); // Whoever waits for it is told.
  }

  /**
   * Opens the journal, and begins to open the history.
   *
   * @throws {CdktrError} STORAGE; CONFLICT when another process has the journal.
   */
  static open(config: Config, options: StoresOptions): Stores {
    const { command, isServing, worker = null } = options;
    makePrivateDirectory(dirname(config.statePath));
    const since = new Date(systemClock.nowMs()).toISOString();
    const about = { command, pid: Deno.pid, host: Deno.hostname(), since, address: null };
    const holder = new JournalHolder(config.statePath, about);
    const journal = openJournal(config, holder);
    return new Stores(options, { journal, history: openHistory(config, isServing, worker), holder });
  }

  /** Tells whoever wants the journal where this process listens: `host:port`. */
  tellAddress(address: string): void {
    this.#holder.write({ address });
  }

  /** From here on the journal and the history are a principal's to close. */
  handOver(): void {
    this.#isTaken = true;
  }

  /** Closes what nobody took over. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isTaken) {
      await (await this.history.catch(() => null))?.close();
      await this.journal.close();
    }
    this.#holder[Symbol.dispose]();
  }
}

function openJournal({ statePath }: Config, holder: JournalHolder): SqliteJournal {
  try {
    const journal = SqliteJournal.open(statePath, { report: roomLog("journal") });
    holder.write();
    return journal;
  } catch (error) {
    throw namingHolder(error, statePath);
  }
}

function openHistory(config: Config, isServing: boolean, worker: StartedWorker | null): Promise<History> {
  const log = roomLog("history");
  return History.open({
    path: config.dbPath,
    archiveDirectory: config.archiveDirectory,
    libraryCache: config.cacheDirectory,
    closingLogKb: isServing ? 0 : logLeftKb,
    clock: systemClock,
    ...worker === null ? {} : { spawnWorker: () => worker.take() },
    onProblem: ({ code, message }) => code === "RECOVERED" ? log.info(message) : log.warn(message),
  });
}

function makePrivateDirectory(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new CdktrError("STORAGE", `Cannot make the data directory ${path}: ${messageOf(cause)}.`, {
      hint: "Name another in CDKTR_APP_DATA_DIRECTORY.",
      cause,
    });
  }
}
