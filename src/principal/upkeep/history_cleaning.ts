/** Keeps the history bounded: hour by hour, what is older than it is to be kept goes to the archive, and from there. */
import type { Clock } from "../../clock/mod.ts";
import { messageOf, type OperatorLog } from "../../core/mod.ts";
import type { History, Retained } from "../../history/mod.ts";
import type { WorkflowSource } from "../catalog.ts";
import { Periodic } from "./periodic.ts";

/** How long after the start the history is first cleaned, and how long after each time again. */
const firstAfterMs = 5 * 60_000;
const againAfterMs = 3_600_000;

/** How long what is kept; null for as long as there is room. */
export interface HistoryRetention {
  readonly logRetention: { readonly ageMs: number | null; readonly bytes: number | null };
  readonly archiveRetention: { readonly ageMs: number | null };
}

/** What a {@linkcode HistoryCleaning} works with. */
export interface HistoryCleaningOptions extends HistoryRetention {
  readonly history: Pick<History, "retain">;
  /** Their own retention wins over the general one. */
  readonly workflows: Pick<WorkflowSource, "list">;
  readonly clock: Clock;
  readonly report: OperatorLog;
}

/** Cleans a few minutes after the start and every hour, from start to stop; and whenever asked. */
export class HistoryCleaning {
  /** Holds from the next time on. */
  retention: HistoryRetention;
  readonly #options: HistoryCleaningOptions;
  readonly #periodic: Periodic;

  constructor(options: HistoryCleaningOptions) {
    this.#options = options;
    this.retention = options;
    const work = () => this.#cleanAndTell();
    this.#periodic = new Periodic({ clock: options.clock, firstAfterMs, againAfterMs, work });
  }

  /** Begins. */
  start(): void {
    this.#periodic.start();
  }

  /** Resolves once nothing goes on; what was begun is given up. */
  async stop(): Promise<void> {
    await this.#periodic.stop();
  }

  /**
   * Cleans now.
   *
   * @throws {CdktrError} STORAGE while the history is not to be written. The reason of `signal`, or of the stop.
   */
  async clean(signal: AbortSignal = this.#periodic.signal): Promise<Retained> {
    const { history, workflows, clock } = this.#options;
    const { logRetention, archiveRetention } = this.retention;
    const byWorkflow = workflows.list().flatMap(({ id, logRetentionMs }) =>
      logRetentionMs === null ? [] : [[id, logRetentionMs] as const]
    );
    return await history.retain({
      olderThanMs: logRetention.ageMs,
      olderThanMsByWorkflow: Object.fromEntries(byWorkflow),
      maxBytes: logRetention.bytes,
      archiveOlderThanMs: archiveRetention.ageMs,
      nowMs: clock.nowMs(),
    }, AbortSignal.any([signal, this.#periodic.signal]));
  }

  async #cleanAndTell(): Promise<void> {
    const { report } = this.#options;
    try {
      const { archivedLines, deletedLines, deletedArchivedLines, deletedRows, isOverLimit } = await this.clean();
      if (isOverLimit) {
        report.warn("the history is larger than CDKTR_LOG_RETENTION allows, though all days but today have left it");
      }
      if (archivedLines + deletedLines + deletedArchivedLines + deletedRows === 0) return;
      const gone = `${deletedLines + deletedArchivedLines} deleted`;
      report.info(
        `cleaned the history: ${archivedLines} log lines archived, ${gone}, ${deletedRows} other rows deleted`,
      );
    } catch (error) {
      if (!this.#periodic.signal.aborted) report.warn(`the history is not cleaned: ${messageOf(error)}`);
    }
  }
}
