/**
 * Logs and status rows in DuckDB, for queries over all runs. The database lives in a worker; this is its owner's side.
 *
 * History is a projection: when it breaks, it says so and goes on as well as it can. Rows are handed over without
 * waiting, are at most a second old when they are committed, and are kept, in order and bounded, while the database
 * cannot be written. A batch of which it is not known whether it was committed (the database was lost in the middle of a
 * commit) is written again: rows may then be there twice, never not at all.
 *
 * This file is long because it is the whole surface of the room with its documentation, and the one place where what
 * happens to rows, queries and the database is put together into one state of health; each of the three has its own file.
 */
import type { Clock } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import { RowBuffer } from "./buffer.ts";
import { linesOf } from "./chunk.ts";
import type { Failure } from "./failure.ts";
import { Link } from "./link.ts";
import type { HistoryProblem } from "./problem.ts";
import type { Part, Query, Report } from "./protocol.ts";
import { Queries } from "./queries.ts";
import { isStorableStatus, storableTime } from "./repair.ts";
import {
  type HistoryCounts,
  type LogFilter,
  logFilterSchema,
  type LogRow,
  type RunStatusRow,
  type StoredLogRow,
  type TaskStatusRow,
} from "./rows.ts";
import { Writer } from "./writer.ts";

/** Options of {@linkcode History.open}. */
export interface HistoryOptions {
  /** The database file, or `:memory:`. Its directory is made if need be. */
  path: string;
  clock: Clock;
  /** Told what is wrong and what has been done about it. Must not throw. */
  onProblem: (problem: HistoryProblem) => void;
  /** How long a row waits for others before they are written together, in milliseconds. @default 500 */
  flushIntervalMs?: number;
  /** Rows kept while they cannot be written; beyond it the oldest are given up. @default 500_000 */
  bufferLimitRows?: number;
  /** Text kept while it cannot be written, in UTF-16 units. @default 134_217_728 */
  bufferLimitChars?: number;
  /** How long a query may take to its next part, in milliseconds. @default 30_000 */
  queryTimeoutMs?: number;
  /** Memory DuckDB may use, in MiB. @default 256 */
  memoryLimitMb?: number;
  /** Threads DuckDB may use. @default 2 */
  threads?: number;
  /** Size of the write-ahead log at which it is merged into the file, in MiB. @default 64 */
  checkpointThresholdMb?: number;
  /** Makes the worker. @default a worker that runs `worker.ts` of this directory */
  spawnWorker?: () => Worker;
}

/** How history is doing. */
export interface HistoryHealth {
  /** `degraded`: rows cannot be written at present. `ended`: and will not be until the process is started anew. */
  state: "ok" | "degraded" | "ended" | "closed";
  /** Why it is not `ok`. */
  reason: string | undefined;
  /** Rows that wait to be committed. */
  bufferedRows: number;
  /** Rows committed since it was opened. */
  committedRows: number;
  /** Rows given up because the buffer was full. */
  droppedRows: number;
  /** Rows left out because the database cannot hold them. */
  refusedRows: number;
}

/** Status rows that one query returns at most. */
const maxStatusRows = 100_000;

/** Rows that wait above which a sender of log lines is to wait, and the number at which it may go on. */
const waitingRows = { full: 65_536, roomy: 32_768 };

/** How often it is told that rows are being given up, in milliseconds. */
const dropReportIntervalMs = 10_000;

/** See the top of this file. */
export class History {
  readonly #options: HistoryOptions;
  readonly #link: Link;
  readonly #buffer: RowBuffer;
  readonly #writer: Writer;
  readonly #queries: Queries;
  #state: HistoryHealth["state"] = "ok";
  #reason: string | undefined;
  #isReadFailureReported = false;
  #committedRows = 0;
  #refusedRows = 0;
  #unreportedDrops = 0;
  #lastDropReportMs = -Infinity;
  /** Resolved when the last try to write, made while closing, has failed. */
  #lastTry: PromiseWithResolvers<void> | undefined;
  #closed: Promise<void> | undefined;
  /** Resolved when there is room again; `undefined` while nobody waits for that. */
  #room: PromiseWithResolvers<void> | undefined;

  private constructor(options: HistoryOptions) {
    const { path, clock } = options;
    this.#options = options;
    this.#link = new Link({
      path,
      clock,
      settings: {
        memoryLimitMb: options.memoryLimitMb ?? 256,
        threads: options.threads ?? 2,
        checkpointThresholdMb: options.checkpointThresholdMb ?? 64,
      },
      spawnWorker: options.spawnWorker ?? spawnOwnWorker,
      events: {
        onOpened: (setAside) => this.#opened(setAside),
        onCrashed: (message) => this.#crashed(message),
        onReopenFailed: ({ message }) => this.#cannotWrite(`could not be opened again: ${message}`),
        onEnded: (message) => this.#ended(message),
        onWriteReport: (report) => this.#writer.handle(report),
        onQueryReport: (report) => {
          if (report.type === "queryFailed") this.#queryFailed(report.failure);
          this.#queries.handle(report);
        },
      },
    });
    this.#buffer = new RowBuffer({
      rows: options.bufferLimitRows ?? 500_000,
      chars: options.bufferLimitChars ?? 128 * 1024 * 1024,
    });
    this.#writer = new Writer({
      buffer: this.#buffer,
      clock,
      flushIntervalMs: options.flushIntervalMs ?? 500,
      post: (request) => this.#link.post(request),
      onCommitted: (report, rows) => this.#batchCommitted(report, rows),
      onFailed: (failure) => this.#batchFailed(failure),
    });
    this.#queries = new Queries({
      path,
      clock,
      timeoutMs: options.queryTimeoutMs ?? 30_000,
      post: (request) => this.#link.post(request),
    });
  }

  /**
   * Opens the database, makes what is missing, and sets aside what is damaged (`SET_ASIDE`).
   *
   * @throws {CdktrError} `STORAGE` when another process has the file open, when it is a database of something else, or
   * when the machine does not let us have it.
   */
  static async open(options: HistoryOptions): Promise<History> {
    const history = new History(options);
    await history.#link.open();
    return history;
  }

  /** How it is doing, and what it counted. */
  get health(): HistoryHealth {
    return {
      state: this.#state,
      reason: this.#reason,
      bufferedRows: this.#buffer.rows,
      committedRows: this.#committedRows,
      droppedRows: this.#buffer.droppedRows,
      refusedRows: this.#refusedRows,
    };
  }

  /** Hands over log lines. Returns at once and never throws for a broken database. */
  appendLogs(rows: Iterable<LogRow>): void {
    let repairedRows = 0;
    for (const row of rows) {
      const timestampMs = this.#storableTime(row.timestampMs);
      if (timestampMs !== row.timestampMs) repairedRows++;
      this.#buffer.addLog(timestampMs === row.timestampMs ? row : { ...row, timestampMs });
    }
    this.#rowsAdded(repairedRows, 0);
  }

  /**
   * What a sender of many log lines waits for before it hands over more, so that a flood is slowed down at its source and
   * need not be cut here. Pending while many rows wait and the database takes them; `undefined` when there is room.
   * While the database takes none there is always room: then the limits of the buffer decide what is lost.
   */
  room(): Promise<void> | undefined {
    if (this.#state !== "ok" || this.#buffer.rows < waitingRows.full) return undefined;
    return (this.#room ??= Promise.withResolvers()).promise;
  }

  /** Hands over states of runs. Returns at once and never throws for a broken database. */
  appendRunStatuses(rows: Iterable<RunStatusRow>): void {
    this.#appendStatuses(rows, (row) => this.#buffer.addRunStatus(row));
  }

  /** Hands over states of task runs. Returns at once and never throws for a broken database. */
  appendTaskStatuses(rows: Iterable<TaskStatusRow>): void {
    this.#appendStatuses(rows, (row) => this.#buffer.addTaskStatus(row));
  }

  /**
   * Resolves when all rows handed over before are committed, or were given up and reported. While the database cannot be
   * written, that takes as long as it lasts.
   *
   * @throws {CdktrError} `SHUTTING_DOWN` when history is closed before.
   */
  async flush(): Promise<void> {
    this.#assertUsable();
    await this.#writer.flush();
  }

  /**
   * The log lines that `filter` asks for, all at once. Lines handed over within the last second may not be among them.
   *
   * @throws {CdktrError} `INVALID_ARGUMENT`, `LIMIT_EXCEEDED`, `TIMED_OUT` or `STORAGE`, or the reason of `signal`.
   */
  async queryLogs(filter: LogFilter = {}, signal?: AbortSignal): Promise<StoredLogRow[]> {
    const rows: StoredLogRow[] = [];
    for await (const part of this.streamLogs(filter, signal)) {
      for (const row of part) rows.push(row);
    }
    return rows;
  }

  /**
   * Like {@linkcode queryLogs}, in parts of at most 2,048 lines, for answers too large to be built in one turn.
   *
   * @throws {CdktrError} As `queryLogs`.
   */
  async *streamLogs(filter: LogFilter = {}, signal?: AbortSignal): AsyncGenerator<StoredLogRow[], void> {
    const parsed = logFilterSchema.safeParse(filter);
    if (!parsed.success) {
      const issues = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
      throw new CdktrError("INVALID_ARGUMENT", `The log filter cannot be used: ${issues.join("; ")}.`);
    }
    for await (const part of this.#ask({ name: "logs", filter: parsed.data }, signal)) {
      if (part.kind !== "logs" || part.chunk.kind !== "logs") throw unexpected(part);
      const rows: StoredLogRow[] = [];
      for (const line of linesOf(part.chunk)) rows.push({ ...line, rowNumber: part.rowNumbers[rows.length] ?? 0 });
      if (rows.length > 0) yield rows;
    }
  }

  /**
   * The newest state of each workflow, newest first.
   *
   * @throws {CdktrError} `LIMIT_EXCEEDED`, `TIMED_OUT` or `STORAGE`.
   */
  async recentStatuses(limit = 10): Promise<RunStatusRow[]> {
    return await this.#askRunStatuses({ name: "recentStatuses", limit: Math.min(limit, maxStatusRows) });
  }

  /**
   * The states that were recorded of a run, in the order of arrival; the first {@linkcode maxStatusRows}.
   *
   * @throws {CdktrError} As `recentStatuses`.
   */
  async runStatuses(runId: string): Promise<RunStatusRow[]> {
    return await this.#askRunStatuses({ name: "runStatuses", runId, limit: maxStatusRows });
  }

  /**
   * The states that were recorded of a run's tasks, in the order of arrival; the first {@linkcode maxStatusRows}.
   *
   * @throws {CdktrError} As `recentStatuses`.
   */
  async taskStatuses(runId: string): Promise<TaskStatusRow[]> {
    const rows: TaskStatusRow[] = [];
    for await (const part of this.#ask({ name: "taskStatuses", runId, limit: maxStatusRows })) {
      if (part.kind !== "taskStatuses") throw unexpected(part);
      for (const row of part.rows) rows.push(row);
    }
    return rows;
  }

  /**
   * How many rows each table holds, and in which state how many runs are. Reads all status rows.
   *
   * @throws {CdktrError} As `recentStatuses`.
   */
  async counts(): Promise<HistoryCounts> {
    for await (const part of this.#ask({ name: "counts" })) {
      if (part.kind !== "counts") throw unexpected(part);
      return part.counts;
    }
    throw new CdktrError("INTERNAL", "The history worker answered a count with nothing.");
  }

  /**
   * Writes what is left, closes the database and gives up its lock. Where it cannot be written even now, the rows that
   * are lost are reported (`ROWS_DROPPED`). Never throws.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    if (this.#state !== "ended" && !this.#buffer.isEmpty) {
      this.#lastTry = Promise.withResolvers();
      const flushed = this.#writer.flush().catch(() => {});
      this.#link.reopenNow();
      this.#writer.retryNow();
      await Promise.race([flushed, this.#lastTry.promise]);
    }
    this.#state = "closed";
    this.#tellRoom();
    this.#reason = "history was closed";
    this.#writer.stop();
    const lostRows = this.#buffer.rows;
    if (lostRows > 0) {
      this.#report("ROWS_DROPPED", `could not be given ${lostRows} rows before it was closed`, lostRows);
    }
    await this.#link.close();
  }

  #opened(setAside: string | undefined): void {
    if (setAside !== undefined) this.#options.onProblem({ code: "SET_ASIDE", message: setAside });
    this.#writer.resume();
    if (this.#buffer.isEmpty) this.#recovered();
  }

  #tellRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  /** The database is being closed and opened again. */
  #lost(): void {
    this.#tellRoom();
    this.#writer.suspend();
    this.#queries.failAll({ kind: "invalidated", message: "it is being opened again" });
  }

  #crashed(message: string): void {
    this.#lost();
    this.#state = "degraded";
    this.#reason = message;
    this.#report("RESTARTED", `is being opened again because its worker failed: ${message}`);
  }

  #ended(message: string): void {
    this.#lost();
    this.#state = "ended";
    this.#reason = message;
    this.#lastTry?.resolve();
    this.#report("ENDED", `stores nothing more until this process is restarted, because its worker ended: ${message}`);
  }

  #batchCommitted(report: Report & { type: "committed" }, rows: number): void {
    this.#committedRows += rows - report.refusedRows;
    if (report.refusedRows > 0) this.#refused(report.refusedRows, report.refusal ?? "it gave no reason");
    this.#recovered();
    if (this.#buffer.rows <= waitingRows.roomy) this.#tellRoom();
    if (this.#unreportedDrops > 0) this.#reportDrops();
  }

  #batchFailed(failure: Failure): void {
    this.#cannotWrite(`cannot be written: ${failure.message}`);
    if (failure.kind !== "invalidated" && failure.kind !== "damaged") return;
    this.#lost();
    this.#link.reopen(failure.kind === "damaged" ? failure.message : undefined);
  }

  #cannotWrite(reason: string): void {
    const isNews = this.#state === "ok";
    this.#state = "degraded";
    this.#reason = reason;
    this.#tellRoom();
    if (isNews) this.#report("WRITE_FAILED", `${reason}; rows are kept and tried again`, this.#buffer.rows);
    this.#lastTry?.resolve();
  }

  /** A damaged part costs the queries that touch it, not all of what is stored: the file stays in use. */
  #queryFailed(failure: Failure): void {
    if (failure.kind === "damaged" && !this.#isReadFailureReported) {
      this.#isReadFailureReported = true;
      this.#report("READ_FAILED", `is damaged, so some queries fail: ${failure.message}`);
    }
    // DuckDB gives up on an open database after a defect of its own, and then refuses rows too.
    if (failure.kind === "invalidated" && this.#state === "ok") {
      this.#cannotWrite(`has to be opened again: ${failure.message}`);
      this.#lost();
      this.#link.reopen();
    }
  }

  #recovered(): void {
    if (this.#state !== "degraded") return;
    this.#state = "ok";
    this.#reason = undefined;
    this.#report("RECOVERED", "can be written again");
  }

  #appendStatuses<Row extends RunStatusRow | TaskStatusRow>(rows: Iterable<Row>, add: (row: Row) => void): void {
    let [repairedRows, refusedRows] = [0, 0];
    for (const row of rows) {
      if (!isStorableStatus(row.status)) {
        refusedRows++;
        continue;
      }
      const timestampMs = this.#storableTime(row.timestampMs);
      if (timestampMs !== row.timestampMs) repairedRows++;
      add({ ...row, timestampMs });
    }
    this.#rowsAdded(repairedRows, refusedRows);
  }

  #storableTime(timestampMs: number): number {
    return storableTime(timestampMs, this.#options.clock);
  }

  #rowsAdded(repairedRows: number, refusedRows: number): void {
    if (repairedRows > 0) {
      this.#report("ROWS_REPAIRED", `cannot hold the times of ${repairedRows} rows, which were changed`, repairedRows);
    }
    if (refusedRows > 0) this.#refused(refusedRows, "their status is none of those it knows");
    this.#unreportedDrops += this.#buffer.enforceLimits();
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#unreportedDrops > 0 && nowMs - this.#lastDropReportMs >= dropReportIntervalMs) this.#reportDrops();
    if (this.#state !== "closed") this.#writer.rowsAdded();
  }

  #reportDrops(): void {
    const rows = this.#unreportedDrops;
    this.#unreportedDrops = 0;
    this.#lastDropReportMs = this.#options.clock.monotonicMs();
    this.#report("ROWS_DROPPED", `will not get ${rows} rows, given up because the buffer before it was full`, rows);
  }

  #refused(rows: number, reason: string): void {
    this.#refusedRows += rows;
    this.#report("ROWS_REFUSED", `did not take ${rows} rows: ${reason}`, rows);
  }

  /** Reports a problem of the database; `predicate` is the rest of the sentence. */
  #report(code: HistoryProblem["code"], predicate: string, rows?: number): void {
    const message = `The history database ${this.#options.path} ${predicate}.`;
    this.#options.onProblem(rows === undefined ? { code, message } : { code, message, rows });
  }

  #assertUsable(): void {
    if (this.#closed !== undefined) throw new CdktrError("SHUTTING_DOWN", "History is closed.");
    if (this.#state === "ended") throw new CdktrError("STORAGE", `History has ended: ${this.#reason}.`);
  }

  async *#ask(query: Query, signal?: AbortSignal): AsyncGenerator<Part, void> {
    this.#assertUsable();
    yield* this.#queries.ask(query, signal);
  }

  async #askRunStatuses(query: Query): Promise<RunStatusRow[]> {
    const rows: RunStatusRow[] = [];
    for await (const part of this.#ask(query)) {
      if (part.kind !== "runStatuses") throw unexpected(part);
      for (const row of part.rows) rows.push(row);
    }
    return rows;
  }
}

function spawnOwnWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "history" });
}

function unexpected(part: Part): CdktrError {
  return new CdktrError("INTERNAL", `The history worker answered a query with rows of another kind: ${part.kind}.`);
}
