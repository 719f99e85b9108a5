/**
 * Logs and the journal's projection in DuckDB, for queries over all runs. The database lives in a worker; this is its
 * owner's side.
 *
 * History is a projection: when it breaks, it says so and goes on as well as it can. Rows are handed over without waiting
 * and are at most a second old when they are committed. A batch of which it is not known whether it was committed (the
 * database was lost in the middle of a commit) carries a number that tells: no row is there twice.
 *
 * Rows come in two kinds. *Marked* ones belong to a stream whose sender keeps them until their mark is committed (see
 * marks.ts): they are taken or not taken, and never given up. The *others* are always taken; while the database cannot be
 * written they are kept, in order and bounded, and when there are too many the oldest go.
 *
 * Long because it is the one place where what happens to rows, queries and the database is put together; each of the three
 * has its own file, and what can be asked is in reader.ts.
 */
import type { Clock } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import { RowBuffer } from "./buffer.ts";
import { Condition, type HistoryHealth } from "./condition.ts";
import type { Failure } from "./failure.ts";
import { Link } from "./link.ts";
import { batchStream, type Mark, Marks } from "./marks.ts";
import type { HistoryProblem } from "./problem.ts";
import type { ProjectionPage } from "./projection.ts";
import type { Opening, Part, Query } from "./protocol.ts";
import { type AskOptions, Queries } from "./queries.ts";
import { isStorableStatus, storableTime } from "./repair.ts";
import { type Retained, type RetentionPolicy, retentionPolicySchema } from "./retention.ts";
import { HistoryReader, unexpected, unusable } from "./reader.ts";
import type { LogRow, RunStatusRow, TaskStatusRow } from "./rows.ts";
import { type CommittedBatch, Writer } from "./writer.ts";
import { spawnWorker } from "./started_worker.ts";

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
  /**
   * Size of the write-ahead log up to which closing leaves it to the next opening, in KiB: for those who open and close often.
   * To read 1 KiB takes that opening a sixth of a millisecond; to merge the log into the file takes 40.
   * @default 0
   */
  closingLogKb?: number;
  /** Disk that queries larger than the memory may take while they run, in MiB. @default 1_024 */
  temporaryLimitMb?: number;
  /**
   * Where log lines go that leave the database for their age, as Parquet files; null: nowhere, they are deleted. It is
   * made if need be, and must be written to by nobody else. @default null
   */
  archiveDirectory?: string | null;
  /** Where the executable unpacks DuckDB's library. @default nowhere: it stands where it was installed */
  libraryCache?: string;
  /** Makes the worker. @default a worker that runs `worker.ts` of this directory */
  spawnWorker?: () => Worker;
}

/** Rows that wait above which a sender of log lines is to wait, and the number at which it may go on. */
const waitingRows = { full: 65_536, roomy: 32_768 };

/** Marked rows, and their text in UTF-16 units, that wait above which no more are taken: two batches. */
const markedLimits = { rows: 131_072, chars: 32 * 1024 * 1024 };

/** The stream of the journal's projection. */
export const journalStream = "journal";

/** See the top of this file. */
export class History extends HistoryReader {
  readonly #options: HistoryOptions;
  readonly #link: Link;
  readonly #buffer: RowBuffer;
  readonly #writer: Writer;
  readonly #queries: Queries;
  readonly #condition: Condition;
  readonly #marks = new Marks();
  /** Names the database that is open; `undefined` before the first is. */
  #identity: string | undefined;
  /** The number of the batch that is known to be committed last. */
  #lastBatch = 0;
  #generation = 1;
  #openings = 0;
  #isReadFailureReported = false;
  #committedRows = 0;
  #refusedRows = 0;
  /** Resolved when the last try to write, made while closing, has failed. */
  #lastTry: PromiseWithResolvers<void> | undefined;
  #closed: Promise<void> | undefined;
  /** Resolved when there is room again; `undefined` while nobody waits for that. */
  #room: PromiseWithResolvers<void> | undefined;

  private constructor(options: HistoryOptions) {
    super(options.clock);
    const { path, clock } = options;
    this.#options = options;
    this.#condition = new Condition(path, clock, options.onProblem);
    this.#link = new Link({
      path,
      clock,
      settings: {
        memoryLimitMb: options.memoryLimitMb ?? 256,
        threads: options.threads ?? 2,
        checkpointThresholdMb: options.checkpointThresholdMb ?? 64,
        closingLogKb: options.closingLogKb ?? 0,
        temporaryLimitMb: options.temporaryLimitMb ?? 1_024,
        archiveDirectory: options.archiveDirectory ?? null,
      },
      libraryCache: options.libraryCache ?? null,
      spawnWorker: options.spawnWorker ?? spawnWorker,
      events: {
        onOpened: (opening) => this.#opened(opening),
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
      markedRows: markedLimits.rows,
      markedChars: markedLimits.chars,
    });
    this.#writer = new Writer({
      buffer: this.#buffer,
      clock,
      flushIntervalMs: options.flushIntervalMs ?? 500,
      post: (request) => this.#link.post(request),
      onCommitted: (batch) => this.#batchCommitted(batch),
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
      ...this.#condition.current,
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
   * Hands over log lines of a stream whose sender keeps them until `mark` is committed. They are written together with
   * it, in order, and once taken not given up.
   *
   * @param mark How far the stream has come with these lines.
   * @returns `false` when nothing was taken, because there is no room or the database cannot be written at present.
   * @throws {CdktrError} `INTERNAL` when the stream has come as far before: the lines would be there twice.
   */
  tryAppendLogs(rows: readonly LogRow[], mark: Mark): boolean {
    if (!this.#takesMarked(mark)) return false;
    let repairedRows = 0;
    const storable = rows.map((row) => {
      const timestampMs = this.#storableTime(row.timestampMs);
      if (timestampMs === row.timestampMs) return row;
      repairedRows++;
      return { ...row, timestampMs };
    });
    this.#handOver(mark, () => this.#buffer.addMarked(mark, storable, {}), repairedRows, 0);
    return true;
  }

  /**
   * Hands over what a stretch of the journal means for the tables. Its mark is that of the stream `journal`, at
   * `page.seq`; otherwise as {@linkcode tryAppendLogs}.
   *
   * @throws {CdktrError} As `tryAppendLogs`.
   */
  tryProject(page: ProjectionPage): boolean {
    const mark = { stream: journalStream, position: page.seq };
    if (!this.#takesMarked(mark)) return false;
    const runStatuses = this.#storableStatuses(page.runStatuses);
    const taskStatuses = this.#storableStatuses(page.taskStatuses);
    const { decisions, runs: runVersions, tasks: taskVersions } = page;
    const rows = {
      runStatuses: runStatuses.rows,
      taskStatuses: taskStatuses.rows,
      decisions,
      runVersions,
      taskVersions,
    };
    const repairedRows = runStatuses.repairedRows + taskStatuses.repairedRows;
    const refusedRows = runStatuses.refusedRows + taskStatuses.refusedRows;
    this.#handOver(mark, () => this.#buffer.addMarked(mark, [], rows), repairedRows, refusedRows);
    return true;
  }

  /** The highest position of `stream` that was handed over and is not lost; 0 when none is. */
  positionOf(stream: string): number {
    return this.#marks.positionOf(stream);
  }

  /** The highest position of `stream` that is known to be committed; 0 when none is. */
  committedPositionOf(stream: string): number {
    return this.#marks.committedPositionOf(stream);
  }

  /**
   * Resolves once `stream` is committed up to `position`.
   *
   * @throws {CdktrError} `STORAGE` when what was handed over is lost, because the database was replaced by another or has
   * ended; `SHUTTING_DOWN` when history is closed. Or the reason of `signal`.
   */
  async whenCommitted(stream: string, position: number, signal?: AbortSignal): Promise<void> {
    if (this.#marks.committedPositionOf(stream) >= position) return;
    this.#assertUsable();
    await this.#marks.whenCommitted(stream, position, signal);
  }

  /**
   * Grows when the database is replaced by another while history is open, or turns out to have lost what it had
   * committed. Positions are then those of the database that is open now, and of marked rows nothing is left that was not
   * committed: whoever keeps them hands them over again from there.
   */
  get generation(): number {
    return this.#generation;
  }

  /** How often the database was opened: each time the file counts that stands at its path then. */
  get openings(): number {
    return this.#openings;
  }

  /**
   * Closes the database and opens what stands at its path now, a new one where there is nothing. For an owner who saw
   * that the file was removed or replaced: what is written to the one that is open is lost when it is closed.
   *
   * @param reason Half a sentence, for people.
   */
  reopen(reason: string): void {
    const { state } = this.#condition.current;
    if (state === "ended" || state === "closed") return;
    this.#cannotWrite(`has to be opened again: ${reason}`);
    this.#lost();
    this.#link.reopen();
  }

  /**
   * Writes nothing more until {@linkcode resume}: the disk is about to be full, for example. A batch under way is
   * finished. Marked rows are not taken meanwhile, of the others the oldest may be lost; queries go on.
   *
   * @param reason Half a sentence, for people: it stands in {@linkcode health}.
   */
  pause(reason: string): void {
    this.#condition.pause(reason);
    this.#writer.setPaused(true);
    this.#tellRoom();
  }

  /** Ends a pause. */
  resume(): void {
    this.#condition.resume();
    this.#writer.setPaused(false);
  }

  /**
   * What a sender of many log lines waits for before it hands over more, so that a flood is slowed down at its source and
   * need not be cut here. Pending while many rows wait and the database takes them; `undefined` when there is room.
   * While the database takes none there is always room: then the limits of the buffer decide what is lost.
   */
  room(): Promise<void> | undefined {
    if (!this.#condition.isOk || this.#buffer.rows < waitingRows.full) return undefined;
    return (this.#room ??= Promise.withResolvers()).promise;
  }

  /** Hands over states of runs. Returns at once and never throws for a broken database. */
  appendRunStatuses(rows: Iterable<RunStatusRow>): void {
    const { rows: runStatuses, repairedRows, refusedRows } = this.#storableStatuses(rows);
    this.#buffer.add({ runStatuses });
    this.#rowsAdded(repairedRows, refusedRows);
  }

  /** Hands over states of task runs. Returns at once and never throws for a broken database. */
  appendTaskStatuses(rows: Iterable<TaskStatusRow>): void {
    const { rows: taskStatuses, repairedRows, refusedRows } = this.#storableStatuses(rows);
    this.#buffer.add({ taskStatuses });
    this.#rowsAdded(repairedRows, refusedRows);
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
   * Moves or deletes what is older than is to be kept, or more than there is room for. May take minutes where there is
   * much to move; rows go on being written, queries go on being answered.
   *
   * @throws {CdktrError} `INVALID_ARGUMENT`; `STORAGE`, also while nothing is to be written ({@linkcode pause}); or the
   * reason of `signal`. What was done until then stays done.
   */
  async retain(policy: RetentionPolicy, signal?: AbortSignal): Promise<Retained> {
    const parsed = retentionPolicySchema.safeParse(policy);
    if (!parsed.success) throw unusable("retention policy", parsed.error);
    const { state, reason } = this.#condition.current;
    if (state !== "ok") throw new CdktrError("STORAGE", `History cannot be cleaned up at present: ${reason}.`);
    for await (const part of this.ask({ name: "retain", policy: parsed.data }, { signal, timeoutMs: null })) {
      if (part.kind !== "retained") throw unexpected(part);
      return part.retained;
    }
    throw new CdktrError("INTERNAL", "The history worker answered a retention with nothing.");
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
    const { state } = this.#condition.current;
    if (state !== "ended" && !this.#condition.isPaused && !this.#buffer.isEmpty) {
      this.#lastTry = Promise.withResolvers();
      const flushed = this.#writer.flush().catch(() => {});
      this.#link.reopenNow();
      this.#writer.retryNow();
      await Promise.race([flushed, this.#lastTry.promise]);
    }
    this.#condition.closed();
    this.#tellRoom();
    this.#writer.stop();
    this.#marks.failAll(new CdktrError("SHUTTING_DOWN", "History was closed before these rows were committed."));
    const lostRows = this.#buffer.rows;
    if (lostRows > 0) {
      this.#condition.report("ROWS_DROPPED", `could not be given ${lostRows} rows before it was closed`, lostRows);
    }
    await this.#link.close();
  }

  #opened({ setAside, problems, identity, marks }: Opening): void {
    if (setAside !== undefined) this.#options.onProblem({ code: "SET_ASIDE", message: setAside });
    for (const message of problems) this.#options.onProblem({ code: "ARCHIVE", message });
    const lastBatch = marks.positions[marks.streams.indexOf(batchStream)] ?? 0;
    this.#writer.settle(lastBatch);
    const isFirst = this.#identity === undefined;
    const isReplaced = !isFirst && (identity !== this.#identity || lastBatch < this.#lastBatch);
    this.#identity = identity;
    this.#openings++;
    this.#lastBatch = lastBatch;
    if (isFirst || isReplaced) this.#marks.reset(marks);
    if (isReplaced) {
      this.#generation++;
      this.#buffer.giveUpMarked();
      this.#marks.failAll(
        new CdktrError("STORAGE", "The history database was replaced before these rows were committed."),
      );
    }
    this.#writer.resume();
    if (this.#buffer.isEmpty) this.#condition.recovered();
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
    this.#condition.restarted(message);
  }

  #ended(message: string): void {
    this.#lost();
    this.#condition.ended(message);
    this.#lastTry?.resolve();
    this.#marks.failAll(new CdktrError("STORAGE", `History ended before these rows were committed: ${message}.`));
  }

  #batchCommitted({ number, rows, marks, refusedRows, refusal }: CommittedBatch): void {
    this.#lastBatch = number;
    this.#committedRows += rows - refusedRows;
    if (refusedRows > 0) this.#refused(refusedRows, refusal ?? "it gave no reason");
    this.#condition.recovered();
    this.#marks.commit(marks, this.#options.clock.nowMs());
    if (this.#buffer.rows <= waitingRows.roomy) this.#tellRoom();
    this.#condition.reportDrops();
  }

  #batchFailed(failure: Failure): void {
    this.#cannotWrite(`cannot be written: ${failure.message}`);
    if (failure.kind !== "invalidated" && failure.kind !== "damaged") return;
    this.#lost();
    this.#link.reopen(failure.kind === "damaged" ? failure.message : undefined);
  }

  #cannotWrite(reason: string): void {
    this.#condition.cannotWrite(reason, this.#buffer.rows);
    this.#tellRoom();
    this.#lastTry?.resolve();
  }

  /** A damaged part costs the queries that touch it, not all of what is stored: the file stays in use. */
  #queryFailed(failure: Failure): void {
    if (failure.kind === "damaged" && !this.#isReadFailureReported) {
      this.#isReadFailureReported = true;
      this.#condition.report("READ_FAILED", `is damaged, so some queries fail: ${failure.message}`);
    }
    // DuckDB gives up on an open database after a defect of its own, and then refuses rows too.
    if (failure.kind === "invalidated" && this.#condition.isOk) this.reopen(failure.message);
  }

  /** Whether marked rows are taken at present. */
  #takesMarked({ stream, position }: Mark): boolean {
    if (position <= this.#marks.positionOf(stream)) {
      const sentence = `History was given position ${position} of stream ${stream} a second time.`;
      throw new CdktrError("INTERNAL", sentence);
    }
    return this.#condition.isOk && this.#buffer.hasRoom;
  }

  #handOver(mark: Mark, add: () => void, repairedRows: number, refusedRows: number): void {
    add();
    this.#marks.handOver(mark);
    this.#rowsAdded(repairedRows, refusedRows);
  }

  #storableStatuses<Row extends RunStatusRow | TaskStatusRow>(
    rows: Iterable<Row>,
  ): { rows: Row[]; repairedRows: number; refusedRows: number } {
    let [repairedRows, refusedRows] = [0, 0];
    const storable: Row[] = [];
    for (const row of rows) {
      if (!isStorableStatus(row.status)) {
        refusedRows++;
        continue;
      }
      const timestampMs = this.#storableTime(row.timestampMs);
      if (timestampMs !== row.timestampMs) repairedRows++;
      storable.push({ ...row, timestampMs });
    }
    return { rows: storable, repairedRows, refusedRows };
  }

  #storableTime(timestampMs: number): number {
    return storableTime(timestampMs, this.#options.clock);
  }

  #rowsAdded(repairedRows: number, refusedRows: number): void {
    if (repairedRows > 0) {
      const predicate = `cannot hold the times of ${repairedRows} rows, which were changed`;
      this.#condition.report("ROWS_REPAIRED", predicate, repairedRows);
    }
    if (refusedRows > 0) this.#refused(refusedRows, "their status is none of those it knows");
    this.#condition.dropped(this.#buffer.enforceLimits());
    if (this.#condition.current.state !== "closed") this.#writer.rowsAdded();
  }

  #refused(rows: number, reason: string): void {
    this.#refusedRows += rows;
    this.#condition.report("ROWS_REFUSED", `did not take ${rows} rows: ${reason}`, rows);
  }

  #assertUsable(): void {
    if (this.#closed !== undefined) throw new CdktrError("SHUTTING_DOWN", "History is closed.");
    const { state, reason } = this.#condition.current;
    if (state === "ended") throw new CdktrError("STORAGE", `History has ended: ${reason}.`);
  }

  protected override async *ask(query: Query, options: AskOptions = {}): AsyncGenerator<Part, void> {
    this.#assertUsable();
    yield* this.#queries.ask(query, options);
  }
}
