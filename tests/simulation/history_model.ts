/**
 * The history as a model of the real one, which lives in a worker and cannot be simulated in time: rows and marks are handed
 * over, and committed together a while later; a crash loses what was not, and of a commit under way nobody knows. Its
 * contract is in history_contract.ts, which the real one has to pass as well.
 */
import type { Clock } from "../../src/clock/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import {
  type DecisionRow,
  type History,
  journalStream,
  type LogRow,
  type Mark,
  type ProjectionPage,
  type RunStatusRow,
  type RunVersionRow,
  type TaskStatusRow,
  type TaskVersionRow,
} from "../../src/history/mod.ts";
import { Marks } from "../../src/history/marks.ts";

/** What the database holds. */
export class HistoryTables {
  readonly positions = new Map<string, number>();
  readonly logs: LogRow[] = [];
  readonly runStatuses: RunStatusRow[] = [];
  readonly taskStatuses: TaskStatusRow[] = [];
  readonly decisions: DecisionRow[] = [];
  readonly runVersions: RunVersionRow[] = [];
  readonly taskVersions: TaskVersionRow[] = [];
}

/** The file of the database, which outlives the process. */
export class HistoryFile {
  tables = new HistoryTables();
  /** Told of log lines as they are committed. */
  onLogs: (rows: readonly LogRow[]) => void = () => {};

  /** Told when the database was replaced by an empty one. */
  onReplaced: () => void = () => {};

  /** The database is damaged, and set aside when it is opened next. */
  replace(): void {
    this.tables = new HistoryTables();
    this.onReplaced();
  }
}

/** What was handed over together. */
interface Entry {
  readonly mark: Mark | null;
  readonly logs: readonly LogRow[];
  readonly page: ProjectionPage | null;
  readonly statuses: readonly RunStatusRow[];
  readonly taskStatuses: readonly TaskStatusRow[];
}

const noRows = { mark: null, logs: [], page: null, statuses: [], taskStatuses: [] };

/** How long rows wait for others, as in the real one. */
const flushIntervalMs = 500;
/** Pause after a write that failed. */
const retryMs = 1000;

/** What a {@linkcode HistoryModel} is given. */
export interface HistoryModelOptions {
  readonly clock: Clock;
  readonly file: HistoryFile;
  /** How long the next commit takes. */
  readonly commitMs: () => number;
}

/** See the top of this file. */
export class HistoryModel implements Pick<History, keyof History> {
  readonly #options: HistoryModelOptions;
  readonly #marks = new Marks();
  #generation = 1;
  #waiting: Entry[] = [];
  #committing: readonly Entry[] | null = null;
  #isTimerSet = false;
  #isFailing = false;
  #isPaused = false;
  #isClosed = false;
  readonly #flushes = new Set<() => void>();

  constructor(options: HistoryModelOptions) {
    this.#options = options;
    this.#readMarks();
  }

  get health(): History["health"] {
    const isOk = !this.#isFailing && !this.#isPaused;
    return {
      state: this.#isClosed ? "closed" : isOk ? "ok" : "degraded",
      reason: isOk ? undefined : "its disk is full",
      sinceMs: isOk ? undefined : 0,
      ...{ bufferedRows: this.#waiting.length, committedRows: 0, droppedRows: 0, refusedRows: 0 },
    };
  }

  get generation(): number {
    return this.#generation;
  }

  get openings(): number {
    return this.#generation;
  }

  /** To open its file once more changes nothing: it is not taken away while it is open. */
  reopen(): void {}

  appendLogs(rows: Iterable<LogRow>): void {
    this.#add({ ...noRows, logs: [...rows] });
  }

  tryAppendLogs(logs: readonly LogRow[], mark: Mark): boolean {
    return this.#tryAdd({ ...noRows, mark, logs });
  }

  tryProject(page: ProjectionPage): boolean {
    return this.#tryAdd({ ...noRows, mark: { stream: journalStream, position: page.seq }, page });
  }

  appendRunStatuses(rows: Iterable<RunStatusRow>): void {
    this.#add({ ...noRows, statuses: [...rows] });
  }

  appendTaskStatuses(rows: Iterable<TaskStatusRow>): void {
    this.#add({ ...noRows, taskStatuses: [...rows] });
  }

  positionOf(stream: string): number {
    return this.#marks.positionOf(stream);
  }

  committedPositionOf(stream: string): number {
    return this.#marks.committedPositionOf(stream);
  }

  async whenCommitted(stream: string, position: number, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw closedError();
    await this.#marks.whenCommitted(stream, position, signal);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#flushSoon();
  }

  room(): Promise<void> | undefined {
    return undefined;
  }

  async flush(): Promise<void> {
    if (this.#isClosed) throw closedError();
    while (this.#waiting.length > 0 || this.#committing !== null) {
      await new Promise<void>((resolve) => this.#flushes.add(resolve));
    }
  }

  async close(): Promise<void> {
    if (!this.#isFailing && !this.#isPaused && !this.#isClosed) await this.flush();
    this.#isClosed = true;
    this.#marks.failAll(closedError());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Writes fail from now on, or succeed again. */
  fail(isFailing: boolean): void {
    this.#isFailing = isFailing;
  }

  /** The database is found damaged, set aside and replaced by an empty one. */
  replace(): void {
    this.#options.file.replace();
    this.#generation++;
    this.#committing = null;
    this.#waiting = this.#waiting.filter(({ mark }) => mark === null);
    this.#readMarks();
    this.#marks.failAll(new CdktrError("STORAGE", "The history database was replaced before this was committed."));
    this.#flushed();
  }

  /** The process was killed. A commit under way may have been done. */
  crash(isDone: boolean): void {
    if (isDone && this.#committing !== null) this.#write(this.#committing);
    this.#isClosed = true;
  }

  /* Queries are no part of the simulation. */
  queryLogs = notSimulated;
  queryLogPage = notSimulated;
  retain = notSimulated;
  sql = notSimulated;
  sqlParquet = notSimulated;
  async *streamLogs(): AsyncGenerator<never, void> {
    yield await notSimulated();
  }
  recentStatuses = notSimulated;
  runStatuses = notSimulated;
  taskStatuses = notSimulated;
  counts = notSimulated;

  #tryAdd(entry: Entry & { readonly mark: Mark }): boolean {
    const { stream, position } = entry.mark;
    if (position <= this.positionOf(stream)) {
      throw new CdktrError("INTERNAL", `History was given position ${position} of stream ${stream} a second time.`);
    }
    if (this.#isFailing || this.#isPaused || this.#isClosed) return false;
    this.#marks.handOver(entry.mark);
    this.#add(entry);
    return true;
  }

  #add(entry: Entry): void {
    this.#waiting.push(entry);
    this.#flushSoon();
  }

  #flushSoon(delayMs = flushIntervalMs): void {
    if (this.#isTimerSet || this.#committing !== null || this.#waiting.length === 0) return;
    this.#isTimerSet = true;
    this.#options.clock.setTimer(delayMs, () => {
      this.#isTimerSet = false;
      if (this.#isFailing || this.#isPaused) return this.#flushSoon(retryMs);
      this.#commit();
    });
  }

  #commit(): void {
    const { clock, commitMs } = this.#options;
    const batch = this.#committing = this.#waiting;
    this.#waiting = [];
    clock.setTimer(commitMs(), () => {
      if (this.#committing !== batch) return;
      this.#write(batch);
      this.#committing = null;
      const positions = new Map(batch.flatMap(({ mark }) => mark === null ? [] : [[mark.stream, mark.position]]));
      this.#marks.commit(positions, clock.nowMs());
      this.#flushed();
      this.#flushSoon();
    });
  }

  #write(batch: readonly Entry[]): void {
    const { tables, onLogs } = this.#options.file;
    for (const { mark, logs, page, statuses, taskStatuses } of batch) {
      if (mark !== null) tables.positions.set(mark.stream, mark.position);
      tables.logs.push(...logs);
      onLogs(logs);
      tables.runStatuses.push(...statuses, ...page?.runStatuses ?? []);
      tables.taskStatuses.push(...taskStatuses, ...page?.taskStatuses ?? []);
      tables.decisions.push(...page?.decisions ?? []);
      tables.runVersions.push(...page?.runs ?? []);
      tables.taskVersions.push(...page?.tasks ?? []);
    }
  }

  #readMarks(): void {
    const { positions } = this.#options.file.tables;
    const nowMs = this.#options.clock.nowMs();
    const streams = [...positions.keys()];
    this.#marks.reset({ streams, positions: [...positions.values()], atMs: streams.map(() => nowMs) });
  }

  #flushed(): void {
    const waiting = [...this.#flushes];
    this.#flushes.clear();
    for (const wake of waiting) wake();
  }
}

function closedError(): CdktrError {
  return new CdktrError("SHUTTING_DOWN", "History is closed.");
}

function notSimulated(): Promise<never> {
  return Promise.reject(new CdktrError("UNSUPPORTED", "The simulated history answers no queries."));
}
