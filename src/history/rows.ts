/** What history holds: log lines and status rows, as the rest of the product sees them. */
import * as z from "zod";
import { logCursorSchema } from "./log_cursor.ts";

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

const statusSchema = z.enum(runStatuses);

/** What a {@linkcode RunStatusRow} must look like. */
export const runStatusRowSchema = z.object({
  workflowId: z.string(),
  runId: z.string(),
  status: statusSchema,
  /** Unix milliseconds. */
  timestampMs: z.number(),
});

/** A state that a run reached: a row of the original's `workflow_run_status`. */
export type RunStatusRow = z.infer<typeof runStatusRowSchema>;

/** What a {@linkcode TaskStatusRow} must look like. */
export const taskStatusRowSchema = z.object({
  taskId: z.string(),
  taskRunId: z.string(),
  runId: z.string(),
  status: statusSchema,
  /** Unix milliseconds. */
  timestampMs: z.number(),
});

/** A state that a task run reached: a row of the original's `task_run_status`. */
export type TaskStatusRow = z.infer<typeof taskStatusRowSchema>;

/** How many rows each table holds, archived lines included, and in which state how many runs are. */
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
  ignoreCase: z.boolean().optional(),
  statuses: z.array(z.enum(runStatuses)).readonly().optional(),
  states: z.array(z.string()).max(maxFilterValues).readonly().optional(),
  limit: z.int().min(0).max(maxQueryRows).default(defaultQueryRows),
  order: z.enum(["oldest", "newest"]).default("oldest"),
  after: logCursorSchema.optional(),
});

/**
 * Which log lines a query returns. All conditions must hold; one that is absent holds for every line, an empty list
 * for none.
 *
 * - `sinceMs` (inclusive) and `untilMs` (exclusive): Unix milliseconds.
 * - `contains`: text that occurs in the payload, letter for letter; no character has a special meaning.
 * - `ignoreCase`: then capitals and small letters are the same to `contains`.
 * - `statuses`: lines of runs whose status recorded last is one of these.
 * - `states`: lines of runs that stand in one of these states. Of a run that is in the file of an original principal and
 *   not in the journal, the status recorded last counts.
 * - `limit`: rows at most. `@default` {@linkcode defaultQueryRows}, at most {@linkcode maxQueryRows}.
 * - `order`: of days and, within a day, of arrival (see log_query.ts). `@default` `"oldest"` first.
 * - `after`: only lines behind the one that this cursor names, in the direction of `order`; see {@linkcode LogPage}.
 */
export type LogFilter = z.input<typeof logFilterSchema>;

/** A filter on its way to the worker: with its defaults filled in, and its cursor parsed. */
export const storedLogFilterSchema = logFilterSchema.extend({
  after: z.object({ horizon: z.int(), timestampMs: z.number(), taskRunId: z.string(), ordinal: z.int() }).optional(),
});

/** A {@linkcode LogFilter} with its defaults filled in. */
export type CompleteLogFilter = z.output<typeof logFilterSchema>;

/** A page of log lines. */
export interface LogPage {
  lines: LogRow[];
  /** Names the last line of the page: give it as `after`, with the same filter. Null when the page is empty. */
  cursor: string | null;
  /** Whether the page ended at its limit, so that more may follow. */
  mayHaveMore: boolean;
}
