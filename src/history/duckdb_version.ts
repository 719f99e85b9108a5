/** The database library, looked at without a database. */

/**
 * The version of DuckDB that can be loaded, such as `v1.5.5`.
 *
 * @throws What the system says when it cannot be.
 */
export async function duckdbVersion(): Promise<string> {
  const { version } = await import("./duckdb_library.ts");
  return version();
}
