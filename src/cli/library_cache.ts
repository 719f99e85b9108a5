/** Where the executable unpacks DuckDB's library (tools/compile/). */
import { type Config, settings } from "../config/mod.ts";

/**
 * To be called before DuckDB is first loaded: what loads it in the executable, maybe in a worker, looks into the environment, and
 * the setting may come from a `.env` file or be a default.
 */
export function tellLibraryCache({ cacheDirectory }: Config): void {
  Deno.env.set(settings.cacheDirectory.variable, cacheDirectory);
}
