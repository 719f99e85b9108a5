/**
 * Log queries. Runs in the worker.
 *
 * Lines are ordered by day and, within a day, by arrival: first those in archived files, in the order of the files, then
 * those in the table, by row number. That order stays as it is when days are archived or deleted. Only from a day called
 * the *horizon* on (yesterday, when the first page is asked for), lines are in the order of arrival alone, whatever their
 * times: so who follows the newest lines sees those of every agent, whatever its clock says.
 *
 * A page is read in one transaction, in which no line is both archived and in the table, nor in neither. Its cursor names
 * the last line (log_cursor.ts). Pages join without gap or overlap, unless a day at or behind the horizon is archived
 * between them, for which the retention has to be shorter than the time between the pages, or the disk limit be met; or
 * the line that the cursor names was deleted: then the lines of its day that are later in time follow.
 */
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { archivedFiles, fileOrdinal, readFiles } from "./archive.ts";
import { dayMs, dayOf, daySql, daysSql, firstDay } from "./days.ts";
import { formatLogCursor, type LogCursor } from "./log_cursor.ts";
import { Condition } from "./log_filter.ts";
import type { CompleteLogFilter, LogRow } from "./rows.ts";
import { type ArchivedFile, logColumns } from "./schema.ts";

/**
 * How many of the newest rows are searched first for the newest lines; each further step takes four times as many.
 * Sorting by row number would read the whole table, which is what makes this worth its lines: 300 ms against 10 ms at
 * ten million rows. Days are searched in steps of four in the same way.
 */
const firstWindowRows = 65_536n;
const windowGrowth = 4;

/** The file of a line that is in the table: behind all archived ones. */
const tableFile = 2_147_483_647n;

/** What a page is asked for. */
export interface LogPageRequest {
  filter: CompleteLogFilter;
  /** The first day whose lines are in the order of arrival; of a page behind a cursor, the cursor's counts. */
  horizon: number;
  /** The line with which the text of the page has reached this many UTF-8 bytes is its last. */
  maxTextBytes: number;
  /** Whether a cursor is wanted. */
  wantsCursor: boolean;
}

/** A page of lines. */
export interface LogPage {
  blocks: readonly LogBlock[];
  /** Names the last line; null when there is none, or no cursor was asked for. */
  cursor: string | null;
  /** Whether the page ended at one of its limits. */
  mayHaveMore: boolean;
}

/** Some rows of an answer; those of a DuckDB vector at most. */
export interface LogBlock {
  rowCount: number;
  rows(): LogRow[];
}

/**
 * The lines that are asked for, as blocks of rows in the order asked for. The blocks hold DuckDB's columnar results, so a
 * large answer takes little memory until its rows are read.
 *
 * @param directory Where archived files are; null when there are none.
 */
export async function selectLogs(
  connection: DuckDBConnection,
  directory: string | null,
  request: LogPageRequest,
  isCancelled: () => boolean,
): Promise<LogPage> {
  if (request.filter.limit === 0) return { blocks: [], cursor: null, mayHaveMore: false };
  await connection.run("BEGIN TRANSACTION READ ONLY");
  try {
    const files = directory === null ? [] : await archivedFiles(connection);
    return await new PageReader(connection, directory ?? "", files, request, isCancelled).read();
  } finally {
    await connection.run("ROLLBACK").catch(() => {});
  }
}

/** Where a line is in the order of lines. */
interface Place {
  /** Its day, or the horizon for all days from there on. */
  day: number;
  /** The place of its file; {@linkcode tableFile} for the table. */
  file: bigint;
  /** The place of the row in it. */
  row: bigint;
}

/** Behind what a page begins: a place, or, where the line was deleted, only a time on a day. */
type Start = Place | { day: number; timestampMs: number };

class PageReader {
  readonly #connection: DuckDBConnection;
  readonly #directory: string;
  readonly #files: readonly ArchivedFile[];
  readonly #request: LogPageRequest;
  readonly #isCancelled: () => boolean;
  readonly #horizon: number;
  readonly #blocks: Block[] = [];
  #missingRows: number;
  #missingBytes: number;

  constructor(
    connection: DuckDBConnection,
    directory: string,
    files: readonly ArchivedFile[],
    request: LogPageRequest,
    isCancelled: () => boolean,
  ) {
    this.#connection = connection;
    this.#directory = directory;
    this.#files = files;
    this.#request = request;
    this.#isCancelled = isCancelled;
    this.#horizon = request.filter.after?.horizon ?? request.horizon;
    this.#missingRows = request.filter.limit;
    this.#missingBytes = request.maxTextBytes;
  }

  async read(): Promise<LogPage> {
    const { order, after } = this.#request.filter;
    const start = after === undefined ? undefined : await this.#placeOf(after);
    if (order === "oldest") {
      await this.#readSettled(start);
      await this.#readOpenOldest(start);
    } else {
      await this.#readOpenNewest(start);
      await this.#readSettled(start);
    }
    const cursor = this.#request.wantsCursor ? await this.#cursor() : null;
    return { blocks: this.#blocks, cursor, mayHaveMore: this.#isFull };
  }

  get #isFull(): boolean {
    return this.#missingRows <= 0 || this.#missingBytes <= 0;
  }

  get #isDone(): boolean {
    return this.#isFull || this.#isCancelled();
  }

  /** The lines of days before the horizon, and archived ones from there on. */
  async #readSettled(start: Start | undefined): Promise<void> {
    const { order, sinceMs, untilMs } = this.#request.filter;
    let [from, to] = [firstDay, this.#horizon + 1];
    if (sinceMs !== undefined) from = Math.max(from, Math.min(dayOf(sinceMs), this.#horizon));
    if (untilMs !== undefined) to = Math.min(to, dayOf(untilMs) + 1);
    if (start !== undefined) {
      if (order === "oldest") from = Math.max(from, start.day);
      else to = Math.min(to, start.day + 1);
    }
    if (order === "oldest" && from === firstDay) from = Math.max(from, await this.#oldestDay());
    for (let days = this.#firstStep(); from < to && !this.#isDone; days *= windowGrowth) {
      if (order === "oldest") {
        const end = Math.min(from + days, to);
        await this.#readDays(from, end, start);
        from = end;
      } else {
        const begin = Math.max(to - days, from);
        await this.#readDays(begin, to, start);
        to = begin;
      }
    }
  }

  /** Days that are searched first. What names runs is found by DuckDB's statistics, however many days there are. */
  #firstStep(): number {
    const { runIds, taskRunId } = this.#request.filter;
    return runIds === undefined && taskRunId === undefined ? 1 : Infinity;
  }

  async #oldestDay(): Promise<number> {
    const reader = await this.#connection.runAndReadAll("SELECT coalesce(min(timestamp_ms), 0) FROM logstore");
    const ofTable = dayOf(Number(reader.getRows()[0]?.[0]));
    return Math.min(ofTable, this.#files[0]?.day ?? ofTable, this.#horizon);
  }

  async #readDays(from: number, to: number, start: Start | undefined): Promise<void> {
    const condition = Condition.of(this.#request.filter);
    const sources = this.#sourcesOf(from, to, condition);
    if (sources === undefined) return;
    const isOldest = this.#request.filter.order === "oldest";
    const [sign, direction] = isOldest ? [">", "ASC"] : ["<", "DESC"];
    const behind = start === undefined
      ? "true"
      : "file" in start
      ? `(day, file, row) ${sign} (${start.day}, ${start.file}, ${start.row})`
      : `(day <> ${start.day} OR timestamp_ms ${sign} ${start.timestampMs})`;
    await this.#take(
      `SELECT * FROM (${sources}) WHERE ${behind}
       ORDER BY day ${direction}, file ${direction}, row ${direction} LIMIT ${this.#missingRows}`,
      condition,
    );
  }

  /** SQL for the settled lines of the days `from` to `to`, with their places; `undefined` when there can be none. */
  #sourcesOf(from: number, to: number, condition: Condition): string | undefined {
    const sources: string[] = [];
    const day = `least(${daySql}, ${this.#horizon})::BIGINT AS day`;
    const files = this.#files.filter((file) => {
      const day = Math.min(file.day, this.#horizon);
      return day >= from && day < to;
    });
    if (files.length > 0) {
      const ordinal = `${fileOrdinal(this.#directory, this.#files)}::BIGINT AS file`;
      sources.push(
        `SELECT ${day}, ${ordinal}, file_row_number AS row, ${logColumns}
         FROM ${readFiles(this.#directory, files)} WHERE ${condition.sql}`,
      );
    }
    if (from < this.#horizon) {
      sources.push(
        `SELECT ${day}, ${tableFile}::BIGINT AS file, rowid AS row, ${logColumns}
         FROM logstore WHERE ${daysSql(from, Math.min(to, this.#horizon))} AND ${condition.sql}`,
      );
    }
    return sources.length === 0 ? undefined : sources.join(" UNION ALL ");
  }

  /** Adds to `condition` that a line is in the table, and of a day from the horizon on. */
  #addOpen(condition: Condition): void {
    condition.add(`timestamp_ms >= ${this.#horizon * dayMs}`);
  }

  async #readOpenOldest(start: Start | undefined): Promise<void> {
    if (this.#isDone) return;
    const condition = Condition.of(this.#request.filter);
    this.#addOpen(condition);
    if (start?.day === this.#horizon) {
      if (!("file" in start)) condition.add(`timestamp_ms > ${start.timestampMs}`);
      else if (start.file === tableFile) condition.add(`rowid > ${start.row}`);
    }
    // DuckDB keeps the order of insertion through a filter and a limit (its manual, "Order Preservation"), and so can stop
    // at the last row asked for. A semi-join promises no order.
    const { statuses, states } = this.#request.filter;
    const order = statuses === undefined && states === undefined ? "" : "ORDER BY rowid";
    await this.#take(`${this.#openLines(condition)} ${order} LIMIT ${this.#missingRows}`, condition);
  }

  async #readOpenNewest(start: Start | undefined): Promise<void> {
    if (start !== undefined && (start.day < this.#horizon || ("file" in start && start.file < tableFile))) return;
    let windowRows = firstWindowRows;
    // Where rows were deleted there may be numbers above their count: the first window has no upper end.
    let endRow: bigint | undefined = start !== undefined && "file" in start ? start.row : undefined;
    let startRow = endRow ?? await this.#rowCount();
    while (!this.#isDone && startRow > 0n) {
      startRow = startRow > windowRows ? startRow - windowRows : 0n;
      const condition = Condition.of(this.#request.filter);
      this.#addOpen(condition);
      condition.add(`rowid >= ${startRow}`);
      if (endRow !== undefined) condition.add(`rowid < ${endRow}`);
      if (start !== undefined && !("file" in start)) condition.add(`timestamp_ms < ${start.timestampMs}`);
      await this.#take(`${this.#openLines(condition)} ORDER BY rowid DESC LIMIT ${this.#missingRows}`, condition);
      endRow = startRow;
      windowRows *= BigInt(windowGrowth);
    }
  }

  #openLines(condition: Condition): string {
    return `SELECT ${this.#horizon}::BIGINT AS day, ${tableFile}::BIGINT AS file, rowid AS row, ${logColumns}
      FROM logstore WHERE ${condition.sql}`;
  }

  async #rowCount(): Promise<bigint> {
    const reader = await this.#connection.runAndReadAll("SELECT count(*) FROM logstore");
    const count = reader.getRows()[0]?.[0];
    return typeof count === "bigint" ? count : 0n;
  }

  /** Runs a query for lines with their places, and takes of them as many as the page may still have. */
  async #take(lines: string, { values, types }: Condition): Promise<void> {
    const sql = `SELECT day::BIGINT, file::BIGINT, row::BIGINT, coalesce(strlen(payload), 0),
      coalesce(workflow_id, ''), coalesce(workflow_name, ''), coalesce(workflow_instance_id, ''),
      coalesce(task_name, ''), coalesce(task_instance_id, ''), coalesce(timestamp_ms, 0), coalesce(level, ''),
      coalesce(payload, '') FROM (${lines})`;
    const result = await this.#connection.run(sql, values, types);
    for (const chunk of await result.fetchAllChunks()) {
      if (this.#isFull) return;
      let rowCount = 0;
      for (const bytes of chunk.getColumnValues(3)) {
        if (this.#missingBytes <= 0) break;
        this.#missingBytes -= Number(bytes);
        rowCount++;
      }
      this.#missingRows -= rowCount;
      this.#blocks.push(new Block(rowCount, () => chunk.getRows()));
    }
  }

  async #cursor(): Promise<string | null> {
    const last = this.#blocks.findLast(({ rowCount }) => rowCount > 0)?.last();
    if (last === undefined) return null;
    const { place: { file, row }, line: { timestampMs, taskRunId } } = last;
    const condition = Condition.of(this.#request.filter);
    const alike = this.#alike({ timestampMs, taskRunId }, condition);
    const reader = await this.#connection.runAndReadAll(
      `SELECT count(*) FROM (${alike}) WHERE (file, row) <= (${file}, ${row})`,
      condition.values,
      condition.types,
    );
    const ordinal = Number(reader.getRows()[0]?.[0]);
    return formatLogCursor({ horizon: this.#horizon, timestampMs, taskRunId, ordinal });
  }

  /** Where the line is that a cursor names. */
  async #placeOf({ timestampMs, taskRunId, ordinal }: LogCursor): Promise<Start> {
    const day = Math.min(dayOf(timestampMs), this.#horizon);
    const condition = Condition.of(this.#request.filter);
    const alike = this.#alike({ timestampMs, taskRunId }, condition);
    const reader = await this.#connection.runAndReadAll(
      `SELECT file, row FROM (${alike}) ORDER BY file, row LIMIT 1 OFFSET ${ordinal - 1}`,
      condition.values,
      condition.types,
    );
    const [file, row] = reader.getRows()[0] ?? [];
    return typeof file === "bigint" && typeof row === "bigint" ? { day, file, row } : { day, timestampMs };
  }

  /** SQL for the lines that share time and task run with another, and that the filter lets through. */
  #alike({ timestampMs, taskRunId }: { timestampMs: number; taskRunId: string }, condition: Condition): string {
    const day = dayOf(timestampMs);
    // Lines are read with what is absent as 0 and the empty text.
    condition.add(timestampMs === 0 ? "coalesce(timestamp_ms, 0) = 0" : `timestamp_ms = ${timestampMs}`);
    condition.add(
      taskRunId === "" ? "coalesce(task_instance_id, '') = ''" : `task_instance_id = ${condition.text(taskRunId)}`,
    );
    const sources = [`SELECT ${tableFile}::BIGINT AS file, rowid AS row FROM logstore WHERE ${condition.sql}`];
    const files = this.#files.filter((file) => file.day === day);
    if (files.length > 0) {
      sources.push(
        `SELECT ${fileOrdinal(this.#directory, this.#files)}::BIGINT AS file, file_row_number AS row
         FROM ${readFiles(this.#directory, files)} WHERE ${condition.sql}`,
      );
    }
    return sources.join(" UNION ALL ");
  }
}

class Block implements LogBlock {
  readonly rowCount: number;
  readonly #values: () => readonly (readonly DuckDBValue[])[];

  constructor(rowCount: number, values: () => readonly (readonly DuckDBValue[])[]) {
    this.rowCount = rowCount;
    this.#values = values;
  }

  rows(): LogRow[] {
    return this.#values().slice(0, this.rowCount).map(lineOf);
  }

  /** The last line and its place. */
  last(): { place: Place; line: LogRow } | undefined {
    const values = this.#values()[this.rowCount - 1];
    if (values === undefined) return undefined;
    const [day, file, row] = values;
    if (typeof file !== "bigint" || typeof row !== "bigint") throw new TypeError("a line has no place");
    return { place: { day: Number(day), file, row }, line: lineOf(values) };
  }
}

function lineOf(values: readonly DuckDBValue[]): LogRow {
  return {
    workflowId: String(values[4]),
    workflowName: String(values[5]),
    runId: String(values[6]),
    taskName: String(values[7]),
    taskRunId: String(values[8]),
    timestampMs: Number(values[9]),
    level: String(values[10]),
    payload: String(values[11]),
  };
}
