/** What a principal does by itself as time goes by: keeps journal and history bounded, and an eye on their disk. */
import type { Clock } from "../clock/mod.ts";
import type { OperatorLog } from "../core/mod.ts";
import { type History, journalStream, type Retained } from "../history/mod.ts";
import type { Journal } from "../journal/mod.ts";
import type { WorkflowSource } from "./catalog.ts";
import { Compaction, type Retention } from "./compaction.ts";
import { DiskWatch } from "./disk_watch.ts";
import { HistoryCleaning, type HistoryRetention } from "./history_cleaning.ts";
import type { Ledger } from "./ledger.ts";

/** What upkeep goes by. */
export interface UpkeepOptions extends HistoryRetention {
  /** A directory or file on the disk that journal and history share. */
  readonly dataPath: string;
  /** Free space below which the history is not written, in bytes; 0 for never. */
  readonly diskFloorBytes: number;
  readonly journalRetention: Retention;
}

/** What upkeep looks after. */
export interface UpkeepParts {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly history: Pick<History, "retain" | "pause" | "resume" | "committedPositionOf">;
  readonly workflows: WorkflowSource;
  readonly clock: Clock;
  readonly report: OperatorLog;
}

/** The background duties of a principal, from start to stop. */
export class Upkeep {
  readonly #compaction: Compaction;
  readonly #cleaning: HistoryCleaning;
  readonly #diskWatch: DiskWatch;

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
  }

  /** Begins. Resolves once it is known how full the disk is. */
  async start(): Promise<void> {
    this.#compaction.start();
    this.#cleaning.start();
    await this.#diskWatch.start();
  }

  /** Resolves once nothing goes on. */
  async stop(): Promise<void> {
    await Promise.all([this.#compaction.stop(), this.#cleaning.stop(), this.#diskWatch.stop()]);
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
