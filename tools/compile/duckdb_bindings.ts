/** DuckDB's binding as the executable has it, in the place of the npm package `@duckdb/node-bindings`. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { libraryCache } from "../../src/history/library_cache.ts";
import { unpack } from "./unpack.ts";

declare const __dirname: string;
declare const module: { exports: unknown };

const cache = libraryCache();
if (cache === null) throw new Error("nobody said where DuckDB's library is to be unpacked");
// The binding looks for its library beside itself.
module.exports = createRequire(__dirname)(
  join(unpack({ from: join(__dirname, "library"), executable: Deno.execPath(), cache }), "duckdb.node"),
);
