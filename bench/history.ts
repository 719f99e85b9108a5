/**
 * Log lines into DuckDB: through History (worker, batches, transactions), beside DuckDB's appender used directly on the
 * main thread, in one run. For both the longest stall of the main loop.
 *
 *     deno run -A bench/history.ts [rows]
 */
import { setImmediate } from "node:timers";
import { DuckDBInstance } from "@duckdb/node-api";
import { systemClock } from "../src/clock/mod.ts";
import { History, type LogRow } from "../src/history/mod.ts";

const rowTotal = Number(Deno.args[0] ?? 600_000);
/** What one turn of the main loop hands over: about what a socket delivers at once. */
const rowsPerTurn = 256;

/** Rows as the log intake makes them: every one with strings of its own, four tasks taking turns. */
function rowsFrom(first: number, count: number): LogRow[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = first + offset;
    const task = Math.floor(index / 10) % 4;
    return {
      workflowId: "etl.daily",
      workflowName: "Daily ETL",
      runId: `0190f3a1-aaaa-7bbb-8ccc-${String(Math.floor(index / 50_000)).padStart(12, "0")}`,
      taskName: `Task ${task}`,
      taskRunId: `0190f3a1-aaaa-7bbb-8ccc-00000000000${task}`,
      timestampMs: 1_795_252_402_023 + index,
      level: index % 50 === 0 ? "ERROR" : "INFO",
      payload: `STDOUT line ${index} of a task that says about as much per line as tasks usually do`,
    };
  });
}

/** Turns of the main loop as it comes by, and the longest time between two of them. */
class LoopWatch {
  longestStallMs = 0;
  #stopped = false;
  readonly #ended: Promise<void>;

  constructor() {
    this.#ended = this.#watch();
  }

  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#ended;
    return this.longestStallMs;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const beforeMs = performance.now();
      await nextTurn();
      this.longestStallMs = Math.max(this.longestStallMs, performance.now() - beforeMs);
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function show(name: string, seconds: number, longestStallMs: number): void {
  const rate = Math.round(rowTotal / seconds).toLocaleString("en");
  console.log(`${name.padEnd(52)} ${rate.padStart(9)} rows/s   longest stall ${longestStallMs.toFixed(1)} ms`);
}

async function throughHistory(path: string, rowsPerSecond: number): Promise<void> {
  await using history = await History.open({ path, clock: systemClock, onProblem: console.error });
  const watch = new LoopWatch();
  const startMs = performance.now();
  let peakBufferedRows = 0;
  for (let row = 0; row < rowTotal; row += rowsPerTurn) {
    history.appendLogs(rowsFrom(row, rowsPerTurn));
    peakBufferedRows = Math.max(peakBufferedRows, history.health.bufferedRows);
    // Flat out the buffer is the only brake; at a given rate the clock is.
    do {
      await nextTurn();
    } while (history.health.bufferedRows > 200_000 || (performance.now() - startMs) * rowsPerSecond < row * 1000);
  }
  await history.flush();
  const seconds = (performance.now() - startMs) / 1000;
  const name = rowsPerSecond === Infinity
    ? "History, flat out"
    : `History, ${rowsPerSecond.toLocaleString("en")} rows/s`;
  show(`${name} (${peakBufferedRows.toLocaleString("en")} buffered at most)`, seconds, await watch.stop());
}

async function appenderAlone(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(path, { memory_limit: "256MiB", checkpoint_threshold: "64MiB" });
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE logstore (workflow_id TEXT, workflow_name TEXT, workflow_instance_id TEXT,
    task_name TEXT, task_instance_id TEXT, timestamp_ms BIGINT, level TEXT, payload TEXT)`);
  const watch = new LoopWatch();
  const startMs = performance.now();
  for (let first = 0; first < rowTotal; first += 65_536) {
    await connection.run("BEGIN TRANSACTION");
    const appender = await connection.createAppender("logstore");
    for (const row of rowsFrom(first, Math.min(65_536, rowTotal - first))) {
      appender.appendVarchar(row.workflowId);
      appender.appendVarchar(row.workflowName);
      appender.appendVarchar(row.runId);
      appender.appendVarchar(row.taskName);
      appender.appendVarchar(row.taskRunId);
      appender.appendBigInt(BigInt(row.timestampMs));
      appender.appendVarchar(row.level);
      appender.appendVarchar(row.payload);
      appender.endRow();
    }
    appender.closeSync();
    await connection.run("COMMIT");
    await nextTurn();
  }
  const seconds = (performance.now() - startMs) / 1000;
  show("DuckDB's appender, on the main thread", seconds, await watch.stop());
  connection.closeSync();
  instance.closeSync();
}

const directory = await Deno.makeTempDir({ prefix: "cdktr-bench-history-" });
try {
  await appenderAlone(`${directory}/appender.db`);
  await throughHistory(`${directory}/history.db`, Infinity);
  await throughHistory(`${directory}/paced.db`, 100_000);
  const { rss } = Deno.memoryUsage();
  console.log(`resident at the end: ${(rss / 2 ** 20).toFixed(0)} MiB`);
} finally {
  await Deno.remove(directory, { recursive: true });
}
