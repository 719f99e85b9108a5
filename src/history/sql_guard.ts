/**
 * Which statements of users are answered: one that only reads, and only what history holds. DuckDB's own parser is asked
 * for the statement as a tree (`json_serialize_sql`, which takes nothing but SELECT, and what its parser makes a SELECT of:
 * FROM first, VALUES, WITH, DESCRIBE, SHOW, SUMMARIZE); the tree says which tables and functions are meant. Behind this
 * stand a read-only transaction and a database without access to files, network, extensions and settings.
 */
import { type DuckDBConnection, VARCHAR } from "@duckdb/node-api";
import * as z from "zod";

/** Says why a statement is not answered, as a sentence. */
export class SqlRefused extends Error {}

/** Functions that make a table and are allowed: those that make it from their arguments, or tell of tables and columns. */
const tableFunctions = new Set([
  "range",
  "generate_series",
  "unnest",
  "repeat",
  "repeat_row",
  "json_each",
  "json_tree",
  "duckdb_columns",
  "duckdb_functions",
  "duckdb_tables",
  "duckdb_types",
  "duckdb_views",
]);

/** Functions that do more than give a value: wait, or change what others see. */
const refusedFunctions = new Set([
  "nextval",
  "currval",
  "setseed",
  "sleep_ms",
  "write_log",
  "stats",
  "getenv",
  "getvariable",
  "current_setting",
  "current_query",
  "current_transaction_id",
]);

const treeSchema = z.union([
  z.object({ error: z.literal(true), error_type: z.string(), error_message: z.string() }),
  z.object({ error: z.literal(false), statements: z.array(z.unknown()) }),
]);

const tableSchema = z.object({ type: z.literal("BASE_TABLE"), table_name: z.string(), schema_name: z.string() });
const tableFunctionSchema = z.object({
  type: z.literal("TABLE_FUNCTION"),
  function: z.object({ function_name: z.string() }),
});
const functionSchema = z.object({ class: z.literal("FUNCTION"), function_name: z.string() });

/**
 * Checks that `text` is one statement that may be answered.
 *
 * @throws {SqlRefused} When it is not; errors of DuckDB otherwise.
 */
export async function assertAnswerable(connection: DuckDBConnection, text: string): Promise<void> {
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)::VARCHAR", [text], [VARCHAR]);
  const tree = treeSchema.parse(JSON.parse(String(reader.getRows()[0]?.[0])));
  if (tree.error) {
    if (tree.error_type === "parser") throw new SqlRefused(`The SQL cannot be understood: ${tree.error_message}.`);
    throw new SqlRefused("Only queries are answered, and this SQL is not one SELECT.");
  }
  if (tree.statements.length === 0) throw new SqlRefused("There is no SQL to answer.");
  if (tree.statements.length > 1) {
    throw new SqlRefused(`One statement is answered at a time, and there are ${tree.statements.length}.`);
  }
  for (const node of nodesOf(tree.statements)) assertAllowed(node);
}

/** The text of a statement that was found answerable, without what may stand around it: comments, a semicolon. */
export async function canonical(connection: DuckDBConnection, text: string): Promise<string> {
  const sql = "SELECT json_deserialize_sql(json_serialize_sql($1::VARCHAR))";
  return String((await connection.runAndReadAll(sql, [text], [VARCHAR])).getRows()[0]?.[0]);
}

/** All objects in a tree, however deep. */
function* nodesOf(tree: unknown): Generator<object> {
  const open: unknown[] = [tree];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node !== "object" || node === null) continue;
    yield node;
    open.push(...Object.values(node));
  }
}

function assertAllowed(node: object): void {
  const table = tableSchema.safeParse(node);
  // DuckDB reads a file where a table of this name is missing.
  if (table.success && /[./\\:*?[]/.test(table.data.table_name)) {
    throw new SqlRefused(`SQL reads no files, and "${table.data.table_name}" is no table.`);
  }
  const tableFunction = tableFunctionSchema.safeParse(node);
  if (tableFunction.success) {
    const name = tableFunction.data.function.function_name.toLowerCase();
    if (!tableFunctions.has(name)) throw new SqlRefused(`The table function ${name} cannot be used here.`);
  }
  const called = functionSchema.safeParse(node);
  if (called.success && refusedFunctions.has(called.data.function_name.toLowerCase())) {
    throw new SqlRefused(`The function ${called.data.function_name} cannot be used here.`);
  }
}
