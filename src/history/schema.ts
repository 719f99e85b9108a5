/**
 * The tables. The first three are as the original made them: its files are continued here, and users query them with
 * DuckDB's own tools. The others are ours. All are insert-only, without keys and indexes.
 */
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import type { DecisionRow, RunVersionRow, TaskVersionRow } from "./projection.ts";
import { type LogRow, runStatuses, type RunStatusRow, type TaskStatusRow } from "./rows.ts";

/** How DuckDB's catalogue spells the types that are used here. */
const catalogueTypes = {
  TEXT: "VARCHAR",
  BIGINT: "BIGINT",
  INTEGER: "INTEGER",
  RunStatus: `ENUM(${runStatuses.map((status) => `'${status}'`).join(", ")})`,
} as const;

type Value = string | number | null;
type Column<Row> = readonly [name: string, type: keyof typeof catalogueTypes, value: (row: Row) => Value];

/** A table, and where the values of its columns come from. Readers go by position, so the order of columns is part of it. */
export interface Table<Row> {
  readonly name: string;
  readonly columns: readonly Column<Row>[];
}

/** How far the rows of a stream have come. */
export interface MarkRow {
  stream: string;
  position: number;
  /** Unix milliseconds. */
  atMs: number;
}

/** A file of archived lines. */
export interface ArchivedFile {
  /** Its name within the directory of log files. */
  readonly name: string;
  readonly day: number;
  readonly part: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Every table, by the kind of its rows. */
export const tables = {
  logs: table<LogRow>("logstore", [
    ["workflow_id", "TEXT", (row) => row.workflowId],
    ["workflow_name", "TEXT", (row) => row.workflowName],
    ["workflow_instance_id", "TEXT", (row) => row.runId],
    ["task_name", "TEXT", (row) => row.taskName],
    ["task_instance_id", "TEXT", (row) => row.taskRunId],
    ["timestamp_ms", "BIGINT", (row) => row.timestampMs],
    ["level", "TEXT", (row) => row.level],
    ["payload", "TEXT", (row) => row.payload],
  ]),
  runStatuses: table<RunStatusRow>("workflow_run_status", [
    ["workflow_id", "TEXT", (row) => row.workflowId],
    ["workflow_instance_id", "TEXT", (row) => row.runId],
    ["status", "RunStatus", (row) => row.status],
    ["timestamp_ms", "BIGINT", (row) => row.timestampMs],
  ]),
  taskStatuses: table<TaskStatusRow>("task_run_status", [
    ["task_id", "TEXT", (row) => row.taskId],
    ["task_instance_id", "TEXT", (row) => row.taskRunId],
    ["workflow_instance_id", "TEXT", (row) => row.runId],
    ["status", "RunStatus", (row) => row.status],
    ["timestamp_ms", "BIGINT", (row) => row.timestampMs],
  ]),
  decisions: table<DecisionRow>("decisions", [
    ["seq", "BIGINT", (row) => row.seq],
    ["at_ms", "BIGINT", (row) => row.atMs],
    ["type", "TEXT", (row) => row.type],
    ["run_id", "TEXT", (row) => row.runId],
    ["workflow_id", "TEXT", (row) => row.workflowId],
    ["attempt", "INTEGER", (row) => row.attempt],
    ["task_id", "TEXT", (row) => row.taskId],
    ["state", "TEXT", (row) => row.state],
    ["agent_id", "TEXT", (row) => row.agentId],
    ["reason", "TEXT", (row) => row.reason],
    ["detail", "TEXT", (row) => row.detail],
  ]),
  runVersions: table<RunVersionRow>("run_versions", [
    ["seq", "BIGINT", (row) => row.seq],
    ["run_id", "TEXT", (row) => row.runId],
    ["workflow_id", "TEXT", (row) => row.workflowId],
    ["workflow_name", "TEXT", (row) => row.workflowName],
    ["definition_hash", "TEXT", (row) => row.definitionHash],
    ["trigger_kind", "TEXT", (row) => row.triggerKind],
    ["params", "TEXT", (row) => row.params],
    ["idempotency_key", "TEXT", (row) => row.idempotencyKey],
    ["state", "TEXT", (row) => row.state],
    ["attempt", "INTEGER", (row) => row.attempt],
    ["priority", "INTEGER", (row) => row.priority],
    ["agent_id", "TEXT", (row) => row.agentId],
    ["session", "TEXT", (row) => row.session],
    ["reason", "TEXT", (row) => row.reason],
    ["triggered_ms", "BIGINT", (row) => row.triggeredMs],
    ["assigned_ms", "BIGINT", (row) => row.assignedMs],
    ["started_ms", "BIGINT", (row) => row.startedMs],
    ["finished_ms", "BIGINT", (row) => row.finishedMs],
  ]),
  taskVersions: table<TaskVersionRow>("task_versions", [
    ["seq", "BIGINT", (row) => row.seq],
    ["run_id", "TEXT", (row) => row.runId],
    ["attempt", "INTEGER", (row) => row.attempt],
    ["task_id", "TEXT", (row) => row.taskId],
    ["task_run_id", "TEXT", (row) => row.taskRunId],
    ["try_number", "INTEGER", (row) => row.tryNumber],
    ["state", "TEXT", (row) => row.state],
    ["started_ms", "BIGINT", (row) => row.startedMs],
    ["finished_ms", "BIGINT", (row) => row.finishedMs],
    ["exit_code", "INTEGER", (row) => row.exitCode],
    ["reason", "TEXT", (row) => row.reason],
    ["outputs", "TEXT", (row) => row.outputs],
  ]),
  marks: table<MarkRow>("marks", [
    ["stream", "TEXT", (row) => row.stream],
    ["position", "BIGINT", (row) => row.position],
    ["at_ms", "BIGINT", (row) => row.atMs],
  ]),
  archivedFiles: table<ArchivedFile>("archived_logs", [
    ["name", "TEXT", (row) => row.name],
    ["day", "INTEGER", (row) => row.day],
    ["part", "INTEGER", (row) => row.part],
    ["row_count", "BIGINT", (row) => row.rows],
    ["byte_count", "BIGINT", (row) => row.bytes],
  ]),
} as const;

/** The columns of `logstore`, as they stand in archived files too. */
export const logColumns = tables.logs.columns.map(([name]) => name).join(", ");

/** The largest value of a column of type INTEGER. */
const maxInteger = 2 ** 31 - 1;

function table<Row>(name: string, columns: readonly Column<Row>[]): Table<Row> {
  return { name, columns };
}

/** Appends `row`. A number that its column cannot hold becomes the nearest one it can; what is no number, NULL. */
export function appendRow<Row>(appender: DuckDBAppender, { columns }: Table<Row>, row: Row): void {
  for (const [, type, valueOf] of columns) {
    const value = valueOf(row);
    if (value === null || Number.isNaN(value)) {
      appender.appendNull();
    } else if (typeof value === "string") {
      // Of an enum too: `appendEnum` builds the whole type anew for each row and takes 80 times as long.
      appender.appendVarchar(value);
    } else if (type === "INTEGER") {
      appender.appendInteger(nearestWithin(value, maxInteger));
    } else {
      // As are positions and places in the journal: safe integers.
      appender.appendBigInt(BigInt(nearestWithin(value, Number.MAX_SAFE_INTEGER)));
    }
  }
  appender.endRow();
}

function nearestWithin(value: number, limit: number): number {
  return Math.trunc(Math.min(Math.max(value, -limit), limit));
}

/** Makes what is missing of the tables, their enum and the views. */
export async function createTables(connection: DuckDBConnection): Promise<void> {
  const values = runStatuses.map((status) => `'${status}'`).join(", ");
  await connection.run(`CREATE TYPE IF NOT EXISTS RunStatus AS ENUM (${values})`);
  for (const { name, columns } of Object.values(tables)) {
    const definitions = columns.map(([column, type]) => `${column} ${type}`).join(", ");
    await connection.run(`CREATE TABLE IF NOT EXISTS ${name} (${definitions})`);
  }
  await connection.run("CREATE TABLE IF NOT EXISTS identity AS SELECT uuid()::TEXT AS id");
}

/**
 * Compares the tables that exist with those expected.
 *
 * @returns What differs, as half a sentence; `undefined` if nothing does.
 */
export async function differenceOfTables(connection: DuckDBConnection): Promise<string | undefined> {
  // Table by table, in one query: `duckdb_columns()` makes a list of all the system's own first, 25 ms at each start.
  const columnsOf = (name: string) => `SELECT '${name}', cid, name, type FROM pragma_table_info('${name}')`;
  const all = Object.values(tables).map(({ name }) => columnsOf(name)).join(" UNION ALL ");
  const rows = (await connection.runAndReadAll(`${all} ORDER BY cid`)).getRows();
  for (const { name, columns } of Object.values(tables)) {
    const ofTable = rows.filter(([table]) => table === name);
    const present = ofTable.map(([, , column, type]) => `${column} ${type}`).join(", ");
    const expected = columns.map(([column, type]) => `${column} ${catalogueTypes[type]}`).join(", ");
    if (present !== expected) return `table ${name} has the columns (${present}) instead of (${expected})`;
  }
  return undefined;
}
