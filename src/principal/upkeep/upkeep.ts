/** What a principal does by itself as time goes by: keeps journal and history bounded, and an eye on their disk. */
import type { Clock } from "../../clock/mod.ts";
import { CdktrError, type OperatorLog } from "../../core/mod.ts";
import { type History, journalStream, type Retained } from "../../history/mod.ts";
import type { Journal } from "../../journal/mod.ts";
import type { WorkflowSource } from "../catalog.ts";
import { Compaction, type Retention } from "./compaction.ts";
import { DiskWatch } from "./disk_watch.ts";
import { type FileChange, FileWatch } from "./file_watch.ts";
import { HistoryCleaning, type HistoryRetention } from "./history_cleaning.ts";
import type { Ledger } from "../ledger.ts";

/** What may change while the principal runs. */
export interface UpkeepLimits extends HistoryRetention {
  /** Free space below which the history is not written, in bytes; 0 for never. */
  readonly diskFloorBytes: number;
  readonly journalRetention: Retention;
}

/** What upkeep goes by. */
export interface UpkeepOptions extends UpkeepLimits {
  /** A directory or file on the disk that journal and history share. */
  readonly dataPath: string;
  /** The file of the journal. */
  readonly journalPath: string;
  /** The file of the history. */
  readonly historyPath: string;
}

/** What upkeep looks after. */
export interface UpkeepParts {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly history: Pick<
    History,
    "retain" | "pause" | "resume" | "committedPositionOf" | "health" | "openings" | "reopen"
  >;
  readonly workflows: WorkflowSource;
  readonly clock: Clock;
  readonly report: OperatorLog;
}

/** The background duties of a principal, from start to stop. */
export class Upkeep {
  readonly #compaction: Compaction;
  readonly #cleaning: HistoryCleaning;
  readonly #diskWatch: DiskWatch;
  readonly #journalWatch: FileWatch;
  readonly #historyWatch: FileWatch;

  constructor(parts: UpkeepParts, options: UpkeepOptions) {
    const { ledger, clock, report, journal, history, workflows } = parts;
    const { dataPath, diskFloorBytes, journalRetention, logRetention, archiveRetention } = options;
    this.#compaction = new Compaction({
      ...{ journal, clock, report },
      retention: journalRetention,
      projectedSeq: () => history.committedPositionOf(journalStream),
      isInUse: (hash) => ledger.state.definition(hash) !== undefined,
    });
    this.#cleaning = new HistoryCleaning({ history, workflows, clock, report, logRetention, archiveRetention });
    this.#diskWatch = new DiskWatch({
      ...{ clock, report, path: dataPath, floorBytes: diskFloorBytes },
      onLow: (bytes) => history.pause(`only ${inMebibytes(bytes)} are free on its disk, and the journal needs them`),
      onRoom: () => history.resume(),
    });
    const { journalPath, historyPath } = options;
    this.#journalWatch = new FileWatch({
      ...{ clock, report, path: journalPath },
      openings: () => 1, // SQLite keeps its file as long as it is open.
      onLost: (change) => {
        const error = journalLost(journalPath, change);
        report.error(`${error.message} ${error.hint}`);
        ledger.refuseBeginnings(error);
      },
      onBack: () => {
        report.info(`the file of the journal ${journalPath} is in its place again`);
        ledger.refuseBeginnings(null);
      },
    });
    this.#historyWatch = new FileWatch({
      ...{ clock, report, path: historyPath },
      openings: () => history.health.state === "ok" ? history.openings : null,
      onLost: (change) => {
        report.error(
          `The history database ${historyPath} was ${change} while it was in use. The file that stands there now counts, ` +
            "or a new one; decisions that it lacks are taken from the journal, log lines that it lacks are gone.",
        );
        history.reopen(`its file was ${change}`);
      },
      onBack: () => {},
    });
  }

  /** Begins. Resolves once it is known how full the disk is, and which files are open. */
  async start(): Promise<void> {
    this.#compaction.start();
    this.#cleaning.start();
    await Promise.all([this.#diskWatch.start(), this.#journalWatch.start(), this.#historyWatch.start()]);
  }

  /** From now on goes by these limits: each duty from its next time on. */
  keepWithin({ diskFloorBytes, journalRetention, logRetention, archiveRetention }: UpkeepLimits): void {
    this.#diskWatch.floorBytes = diskFloorBytes;
    this.#compaction.retention = journalRetention;
    this.#cleaning.retention = { logRetention, archiveRetention };
  }

  /** Resolves once nothing goes on. */
  async stop(): Promise<void> {
    const duties = [this.#compaction, this.#cleaning, this.#diskWatch, this.#journalWatch, this.#historyWatch];
    await Promise.all(duties.map((duty) => duty.stop()));
  }

  /**
   * Cleans the history now.
   *
   * @throws {CdktrError} STORAGE while the history is not to be written. The reason of `signal`.
   */
  cleanHistory(signal: AbortSignal): Promise<Retained> {
    return this.#cleaning.clean(signal);
  }
}

function inMebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}

function journalLost(path: string, change: FileChange): CdktrError {
  const copy = change === "removed" ? `there anew` : `to ${path}.rescued`;
  return new CdktrError(
    "STORAGE",
    `The file of the journal ${path} was ${change} while it is in use: nothing new begins.`,
    {
      hint: `Stop the principal in good order (SIGTERM): as it ends it writes what the journal holds ${copy}. ` +
        "If it is killed before, that is lost.",
    },
  );
}
