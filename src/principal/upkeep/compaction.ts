/**
 * Keeps the journal bounded: removes what is older than it is to be kept, in steps so short, and so far between, that no
 * commit waits for long.
 */
import { type Clock, sleep } from "../../clock/mod.ts";
import { counted, messageOf, type OperatorLog } from "../../core/mod.ts";
import type { Journal, Swept } from "../../journal/mod.ts";
import { Periodic } from "./periodic.ts";

/** How long after the start the journal is first compacted, and how long after each time again. */
const firstAfterMs = 60_000;
const againAfterMs = 3_600_000;
/** What a step is to take: a commit that comes while it runs waits for so long. */
const stepMs = 8;
/** The wait after a step, as a multiple of what it took: everything else has the larger part of the time. */
const pauseFactor = 2;
/** Rows that a step removes: as many as it can in its time. */
const rowsAtFirst = 200;
const rowsMin = 100;
const rowsMax = 5_000;
/** Bytes given back to the disk in place of a row removed: a page. */
const bytesPerRow = 4_096;

const dayMs = 86_400_000;

/** How long what is kept. */
export interface Retention {
  /** Days for which a run that ended is kept, with its tasks. */
  readonly runDays: number;
  /** Days for which events are kept. */
  readonly eventDays: number;
  /** How many events are kept at most; those that are still needed stay in any case. */
  readonly eventsMax: number;
}

/** What a {@linkcode Compaction} works with. */
export interface CompactionOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly report: OperatorLog;
  readonly retention: Retention;
  /** The place up to which the history has taken the events. */
  readonly projectedSeq: () => number;
  /** Whether the principal's state refers to a definition. */
  readonly isInUse: (definitionHash: string) => boolean;
}

/** What was removed. */
export interface Compacted {
  readonly runs: number;
  readonly events: number;
  readonly definitions: number;
  /** Bytes given back to the disk. */
  readonly freedBytes: number;
}

/** Compacts the journal a minute after the start and every hour, from start to stop. */
export class Compaction {
  /** Holds from the next time on. */
  retention: Retention;
  readonly #options: CompactionOptions;
  readonly #periodic: Periodic;

  constructor(options: CompactionOptions) {
    this.#options = options;
    this.retention = options.retention;
    const work = () => this.#compactAndTell();
    this.#periodic = new Periodic({ clock: options.clock, firstAfterMs, againAfterMs, work });
  }

  /** Begins. */
  start(): void {
    this.#periodic.start();
  }

  /** Resolves once nothing is removed any more. */
  async stop(): Promise<void> {
    await this.#periodic.stop();
  }

  /**
   * Removes everything that is too old, now.
   *
   * @throws {CdktrError} STORAGE when the journal cannot be written. The reason of the stop, when it is stopped.
   */
  async compact(): Promise<Compacted> {
    const { journal, clock, isInUse } = this.#options;
    const { retention } = this;
    const nowMs = clock.nowMs();
    const events = await this.#removeEvents(nowMs - retention.eventDays * dayMs);
    const finishedBeforeMs = nowMs - retention.runDays * dayMs;
    const runs = await this.#sweep((after, limit) => journal.removeRuns({ finishedBeforeMs, after, limit }));
    const definitions = await this.#sweep((after, limit) => journal.removeDefinitions({ isInUse, after, limit }));
    return { events, runs, definitions, freedBytes: await this.#shrink() };
  }

  async #compactAndTell(): Promise<void> {
    const { report } = this.#options;
    try {
      const { runs, events, definitions, freedBytes } = await this.compact();
      if (runs + events + definitions + freedBytes === 0) return;
      const freed = freedBytes === 0 ? "" : `; the file is ${(freedBytes / 2 ** 20).toFixed(0)} MiB smaller`;
      report.info(
        `removed from the journal what was too old: ${counted(runs, "run")}, ${counted(events, "event")}${freed}`,
      );
    } catch (error) {
      if (!this.#periodic.signal.aborted) report.warn(`the journal is not compacted: ${messageOf(error)}`);
    }
  }

  async #removeEvents(beforeMs: number): Promise<number> {
    const { journal, projectedSeq } = this.#options;
    let removed = 0;
    await this.#inSteps(async (limit) => {
      const sweep = { beforeMs, keepMax: this.retention.eventsMax, limit, throughSeq: projectedSeq() };
      const count = await journal.removeEvents(sweep);
      removed += count;
      return count < limit;
    });
    return removed;
  }

  async #sweep(step: (after: string, limit: number) => Promise<Swept>): Promise<number> {
    let removed = 0;
    let after = "";
    await this.#inSteps(async (limit) => {
      const swept = await step(after, limit);
      removed += swept.removed;
      after = swept.next ?? after;
      return swept.next === null;
    });
    return removed;
  }

  async #shrink(): Promise<number> {
    let freedBytes = 0;
    await this.#inSteps(async (rows) => {
      const bytes = await this.#options.journal.shrink(rows * bytesPerRow);
      freedBytes += bytes;
      return bytes === 0;
    });
    return freedBytes;
  }

  /** Takes steps, each of so many rows as fit its time, until one says that it was the last. */
  async #inSteps(step: (rows: number) => Promise<boolean>): Promise<void> {
    const { clock } = this.#options;
    for (let rows = rowsAtFirst;;) {
      const beganMs = clock.monotonicMs();
      if (await step(rows)) return;
      const tookMs = clock.monotonicMs() - beganMs;
      if (tookMs > stepMs) rows = Math.max(rows >> 1, rowsMin);
      else if (tookMs < stepMs / 2) rows = Math.min(rows * 2, rowsMax);
      await sleep(clock, Math.max(tookMs * pauseFactor, 1), this.#periodic.signal);
    }
  }
}
