/** Logs and status rows in DuckDB, for queries over all runs. */
export { History, type HistoryHealth, type HistoryOptions } from "./history.ts";
export type { HistoryProblem, HistoryProblemCode } from "./problem.ts";
export {
  type HistoryCounts,
  type LogFilter,
  type LogRow,
  type RunStatus,
  type RunStatusRow,
  type StoredLogRow,
  type TaskStatusRow,
} from "./rows.ts";
