/** The database library, looked at without a database. */
import { setLibraryCache } from "./library_cache.ts";

/**
 * The version of DuckDB that can be loaded, such as `v1.5.5`.
 *
 * @param libraryCache Where the executable unpacks the library.
 * @throws What the system says when it cannot be.
 */
export async function duckdbVersion(libraryCache: string): Promise<string> {
  setLibraryCache(libraryCache);
  const { version } = await import("./duckdb_library.ts");
  return version();
}
