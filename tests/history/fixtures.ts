/** What the tests of history share: a directory of their own, rows, and the problems that were reported. */
import { DuckDBInstance } from "@duckdb/node-api";
import { systemClock } from "../../src/clock/mod.ts";
import {
  History,
  type HistoryOptions,
  type HistoryProblem,
  type HistoryProblemCode,
  type LogRow,
  type ProjectionPage,
  type RunVersionRow,
} from "../../src/history/mod.ts";

/** Runs `use` with a directory that is removed afterwards. */
export async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "cdktr-history-test-" });
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A log line of which only what matters to the test is named. */
export function line(payload: string, fields: Partial<LogRow> = {}): LogRow {
  return {
    workflowId: "etl.daily",
    workflowName: "Daily ETL",
    runId: "run-1",
    taskName: "Extract",
    taskRunId: "task-run-1",
    timestampMs: 1_795_252_402_023,
    level: "INFO",
    payload,
    ...fields,
  };
}

/** `count` lines that say their number. */
export function lines(count: number, fields: Partial<LogRow> = {}): LogRow[] {
  return Array.from({ length: count }, (_, index) => line(`line ${index}`, fields));
}

/** Collects problems and lets a test wait for one. */
export class Problems {
  readonly all: HistoryProblem[] = [];
  readonly #waiting = new Map<HistoryProblemCode, PromiseWithResolvers<HistoryProblem>>();

  readonly add = (problem: HistoryProblem): void => {
    this.all.push(problem);
    this.#waiting.get(problem.code)?.resolve(problem);
  };

  get codes(): HistoryProblemCode[] {
    return this.all.map((problem) => problem.code);
  }

  /** Resolves with the first problem of this code, past or future. */
  async until(code: HistoryProblemCode): Promise<HistoryProblem> {
    const known = this.all.find((problem) => problem.code === code);
    if (known !== undefined) return known;
    const waiting = this.#waiting.get(code) ?? Promise.withResolvers<HistoryProblem>();
    this.#waiting.set(code, waiting);
    return await waiting.promise;
  }
}

/** Opens history on the system's clock; by default any problem is an error. */
export async function openHistory(options: Partial<HistoryOptions> & { path: string }): Promise<History> {
  return await History.open({
    clock: systemClock,
    onProblem: (problem) => {
      throw new Error(`unexpected problem: ${problem.code} ${problem.message}`);
    },
    ...options,
  });
}

/** A page of the journal's projection with one decision, and one version of a run, for each place from `from` to `to`. */
export function decisionsPage(from: number, to: number): ProjectionPage {
  const places = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return {
    seq: to,
    runStatuses: places.map((seq) => ({ workflowId: "w", runId: `run-${seq}`, status: "COMPLETED", timestampMs: seq })),
    taskStatuses: [],
    decisions: places.map((seq) => ({
      seq,
      atMs: 1_795_252_402_023 + seq,
      type: "run_finished",
      runId: `run-${seq}`,
      workflowId: "etl.daily",
      attempt: 1,
      taskId: null,
      state: "COMPLETED",
      agentId: null,
      reason: "all tasks completed",
      detail: "{}",
    })),
    runs: places.map((seq) => runVersion({ seq, runId: `run-${seq}` })),
    tasks: [],
  };
}

/** A version of a run of which only what matters to the test is named. */
export function runVersion(fields: Partial<RunVersionRow>): RunVersionRow {
  return {
    seq: 1,
    runId: "run-1",
    workflowId: "etl.daily",
    workflowName: "Daily ETL",
    definitionHash: "hash",
    triggerKind: "manual",
    params: "{}",
    idempotencyKey: null,
    state: "COMPLETED",
    attempt: 1,
    priority: 0,
    agentId: "agent-1",
    session: null,
    reason: null,
    triggeredMs: 1_795_252_402_023,
    assignedMs: 1_795_252_402_024,
    startedMs: 1_795_252_402_025,
    finishedMs: 1_795_252_402_026,
    ...fields,
  };
}

/** Runs statements on a database of its own making, as another program would. */
export async function runSql(path: string, ...statements: string[]): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  let rows: unknown[][] = [];
  for (const statement of statements) rows = (await connection.runAndReadAll(statement)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}
