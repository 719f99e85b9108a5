/**
 * What goes into DuckDB: log lines through History (worker, batches, transactions; marked and not), beside DuckDB's
 * appender used directly on the main thread, and pages of the journal's projection. For each the longest stall of the main
 * loop. And what comes out: SQL over a million runs, and the lines of one run among more and more millions, beside a scan
 * of all of them.
 *
 *     deno run -A bench/history.ts [rows] [millions of stored lines]
 */
import { setImmediate } from "node:timers";
import { DuckDBInstance } from "@duckdb/node-api";
import { systemClock } from "../src/clock/mod.ts";
import { History, type LogRow, logStreamOf, type RunVersionRow } from "../src/history/mod.ts";

const rowTotal = Number(Deno.args[0] ?? 200_000);
/** Lines among which those of one run are looked for, in millions, at the end. */
const storedMillions = Number(Deno.args[1] ?? 8);
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

/** As the log streams of agents come in: chunks with a mark each, refused while there is no room. */
async function marked(path: string): Promise<void> {
  await using history = await History.open({ path, clock: systemClock, onProblem: console.error });
  const stream = logStreamOf("0190f3a1-aaaa-7bbb-8ccc-000000000000", 1);
  const watch = new LoopWatch();
  const startMs = performance.now();
  let refusals = 0;
  for (let row = 0; row < rowTotal; row += rowsPerTurn) {
    const rows = rowsFrom(row, rowsPerTurn);
    while (!history.tryAppendLogs(rows, { stream, position: row + rowsPerTurn })) {
      refusals++;
      await history.whenCommitted(stream, history.committedPositionOf(stream) + 1);
    }
    await nextTurn();
  }
  await history.whenCommitted(stream, history.positionOf(stream));
  const seconds = (performance.now() - startMs) / 1000;
  show(`History, marked, flat out (${refusals} times no room)`, seconds, await watch.stop());
}

function runVersion(seq: number): RunVersionRow {
  return {
    seq,
    runId: `0190f3a1-aaaa-7bbb-8ccc-${String(Math.floor(seq / 4)).padStart(12, "0")}`,
    workflowId: "etl.daily",
    workflowName: "Daily ETL",
    definitionHash: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    triggerKind: "cron",
    params: `{"day":"2026-11-21"}`,
    idempotencyKey: null,
    state: ["PENDING", "ASSIGNED", "RUNNING", "COMPLETED"][seq % 4] ?? "PENDING",
    attempt: 1,
    priority: 0,
    agentId: "ci@host/AG",
    session: null,
    reason: null,
    triggeredMs: 1_795_252_402_023,
    assignedMs: null,
    startedMs: null,
    finishedMs: null,
  };
}

/** As a rebuild reads the journal: pages of 500 events, each a decision and a version of a run. */
async function projected(path: string, events: number): Promise<void> {
  await using history = await History.open({ path, clock: systemClock, onProblem: console.error });
  const watch = new LoopWatch();
  const startMs = performance.now();
  for (let seq = 0; seq < events;) {
    const places = Array.from({ length: 500 }, (_, index) => seq + index + 1);
    const runs = places.map(runVersion);
    const decisions = runs.map(({ seq, runId, workflowId, state }) => ({
      ...{ seq, runId, workflowId, state, type: "run_finished", atMs: 1_795_252_402_023, attempt: 1, taskId: null },
      ...{ agentId: null, reason: "all its tasks completed", detail: `{"type":"run_finished","attempt":1}` },
    }));
    while (!history.tryProject({ seq: seq + 500, runStatuses: [], taskStatuses: [], decisions, runs, tasks: [] })) {
      await history.whenCommitted("journal", history.committedPositionOf("journal") + 1);
    }
    seq += 500;
    await nextTurn();
  }
  await history.whenCommitted("journal", events);
  const seconds = (performance.now() - startMs) / 1000;
  const rate = Math.round(events / seconds).toLocaleString("en");
  const stall = (await watch.stop()).toFixed(1);
  console.log(`${"projection of the journal".padEnd(52)} ${rate.padStart(9)} events/s   longest stall ${stall} ms`);
}

/** Runs statements before history opens the file. */
async function prepare(path: string, ...statements: string[]): Promise<void> {
  await (await History.open({ path, clock: systemClock, onProblem: console.error })).close();
  const instance = await DuckDBInstance.create(path, { memory_limit: "512MiB" });
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

/** The fastest of five, in milliseconds. */
async function fastest(ask: () => Promise<unknown>): Promise<number> {
  const timesMs = [];
  for (let round = 0; round < 5; round++) {
    const startMs = performance.now();
    await ask();
    timesMs.push(performance.now() - startMs);
  }
  return Math.min(...timesMs);
}

async function showFastest(name: string, ask: () => Promise<unknown>): Promise<void> {
  console.log(`${name.padEnd(52)} ${(await fastest(ask)).toFixed(1).padStart(9)} ms`);
}

/** A million runs of four versions each, as they would stand there after a while. */
async function sqlOverRuns(path: string): Promise<void> {
  await prepare(
    path,
    `INSERT INTO run_versions
     SELECT v, '0190f3a1-aaaa-7bbb-8ccc-' || lpad((v // 4)::TEXT, 12, '0'), 'etl.daily', 'Daily ETL', 'hash', 'cron',
       '{}', NULL, ['PENDING', 'ASSIGNED', 'RUNNING', if(v % 400 = 399, 'FAILED', 'COMPLETED')][v % 4 + 1], 1, 0, 'agent',
       NULL, NULL, 1795252402023 + v, NULL, NULL, NULL
     FROM range(4000000) t(v)`,
  );
  await using history = await History.open({ path, clock: systemClock, onProblem: console.error });
  const list = "SELECT run_id, state FROM runs ORDER BY triggered_at DESC LIMIT 50";
  await showFastest("1 M runs: runs by state", () => history.sql("SELECT state, count(*) FROM runs GROUP BY state"));
  await showFastest("1 M runs: the newest 50", () => history.sql(list));
  await showFastest(
    "1 M runs: one of them",
    () => history.sql("FROM runs WHERE run_id = '0190f3a1-aaaa-7bbb-8ccc-000000123456'"),
  );
  await showFastest(
    "1 M runs: a plain count of their 4 M versions",
    () => history.sql("SELECT state, count(*) FROM run_versions GROUP BY state"),
  );
}

/**
 * Lines of runs of 1,000 lines each, eight runs at a time, as they would come in; then those of one run. Run ids begin with
 * the time (UUIDv7), which DuckDB's statistics of each block of rows go by: they hold the first eight bytes of a text.
 */
async function linesOfOneRun(path: string): Promise<void> {
  const firstMs = 1_793_000_000_000;
  const atMs = `(${firstMs} + i // 8000 * 8000 * 20)`;
  const hexOfTime = `lpad(lower(hex(${atMs})), 12, '0')`;
  const run =
    `${hexOfTime}[1:8] || '-' || ${hexOfTime}[9:12] || '-7bbb-8ccc-' || lpad((i // 8000 * 8 + i % 8)::TEXT, 12, '0')`;
  const runIdOfLine = (line: number) => {
    const hex = (firstMs + Math.floor(line / 8000) * 8000 * 20).toString(16).padStart(12, "0");
    const number = Math.floor(line / 8000) * 8 + line % 8;
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7bbb-8ccc-${String(number).padStart(12, "0")}`;
  };
  for (let millions = 1, stored = 0; millions <= storedMillions; millions *= 2) {
    await prepare(
      path,
      `INSERT INTO logstore SELECT 'etl.daily', 'Daily ETL', ${run}, 'Task 1',
         ${run}, ${firstMs} + i * 20, 'INFO', 'STDOUT line ' || i || ' of a task, as long as most'
       FROM range(${stored * 1e6}, ${millions * 1e6}) t(i)`,
    );
    stored = millions;
    await using history = await History.open({ path, clock: systemClock, onProblem: console.error });
    const runId = runIdOfLine(millions * 500_000);
    const lines = await history.queryLogs({ runIds: [runId] });
    if (lines.length !== 1_000) throw new Error(`found ${lines.length} lines`);
    await showFastest(`${millions} M lines: the 1,000 of one run`, () => history.queryLogs({ runIds: [runId] }));
    await showFastest(
      `${millions} M lines: the newest 1,000`,
      () => history.queryLogs({ order: "newest", limit: 1000 }),
    );
    await showFastest(`${millions} M lines: a text that no line has`, () => history.queryLogs({ contains: "nowhere" }));
  }
}

const directory = await Deno.makeTempDir({ prefix: "cdktr-bench-history-" });
try {
  await appenderAlone(`${directory}/appender.db`);
  await throughHistory(`${directory}/history.db`, Infinity);
  await throughHistory(`${directory}/paced.db`, 100_000);
  await marked(`${directory}/marked.db`);
  await projected(`${directory}/projected.db`, 50_000);
  await sqlOverRuns(`${directory}/runs.db`);
  await linesOfOneRun(`${directory}/lines.db`);
  const { rss } = Deno.memoryUsage();
  console.log(`resident at the end: ${(rss / 2 ** 20).toFixed(0)} MiB`);
} finally {
  await Deno.remove(directory, { recursive: true });
}
