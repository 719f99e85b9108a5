/** What of DuckDB is asked for outside of the worker. A file of its own: importing it loads the library. */
export { version } from "@duckdb/node-api";
