/** Queries of the status tables, and counts. Runs in the worker. */
import { BIGINT, type DuckDBConnection, type DuckDBValue, VARCHAR } from "@duckdb/node-api";
import { type HistoryCounts, type RunStatus, runStatuses, type RunStatusRow, type TaskStatusRow } from "./rows.ts";

/**
 * The newest row of each workflow, newest first. Of rows with the same time the one that arrived last is the newest.
 *
 * The newest times are found first, and only their rows are read: a fraction of the work of ranking all rows.
 */
export async function selectRecentStatuses(connection: DuckDBConnection, limit: number): Promise<RunStatusRow[]> {
  const reader = await connection.runAndReadAll(
    `WITH newest AS (
       SELECT workflow_id AS id, max(timestamp_ms) AS newest_ms FROM workflow_run_status
       WHERE workflow_id IS NOT NULL GROUP BY workflow_id ORDER BY newest_ms DESC NULLS LAST LIMIT $1
     )
     SELECT workflow_id, arg_max(coalesce(workflow_instance_id, ''), entry.rowid), arg_max(status, entry.rowid), newest_ms
     FROM workflow_run_status AS entry JOIN newest ON workflow_id = id AND timestamp_ms = newest_ms
     WHERE status IS NOT NULL GROUP BY workflow_id, newest_ms ORDER BY newest_ms DESC, max(entry.rowid) DESC`,
    [BigInt(limit)],
    [BIGINT],
  );
  return reader.getRows().map(runStatusRowOf);
}

/** What was recorded of a run, in the order of arrival. */
export async function selectRunStatuses(
  connection: DuckDBConnection,
  runId: string,
  limit: number,
): Promise<RunStatusRow[]> {
  const reader = await connection.runAndReadAll(
    `SELECT coalesce(workflow_id, ''), workflow_instance_id, status, coalesce(timestamp_ms, 0) FROM workflow_run_status
     WHERE workflow_instance_id = $1 AND status IS NOT NULL ORDER BY rowid LIMIT $2`,
    [runId, BigInt(limit)],
    [VARCHAR, BIGINT],
  );
  return reader.getRows().map(runStatusRowOf);
}

/** What was recorded of the tasks of a run, in the order of arrival. */
export async function selectTaskStatuses(
  connection: DuckDBConnection,
  runId: string,
  limit: number,
): Promise<TaskStatusRow[]> {
  const reader = await connection.runAndReadAll(
    `SELECT coalesce(task_id, ''), coalesce(task_instance_id, ''), workflow_instance_id, status,
       coalesce(timestamp_ms, 0) FROM task_run_status
     WHERE workflow_instance_id = $1 AND status IS NOT NULL ORDER BY rowid LIMIT $2`,
    [runId, BigInt(limit)],
    [VARCHAR, BIGINT],
  );
  return reader.getRows().map((values) => ({
    taskId: String(values[0]),
    taskRunId: String(values[1]),
    runId: String(values[2]),
    status: statusOf(values[3]),
    timestampMs: Number(values[4]),
  }));
}

/** How many rows each table holds, and in which state how many runs are. */
export async function selectCounts(connection: DuckDBConnection): Promise<HistoryCounts> {
  const tables = await connection.runAndReadAll(
    `SELECT (SELECT count(*) FROM logstore) + (SELECT coalesce(sum(row_count), 0) FROM archived_logs), (SELECT count(*) FROM workflow_run_status),
       (SELECT count(*) FROM task_run_status)`,
  );
  const [logRows, runStatusRows, taskStatusRows] = (tables.getRows()[0] ?? []).map(Number);
  const runsByStatus = { PENDING: 0, RUNNING: 0, WAITING: 0, COMPLETED: 0, FAILED: 0, CRASHED: 0 };
  const states = await connection.runAndReadAll(
    `SELECT status, count(*) FROM (
       SELECT arg_max(status, rowid) AS status FROM workflow_run_status GROUP BY workflow_instance_id
     ) WHERE status IS NOT NULL GROUP BY status`,
  );
  for (const [status, runs] of states.getRows()) runsByStatus[statusOf(status)] = Number(runs);
  return {
    logRows: logRows ?? 0,
    runStatusRows: runStatusRows ?? 0,
    taskStatusRows: taskStatusRows ?? 0,
    runsByStatus,
  };
}

function runStatusRowOf(values: readonly DuckDBValue[]): RunStatusRow {
  return {
    workflowId: String(values[0]),
    runId: String(values[1]),
    status: statusOf(values[2]),
    timestampMs: Number(values[3]),
  };
}

function statusOf(value: DuckDBValue | undefined): RunStatus {
  const known = runStatuses.find((status) => status === value);
  if (known === undefined) throw new TypeError(`the history database holds the unknown status ${String(value)}`);
  return known;
}
