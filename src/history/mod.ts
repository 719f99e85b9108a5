/** Logs and status rows in DuckDB, for queries over all runs. */
export { History, type HistoryHealth, type HistoryOptions, maxStatusRows } from "./history.ts";
export type { HistoryProblem, HistoryProblemCode } from "./problem.ts";
export {
  defaultQueryRows,
  type HistoryCounts,
  type LogFilter,
  type LogRow,
  maxFilterValues,
  maxQueryRows,
  type RunStatus,
  runStatuses,
  type RunStatusRow,
  type StoredLogRow,
  type TaskStatusRow,
} from "./rows.ts";
