/** What the tests of history share: a directory of their own, rows, and the problems that were reported. */
import { systemClock } from "../../src/clock/mod.ts";
import {
  History,
  type HistoryOptions,
  type HistoryProblem,
  type HistoryProblemCode,
  type LogRow,
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
