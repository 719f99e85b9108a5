/** What history holds: log lines and status rows, as the rest of the product sees them. */
import { z } from "zod";

/** The six states of a run or a task run, in the order of the database's enum. */
export const runStatuses = ["PENDING", "RUNNING", "WAITING", "COMPLETED", "FAILED", "CRASHED"] as const;

/** A state of a run or a task run. */
export type RunStatus = typeof runStatuses[number];

/** One line of a task's output. */
export interface LogRow {
  workflowId: string;
  workflowName: string;
  runId: string;
  taskName: string;
  taskRunId: string;
  /** Unix milliseconds. */
  timestampMs: number;
  /** `INFO`, `ERROR`, `WARNING`, or whatever the sender called it. */
  level: string;
  payload: string;
}

/** A log line as it was stored. */
export interface StoredLogRow extends LogRow {
  /** Its place in the order of arrival. Give it as `afterRow` to go on from here. */
  rowNumber: number;
}

/** A state that a run reached. */
export interface RunStatusRow {
  workflowId: string;
  runId: string;
  status: RunStatus;
  /** Unix milliseconds. */
  timestampMs: number;
}

/** A state that a task run reached. */
export interface TaskStatusRow {
  taskId: string;
  taskRunId: string;
  runId: string;
  status: RunStatus;
  /** Unix milliseconds. */
  timestampMs: number;
}

/** How many rows each table holds, and in which state how many runs are. */
export interface HistoryCounts {
  logRows: number;
  runStatusRows: number;
  taskStatusRows: number;
  /** Runs by the status that was recorded last. States without runs are 0. */
  runsByStatus: Record<RunStatus, number>;
}

/** Rows that a log query returns when its filter names no limit. */
const defaultQueryRows = 10_000;
/** The largest limit a log query takes, in rows. */
const maxQueryRows = 1_000_000;
/** The most run ids, and the most levels, one filter may name. */
const maxFilterValues = 1_000;

/** What a {@linkcode LogFilter} must look like; `undefined` counts as absent. */
export const logFilterSchema = z.strictObject({
  sinceMs: z.number().optional(),
  untilMs: z.number().optional(),
  workflowId: z.string().optional(),
  runIds: z.array(z.string()).max(maxFilterValues).readonly().optional(),
  taskName: z.string().optional(),
  taskRunId: z.string().optional(),
  levels: z.array(z.string()).max(maxFilterValues).readonly().optional(),
  contains: z.string().optional(),
  statuses: z.array(z.enum(runStatuses)).readonly().optional(),
  limit: z.int().min(0).max(maxQueryRows).default(defaultQueryRows),
  order: z.enum(["oldest", "newest"]).default("oldest"),
  afterRow: z.int().min(0).optional(),
});

/**
 * Which log lines a query returns. All conditions must hold; one that is absent holds for every line, an empty list
 * for none.
 *
 * - `sinceMs` (inclusive) and `untilMs` (exclusive): Unix milliseconds.
 * - `contains`: text that occurs in the payload, letter for letter; no character has a special meaning.
 * - `statuses`: lines of runs whose status recorded last is one of these.
 * - `limit`: rows at most. `@default` {@linkcode defaultQueryRows}, at most {@linkcode maxQueryRows}.
 * - `order`: of arrival. `@default` `"oldest"` first.
 * - `afterRow`: only lines behind the one with this row number, in the direction of `order`.
 */
export type LogFilter = z.input<typeof logFilterSchema>;

/** A {@linkcode LogFilter} with its defaults filled in. */
export type CompleteLogFilter = z.output<typeof logFilterSchema>;
