/**
 * What can be asked of the history: log lines, states, counts, and whatever a user writes in SQL. How a question gets to the
 * database and back is its subclass's business.
 */
import type { Clock } from "../clock/mod.ts";
import { CdktrError } from "../core/mod.ts";
import { linesOf } from "./chunk.ts";
import { dayOf } from "./days.ts";
import type { Part, Query } from "./protocol.ts";
import type { AskOptions } from "./queries.ts";
import {
  type HistoryCounts,
  type LogFilter,
  logFilterSchema,
  type LogPage,
  type LogRow,
  type RunStatusRow,
  type TaskStatusRow,
} from "./rows.ts";
import { defaultSqlRows, maxSqlChars, maxSqlRows, type SqlAnswer, type SqlOptions } from "./sql_answer.ts";
import type { z } from "zod";

/** Status rows that one query returns at most. */
const maxStatusRows = 100_000;

/** See the top of this file. */
export abstract class HistoryReader {
  protected readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /**
   * The log lines that `filter` asks for, all at once. Lines handed over within the last second may not be among them.
   *
   * @throws {CdktrError} `INVALID_ARGUMENT`, `LIMIT_EXCEEDED`, `TIMED_OUT` or `STORAGE`, or the reason of `signal`.
   */
  async queryLogs(filter: LogFilter = {}, signal?: AbortSignal): Promise<LogRow[]> {
    const rows: LogRow[] = [];
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
  async *streamLogs(filter: LogFilter = {}, signal?: AbortSignal): AsyncGenerator<LogRow[], void> {
    const query = this.#logQuery(filter, { wantsCursor: false });
    for await (const part of this.ask(query, { signal })) {
      if (part.kind === "logsEnd") return;
      yield linesIn(part);
    }
  }

  /**
   * A page of the log lines that `filter` asks for, with the cursor for the next one.
   *
   * @param options.maxTextBytes The line with which the text of the page has reached this many bytes is its last.
   * @throws {CdktrError} As `queryLogs`.
   */
  async queryLogPage(
    filter: LogFilter,
    options: { maxTextBytes?: number; signal?: AbortSignal } = {},
  ): Promise<LogPage> {
    const { maxTextBytes, signal } = options;
    const query = this.#logQuery(filter, { wantsCursor: true, maxTextBytes });
    const lines: LogRow[] = [];
    for await (const part of this.ask(query, { signal })) {
      if (part.kind === "logsEnd") return { lines, cursor: part.cursor, mayHaveMore: part.mayHaveMore };
      for (const line of linesIn(part)) lines.push(line);
    }
    throw new CdktrError("INTERNAL", "The history worker answered a log query without an end.");
  }

  /**
   * Answers a query of a user in SQL: one SELECT (also written as FROM, VALUES, WITH, DESCRIBE, SHOW or SUMMARIZE) of what
   * is stored; see {@linkcode viewDescriptions}. It reaches no files, and changes nothing. One is answered at a time.
   *
   * @param options.maxRows Rows at most, up to {@linkcode maxSqlRows}. `@default` {@linkcode defaultSqlRows}
   * @throws {CdktrError} `INVALID_ARGUMENT` with what is wrong, as a sentence; `TIMED_OUT`; `LIMIT_EXCEEDED` when it needs
   * too much memory; `STORAGE`; or the reason of the signal.
   */
  async sql(text: string, options: SqlOptions & { maxRows?: number } = {}): Promise<SqlAnswer> {
    const { maxRows = defaultSqlRows, timeoutMs, signal } = options;
    assertSqlText(text);
    if (!Number.isInteger(maxRows) || maxRows < 0 || maxRows > maxSqlRows) {
      throw new CdktrError("INVALID_ARGUMENT", `SQL is answered with 0 to ${maxSqlRows} rows, not ${maxRows}.`);
    }
    const answer: SqlAnswer = { columns: [], rows: [], truncated: false };
    for await (const part of this.ask({ name: "sql", text, maxRows }, { signal, timeoutMs })) {
      if (part.kind === "sqlColumns") answer.columns = part.columns;
      else if (part.kind === "sqlRows") { for (const row of part.rows) answer.rows.push(row); }
      else if (part.kind === "sqlEnd") answer.truncated = part.truncated;
      else throw unexpected(part);
    }
    return answer;
  }

  /**
   * Like {@linkcode sql}, with all rows, as the bytes of a Parquet file of at most 64 MiB.
   *
   * @throws {CdktrError} As `sql`; `LIMIT_EXCEEDED` also when the file would be larger.
   */
  async sqlParquet(text: string, options: SqlOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    assertSqlText(text);
    const pieces: Uint8Array[] = [];
    for await (const part of this.ask({ name: "sqlParquet", text }, options)) {
      if (part.kind === "sqlBytes") pieces.push(part.bytes);
      else if (part.kind !== "sqlEnd") throw unexpected(part);
    }
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let end = 0;
    for (const piece of pieces) {
      bytes.set(piece, end);
      end += piece.length;
    }
    return bytes;
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
    for await (const part of this.ask({ name: "taskStatuses", runId, limit: maxStatusRows })) {
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
    for await (const part of this.ask({ name: "counts" })) {
      if (part.kind !== "counts") throw unexpected(part);
      return part.counts;
    }
    throw new CdktrError("INTERNAL", "The history worker answered a count with nothing.");
  }

  /** The parts of the answer to a question. */
  protected abstract ask(query: Query, options?: AskOptions): AsyncGenerator<Part, void>;

  #logQuery(filter: LogFilter, options: { wantsCursor: boolean; maxTextBytes?: number | undefined }): Query {
    const parsed = logFilterSchema.safeParse(filter);
    if (!parsed.success) throw unusable("log filter", parsed.error);
    const { wantsCursor, maxTextBytes = Number.MAX_SAFE_INTEGER } = options;
    // A line that comes a day late, from an agent that could not send it, is among those in the order of their arrival.
    const horizon = dayOf(this.clock.nowMs()) - 1;
    return { name: "logs", filter: parsed.data, horizon, maxTextBytes, wantsCursor };
  }

  async #askRunStatuses(query: Query): Promise<RunStatusRow[]> {
    const rows: RunStatusRow[] = [];
    for await (const part of this.ask(query)) {
      if (part.kind !== "runStatuses") throw unexpected(part);
      for (const row of part.rows) rows.push(row);
    }
    return rows;
  }
}

function assertSqlText(text: string): void {
  if (text.length <= maxSqlChars) return;
  throw new CdktrError(
    "INVALID_ARGUMENT",
    `The SQL has ${text.length} characters, more than the ${maxSqlChars} allowed.`,
  );
}

function linesIn(part: Part): LogRow[] {
  if (part.kind !== "logs" || part.chunk.kind !== "logs") throw unexpected(part);
  return [...linesOf(part.chunk)];
}

/** The error for something handed over that does not have the shape it must have. */
export function unusable(what: string, error: z.ZodError): CdktrError {
  const issues = error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  return new CdktrError("INVALID_ARGUMENT", `The ${what} cannot be used: ${issues.join("; ")}.`);
}

/** The error for an answer to another question. */
export function unexpected(part: Part): CdktrError {
  return new CdktrError("INTERNAL", `The history worker answered a query with rows of another kind: ${part.kind}.`);
}
