/** From a log filter to SQL with bound parameters. */
import { BIGINT, type DuckDBType, type DuckDBValue, VARCHAR } from "@duckdb/node-api";
import type { CompleteLogFilter } from "./rows.ts";

/** A condition in SQL: its text is made of constants and `$n` alone, what the caller wrote is in `values`. */
export class Condition {
  readonly values: DuckDBValue[] = [];
  readonly types: DuckDBType[] = [];
  readonly #parts: string[] = [];

  /** The conditions that `filter` makes on a line itself, wherever it is stored. */
  static of(filter: CompleteLogFilter): Condition {
    const condition = new Condition();
    if (filter.sinceMs !== undefined) condition.add(`timestamp_ms >= ${condition.time(filter.sinceMs)}`);
    if (filter.untilMs !== undefined) condition.add(`timestamp_ms < ${condition.time(filter.untilMs)}`);
    if (filter.workflowId !== undefined) condition.#addEquality("workflow_id", [filter.workflowId]);
    if (filter.runIds !== undefined) condition.#addEquality("workflow_instance_id", filter.runIds);
    if (filter.taskName !== undefined) condition.#addTask(filter, filter.taskName);
    if (filter.taskRunId !== undefined) condition.#addEquality("task_instance_id", [filter.taskRunId]);
    if (filter.levels !== undefined) condition.#addEquality("level", filter.levels);
    if (filter.contains !== undefined) {
      const text = condition.text(filter.contains);
      condition.add(filter.ignoreCase ? `contains(lower(payload), lower(${text}))` : `contains(payload, ${text})`);
    }
    if (filter.statuses !== undefined) condition.#addStatuses(filter, filter.statuses);
    if (filter.states !== undefined) condition.#addStates(filter, filter.states);
    return condition;
  }

  /** The condition as it follows WHERE. */
  get sql(): string {
    return this.#parts.length === 0 ? "true" : this.#parts.join(" AND ");
  }

  /** Demands `sql` too. */
  add(sql: string): void {
    this.#parts.push(sql);
  }

  /** A placeholder for text. */
  text(value: string): string {
    return this.#placeholder(value, VARCHAR);
  }

  /** A placeholder for a time. Both bounds of a range may be rounded up: whole milliseconds are stored. */
  time(timeMs: number): string {
    const limitMs = Number.MAX_SAFE_INTEGER;
    return this.#placeholder(BigInt(Math.ceil(Math.min(Math.max(timeMs, -limitMs), limitMs))), BIGINT);
  }

  /** Lines have the name of their task; by its id it is known to what was reported of it. */
  #addTask(filter: CompleteLogFilter, nameOrId: string): void {
    const reports = [this.#equality("task_id", [nameOrId])];
    if (filter.runIds !== undefined) reports.push(this.#equality("workflow_instance_id", filter.runIds));
    this.add(`(${this.#equality("task_name", [nameOrId])} OR task_instance_id IN (
      SELECT task_instance_id FROM task_run_status WHERE ${reports.join(" AND ")}))`);
  }

  /** The current status of a run is the one recorded last: clocks may step back, the order of arrival does not. */
  #addStatuses(filter: CompleteLogFilter, statuses: readonly string[]): void {
    if (statuses.length === 0) return this.add("false");
    const listed = statuses.map((status) => this.text(status)).join(", ");
    const runs: string[] = ["true"];
    if (filter.workflowId !== undefined) runs.push(this.#equality("workflow_id", [filter.workflowId]));
    if (filter.runIds !== undefined) runs.push(this.#equality("workflow_instance_id", filter.runIds));
    this.add(`workflow_instance_id IN (
      SELECT workflow_instance_id FROM workflow_run_status WHERE ${runs.join(" AND ")}
      GROUP BY workflow_instance_id HAVING arg_max(status, rowid) IN (${listed}))`);
  }

  /** The newest version of a run tells its state. */
  #addStates(filter: CompleteLogFilter, states: readonly string[]): void {
    if (states.length === 0) return this.add("false");
    const listed = states.map((state) => this.text(state)).join(", ");
    const ofRuns = (runId: string) =>
      [
        "true",
        ...filter.workflowId === undefined ? [] : [this.#equality("workflow_id", [filter.workflowId])],
        ...filter.runIds === undefined ? [] : [this.#equality(runId, filter.runIds)],
      ].join(" AND ");
    this.add(`workflow_instance_id IN (
      SELECT run_id FROM run_versions WHERE ${ofRuns("run_id")}
      GROUP BY run_id HAVING arg_max(state, rowid) IN (${listed})
      UNION ALL
      SELECT workflow_instance_id FROM workflow_run_status WHERE ${ofRuns("workflow_instance_id")}
      AND workflow_instance_id NOT IN (SELECT run_id FROM run_versions)
      GROUP BY workflow_instance_id HAVING arg_max(status, rowid)::VARCHAR IN (${listed}))`);
  }

  #addEquality(column: string, values: readonly string[]): void {
    this.add(this.#equality(column, values));
  }

  #equality(column: string, values: readonly string[]): string {
    const listed = values.map((value) => this.text(value));
    return listed.length === 0 ? "false" : `${column} IN (${listed.join(", ")})`;
  }

  #placeholder(value: DuckDBValue, type: DuckDBType): string {
    this.types.push(type);
    return `$${this.values.push(value)}`;
  }
}
