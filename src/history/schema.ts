/** The tables, as the original made them: its files are continued here, and users query them with DuckDB's own tools. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { runStatuses } from "./rows.ts";

/** Insert-only, without keys and indexes. Appenders and readers go by position, so the order of columns is part of it. */
const columnsOfTable = {
  logstore: [
    ["workflow_id", "TEXT"],
    ["workflow_name", "TEXT"],
    ["workflow_instance_id", "TEXT"],
    ["task_name", "TEXT"],
    ["task_instance_id", "TEXT"],
    ["timestamp_ms", "BIGINT"],
    ["level", "TEXT"],
    ["payload", "TEXT"],
  ],
  workflow_run_status: [
    ["workflow_id", "TEXT"],
    ["workflow_instance_id", "TEXT"],
    ["status", "RunStatus"],
    ["timestamp_ms", "BIGINT"],
  ],
  task_run_status: [
    ["task_id", "TEXT"],
    ["task_instance_id", "TEXT"],
    ["workflow_instance_id", "TEXT"],
    ["status", "RunStatus"],
    ["timestamp_ms", "BIGINT"],
  ],
} as const;

/** How DuckDB's catalogue spells the types above. */
const catalogueTypes = {
  TEXT: "VARCHAR",
  BIGINT: "BIGINT",
  RunStatus: `ENUM(${runStatuses.map((status) => `'${status}'`).join(", ")})`,
} as const;

/** Makes what is missing of the tables and their enum. */
export async function createTables(connection: DuckDBConnection): Promise<void> {
  const values = runStatuses.map((status) => `'${status}'`).join(", ");
  await connection.run(`CREATE TYPE IF NOT EXISTS RunStatus AS ENUM (${values})`);
  for (const [table, columns] of Object.entries(columnsOfTable)) {
    const definitions = columns.map(([name, type]) => `${name} ${type}`).join(", ");
    await connection.run(`CREATE TABLE IF NOT EXISTS ${table} (${definitions})`);
  }
}

/**
 * Compares the tables that exist with those expected.
 *
 * @returns What differs, as half a sentence; `undefined` if nothing does.
 */
export async function differenceOfTables(connection: DuckDBConnection): Promise<string | undefined> {
  const reader = await connection.runAndReadAll(
    `SELECT table_name, column_name, data_type FROM duckdb_columns()
     WHERE schema_name = 'main' AND database_name = current_database() ORDER BY table_name, column_index`,
  );
  const found = new Map<string, string[]>();
  for (const [table, column, type] of reader.getRows()) {
    found.set(String(table), [...found.get(String(table)) ?? [], `${column} ${type}`]);
  }
  for (const [table, columns] of Object.entries(columnsOfTable)) {
    const expected = columns.map(([name, type]) => `${name} ${catalogueTypes[type]}`).join(", ");
    const present = (found.get(table) ?? []).join(", ");
    if (present !== expected) return `table ${table} has the columns (${present}) instead of (${expected})`;
  }
  return undefined;
}
