/** Logs and the journal's projection in DuckDB, for queries over all runs. */
export type { HistoryHealth } from "./condition.ts";
export type { StartedWorker } from "./started_worker.ts";
export { duckdbVersion } from "./duckdb_version.ts";
export { History, type HistoryOptions, journalStream } from "./history.ts";
export { logMarkLifetimeMs, logMarksMax, logStreamOf, type Mark } from "./marks.ts";
export type { HistoryProblem, HistoryProblemCode } from "./problem.ts";
export type { DecisionRow, ProjectionPage, RunVersionRow, TaskVersionRow } from "./projection.ts";
export type { Retained, RetentionPolicy } from "./retention.ts";
export type { LogFilter, LogRow, RunStatusRow, TaskStatusRow } from "./rows.ts";
export { type ViewDescription, viewDescriptions } from "./views.ts";
