/**
 * Retention: what is older than its owner wants to keep, and what is more than there is room for, leaves the tables.
 * Runs in the worker, on a connection of its own, beside the writing of new rows.
 *
 * Log lines go by whole days (UTC) of their time, the oldest first: into the archive if there is one, else for good. What
 * else is kept (states, decisions, versions of runs and tasks) can be rebuilt in part from the journal, and is deleted
 * without being archived; of a run that has not ended, or ended within the limit, its newest version stays.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import * as z from "zod";
import { type Archive, quoted } from "./archive.ts";
import { dayOf, daySql, daysSql, firstDay } from "./days.ts";

const limitMs = z.number().nonnegative();

/** What {@linkcode RetentionPolicy} must look like. */
export const retentionPolicySchema = z.strictObject({
  olderThanMs: limitMs.nullable(),
  olderThanMsByWorkflow: z.record(z.string(), limitMs).default({}),
  maxBytes: z.number().nonnegative().nullable().default(null),
  archiveOlderThanMs: limitMs.nullable().default(null),
  nowMs: z.number(),
});

/**
 * What is to be kept. `null`: without limit.
 *
 * - `olderThanMs`: what is older than this leaves the tables; log lines when their whole day is.
 * - `olderThanMsByWorkflow`: other limits, by workflow id.
 * - `maxBytes`: when the database uses more, its oldest days of log lines leave it too, down to today's. What counts is
 *   the blocks in use and the write-ahead log: the file itself does not shrink, but what is free in it is used again. Blocks
 *   become free when some 100,000 lines that were stored together have gone.
 * - `archiveOlderThanMs`: archived days older than this are deleted.
 * - `nowMs`: Unix milliseconds.
 */
export type RetentionPolicy = z.input<typeof retentionPolicySchema>;
/** A {@linkcode RetentionPolicy} with its defaults filled in. */
export type CompleteRetentionPolicy = z.output<typeof retentionPolicySchema>;

/** What {@linkcode Retained} must look like. */
export const retainedSchema = z.object({
  archivedLines: z.number(),
  deletedLines: z.number(),
  deletedArchivedLines: z.number(),
  deletedRows: z.number(),
  usedBytes: z.number(),
  archivedBytes: z.number(),
  isOverLimit: z.boolean(),
});

/**
 * What was done.
 *
 * - `archivedLines`, `deletedLines`: log lines that left the table for the archive, and for good.
 * - `deletedArchivedLines`: log lines that left the archive.
 * - `deletedRows`: rows of other tables that were deleted.
 * - `usedBytes`: what the database uses now: blocks in use and write-ahead log. `archivedBytes`: the archived files.
 * - `isOverLimit`: whether it uses more than `maxBytes` all the same.
 */
export type Retained = z.infer<typeof retainedSchema>;

/** What {@linkcode retain} works on. */
export interface RetentionPlace {
  connection: DuckDBConnection;
  /** Null: lines are deleted for good. */
  archive: Archive | null;
  /** Writes what is in the write-ahead log into the file, so that blocks become free. False when it could not be done. */
  checkpoint: () => Promise<boolean>;
  isCancelled: () => boolean;
}

/** Brings the database within `policy`. */
export async function retain(place: RetentionPlace, policy: CompleteRetentionPolicy): Promise<Retained> {
  return await new Retention(place, policy).run();
}

class Retention {
  readonly #place: RetentionPlace;
  readonly #policy: CompleteRetentionPolicy;
  readonly #today: number;
  #archivedLines = 0;
  #deletedLines = 0;
  #deletedRows = 0;

  constructor(place: RetentionPlace, policy: CompleteRetentionPolicy) {
    this.#place = place;
    this.#policy = policy;
    this.#today = dayOf(policy.nowMs);
  }

  async run(): Promise<Retained> {
    const { connection, archive, checkpoint } = this.#place;
    const { archiveOlderThanMs, maxBytes } = this.#policy;
    await this.#moveOldLines();
    await this.#deleteOldRows();
    let canFree = await checkpoint();
    let usedBytes = await this.#usedBytes();
    while (maxBytes !== null && usedBytes > maxBytes && canFree && !this.#place.isCancelled()) {
      const day = await this.#oldestDay();
      if (day === undefined) break;
      await this.#move(day, daysSql(day, day + 1));
      canFree = await checkpoint();
      usedBytes = await this.#usedBytes();
    }
    const firstKept = archiveOlderThanMs === null ? firstDay : this.#firstDayWithin(archiveOlderThanMs);
    return {
      archivedLines: this.#archivedLines,
      deletedLines: this.#deletedLines,
      deletedArchivedLines: await archive?.removeBefore(connection, firstKept) ?? 0,
      deletedRows: this.#deletedRows,
      usedBytes,
      archivedBytes: archive?.bytes ?? 0,
      isOverLimit: maxBytes !== null && usedBytes > maxBytes,
    };
  }

  /** The first day that is not over for `limitMs` already. */
  #firstDayWithin(limitMs: number): number {
    return Math.max(Math.min(dayOf(this.#policy.nowMs - limitMs), this.#today), firstDay);
  }

  async #moveOldLines(): Promise<void> {
    const { olderThanMs, olderThanMsByWorkflow } = this.#policy;
    const firstByWorkflow = new Map(
      Object.entries(olderThanMsByWorkflow).map(([id, limitMs]) => [id, this.#firstDayWithin(limitMs)]),
    );
    const firstOfOthers = olderThanMs === null ? firstDay : this.#firstDayWithin(olderThanMs);
    const firstOfAll = Math.max(firstOfOthers, ...firstByWorkflow.values());
    if (firstOfAll === firstDay) return;
    for (const day of await this.#daysBefore(firstOfAll)) {
      if (this.#place.isCancelled()) return;
      const due = [...firstByWorkflow].filter(([, first]) => day < first).map(([id]) => id);
      const isDue = day < firstOfOthers
        ? not(inList("workflow_id", [...firstByWorkflow.keys()].filter((id) => !due.includes(id))))
        : inList("workflow_id", due);
      await this.#move(day, `${daysSql(day, day + 1)} AND ${isDue}`);
    }
  }

  async #daysBefore(day: number): Promise<number[]> {
    const reader = await this.#place.connection.runAndReadAll(
      `SELECT DISTINCT ${daySql} AS day FROM logstore WHERE ${daysSql(firstDay, day)} ORDER BY day`,
    );
    return reader.getRows().map(([day]) => Number(day));
  }

  async #oldestDay(): Promise<number | undefined> {
    const reader = await this.#place.connection.runAndReadAll(`SELECT min(${daySql}) FROM logstore`);
    const day = reader.getRows()[0]?.[0];
    return day === null || day === undefined ? undefined : Number(day);
  }

  async #move(day: number, condition: string): Promise<void> {
    const { connection, archive } = this.#place;
    const found = await connection.runAndReadAll(`SELECT 1 FROM logstore WHERE ${condition} LIMIT 1`);
    if (found.currentRowCount === 0) return;
    if (archive === null) {
      const deleted = await connection.run(`DELETE FROM logstore WHERE ${condition}`);
      this.#deletedLines += deleted.rowsChanged;
    } else {
      this.#archivedLines += await archive.add(connection, day, condition);
    }
  }

  async #deleteOldRows(): Promise<void> {
    const { nowMs, olderThanMs, olderThanMsByWorkflow } = this.#policy;
    const sinceMs = (limitMs: number | null) =>
      limitMs === null ? -Number.MAX_SAFE_INTEGER : Math.trunc(nowMs - limitMs);
    const others = sinceMs(olderThanMs);
    const cases = Object.entries(olderThanMsByWorkflow).map(([id, limit]) =>
      `WHEN '${quoted(id)}' THEN ${sinceMs(limit)}`
    );
    const limit = cases.length === 0 ? String(others) : `CASE workflow_id ${cases.join(" ")} ELSE ${others} END`;
    if (cases.length === 0 && olderThanMs === null) return;
    const isNewest = "rowid IN (SELECT max(rowid) FROM run_versions GROUP BY run_id)";
    const newestOfAgents =
      `SELECT max(rowid) FROM decisions WHERE type IN ('agent_joined', 'agent_left') GROUP BY agent_id`;
    const knownRuns = "SELECT run_id FROM run_versions";
    const statements = [
      `DELETE FROM run_versions WHERE coalesce(finished_ms, started_ms, assigned_ms, triggered_ms) < ${limit}
         AND NOT (${isNewest} AND (finished_ms IS NULL OR finished_ms >= ${limit}))`,
      `DELETE FROM task_versions WHERE coalesce(finished_ms, started_ms, 0) < ${others} AND run_id NOT IN (${knownRuns})`,
      `DELETE FROM decisions WHERE at_ms < ${limit} AND (run_id IS NULL OR run_id NOT IN (${knownRuns}))
         AND NOT (type = 'agent_joined' AND rowid IN (${newestOfAgents}))`,
      `DELETE FROM workflow_run_status WHERE timestamp_ms < ${limit}
         AND (workflow_instance_id IS NULL OR workflow_instance_id NOT IN (${knownRuns}))`,
      `DELETE FROM task_run_status WHERE timestamp_ms < ${others}
         AND (workflow_instance_id IS NULL OR workflow_instance_id NOT IN (${knownRuns}))`,
    ];
    for (const statement of statements) {
      if (this.#place.isCancelled()) return;
      this.#deletedRows += (await this.#place.connection.run(statement)).rowsChanged;
    }
  }

  async #usedBytes(): Promise<number> {
    const reader = await this.#place.connection.runAndReadAll(
      `SELECT used_blocks * block_size + coalesce(parse_formatted_bytes(wal_size), 0) FROM pragma_database_size()
       WHERE database_name = current_database()`,
    );
    return Number(reader.getRows()[0]?.[0] ?? 0);
  }
}

function inList(column: string, values: readonly string[]): string {
  return values.length === 0
    ? "false"
    : `coalesce(${column}, '') IN (${values.map((each) => `'${quoted(each)}'`).join(", ")})`;
}

function not(condition: string): string {
  return `NOT (${condition})`;
}
