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
 * Sorting by row number would read all of them, which is what makes this worth its lines: 300 ms against 10 ms at ten
 * million rows.
 */
const firstWindowRows = 65_536n;

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

/** What has lines in the order of their rows: a file, or the part of the table that is of one day. */
interface Source {
  day: number;
  file: bigint;
  /** SQL that stands behind FROM. */
  from: string;
  /** The column with the number of a row. */
  row: string;
  /** SQL that holds for the lines that are meant. */
  condition: string;
  /** One more than the highest number of a row, or close to it. */
  rowCount: () => Promise<bigint>;
}

function linesOf({ day, file, from, row }: Source, condition: Condition): string {
  return `SELECT ${day}::BIGINT AS day, ${file}::BIGINT AS file, ${row} AS row, ${logColumns}
    FROM ${from} WHERE ${condition.sql}`;
}

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
    if (this.#isSelective) {
      // The horizon's lines in the table are not sorted with the others: they alone can be many.
      if (order === "newest") await this.#readTable(this.#horizon, start);
      await this.#readSorted(start);
      if (order === "oldest") await this.#readTable(this.#horizon, start);
    } else {
      for await (const day of this.#days(start)) {
        await this.#readDay(day, start);
        if (this.#isDone) break;
      }
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

  get #isOldest(): boolean {
    return this.#request.filter.order === "oldest";
  }

  /** Whether few lines are meant, which DuckDB's statistics find wherever they are; else days are read one by one. */
  get #isSelective(): boolean {
    const { runIds, taskRunId } = this.#request.filter;
    return runIds !== undefined || taskRunId !== undefined;
  }

  /** The days that can have lines of the page, in their order. Days behind the first are looked up when they are needed. */
  async *#days(start: Start | undefined): AsyncGenerator<number, void> {
    const { sinceMs, untilMs } = this.#request.filter;
    let [from, to] = [firstDay, this.#horizon];
    if (sinceMs !== undefined) from = Math.min(dayOf(sinceMs), this.#horizon);
    if (untilMs !== undefined) to = Math.min(to, dayOf(untilMs));
    if (start !== undefined && this.#isOldest) from = Math.max(from, start.day);
    if (start !== undefined && !this.#isOldest) to = Math.min(to, start.day);
    if (from > to) return;
    const first = Math.min(Math.max(start?.day ?? await this.#edgeDay(), from), to);
    yield first;
    const days = await this.#daysWithin(from, to);
    for (const day of this.#isOldest ? days : days.toReversed()) if (day !== first) yield day;
  }

  /** The first of all days that have lines, or the last, whichever comes first. */
  async #edgeDay(): Promise<number> {
    const extreme = this.#isOldest ? "min" : "max";
    const reader = await this.#connection.runAndReadAll(`SELECT ${extreme}(timestamp_ms) FROM logstore`);
    const timeMs = reader.getRows()[0]?.[0];
    const file = this.#isOldest ? this.#files.at(0) : this.#files.at(-1);
    if (typeof timeMs !== "bigint") return file?.day ?? firstDay;
    const day = dayOf(Number(timeMs));
    if (file === undefined) return day;
    return this.#isOldest ? Math.min(day, file.day) : Math.max(day, file.day);
  }

  /** The days `from` to `to`, both inclusive, that have lines. */
  async #daysWithin(from: number, to: number): Promise<number[]> {
    const reader = await this.#connection.runAndReadAll(
      `SELECT DISTINCT least(${daySql}, ${this.#horizon}) FROM logstore WHERE ${this.#daysSql(from, to)}`,
    );
    const days = new Set(reader.getRows().map(([day]) => Number(day)));
    for (const { day } of this.#files) days.add(Math.min(day, this.#horizon));
    return [...days].filter((day) => day >= from && day <= to).sort((a, b) => a - b);
  }

  /** SQL that holds for rows of the table of the days `from` to `to`, both inclusive. */
  #daysSql(from: number, to: number): string {
    if (to < this.#horizon) return daysSql(from, to + 1);
    return from <= firstDay ? "true" : `timestamp_ms >= ${from * dayMs}`;
  }

  /** Reads one day, or all from the horizon on: its files, then the table, or the other way round. */
  async #readDay(day: number, start: Start | undefined): Promise<void> {
    const files = this.#filesOf(day, day);
    if (!this.#isOldest) await this.#readTable(day, start);
    for (const file of this.#isOldest ? files : files.toReversed()) await this.#readFile(day, file, start);
    if (this.#isOldest) await this.#readTable(day, start);
  }

  /** The files of the days `from` to `to`, both inclusive. */
  #filesOf(from: number, to: number): ArchivedFile[] {
    return this.#files.filter((file) => {
      const day = Math.min(file.day, this.#horizon);
      return day >= from && day <= to;
    });
  }

  async #readFile(day: number, file: ArchivedFile, start: Start | undefined): Promise<void> {
    const ordinal = BigInt(this.#files.indexOf(file) + 1);
    await this.#readSource(
      {
        day,
        file: ordinal,
        from: readFiles(this.#directory, [file]),
        row: "file_row_number",
        condition: "true",
        rowCount: () => Promise.resolve(BigInt(file.rows)),
      },
      start,
    );
  }

  async #readTable(day: number, start: Start | undefined): Promise<void> {
    const condition = this.#daysSql(day, day);
    const rowCount = async () => {
      const reader = await this.#connection.runAndReadAll(
        day === this.#horizon
          // Where rows were deleted there may be numbers above their count; the first window has no upper end.
          ? "SELECT count(*) FROM logstore"
          : `SELECT coalesce(max(rowid) + 1, 0)::BIGINT FROM logstore WHERE ${condition}`,
      );
      const count = reader.getRows()[0]?.[0];
      return typeof count === "bigint" ? count : 0n;
    };
    await this.#readSource({ day, file: tableFile, from: "logstore", row: "rowid", condition, rowCount }, start);
  }

  /** Reads the lines of one source that come behind `start`, if any do, in the order asked for. */
  async #readSource(source: Source, start: Start | undefined): Promise<void> {
    if (this.#isDone) return;
    const { day, file } = source;
    let behind: { row?: bigint; timestampMs?: number } = {};
    if (start !== undefined) {
      const distance = this.#isOldest ? day - start.day : start.day - day;
      if (distance < 0) return;
      if (distance === 0 && "timestampMs" in start) behind = { timestampMs: start.timestampMs };
      if (distance === 0 && "file" in start) {
        if (file !== start.file && (file < start.file) === this.#isOldest) return;
        if (file === start.file) behind = { row: start.row };
      }
    }
    if (this.#isOldest) await this.#readForwards(source, behind);
    else await this.#readBackwards(source, behind);
  }

  async #readForwards(source: Source, { row, timestampMs }: { row?: bigint; timestampMs?: number }): Promise<void> {
    const condition = this.#conditionOf(source);
    if (row !== undefined) condition.add(`${source.row} > ${row}`);
    if (timestampMs !== undefined) condition.add(`timestamp_ms > ${timestampMs}`);
    // DuckDB keeps the order of insertion through a filter and a limit (its manual, "Order Preservation"), and so can stop
    // at the last row asked for. A semi-join promises no order.
    const { statuses, states, taskName } = this.#request.filter;
    const isSemiJoin = [statuses, states, taskName].some((wish) => wish !== undefined);
    const order = isSemiJoin ? `ORDER BY ${source.row}` : "";
    await this.#take(`${linesOf(source, condition)} ${order} LIMIT ${this.#missingRows}`, condition);
  }

  async #readBackwards(source: Source, { row, timestampMs }: { row?: bigint; timestampMs?: number }): Promise<void> {
    let windowRows = firstWindowRows;
    let endRow = row;
    let startRow = row ?? await source.rowCount();
    while (!this.#isDone && startRow > 0n) {
      startRow = startRow > windowRows ? startRow - windowRows : 0n;
      const condition = this.#conditionOf(source);
      condition.add(`${source.row} >= ${startRow}`);
      if (endRow !== undefined) condition.add(`${source.row} < ${endRow}`);
      if (timestampMs !== undefined) condition.add(`timestamp_ms < ${timestampMs}`);
      const newestFirst = `ORDER BY ${source.row} DESC LIMIT ${this.#missingRows}`;
      await this.#take(`${linesOf(source, condition)} ${newestFirst}`, condition);
      endRow = startRow;
      windowRows *= 4n;
    }
  }

  #conditionOf({ condition: ofSource }: Source): Condition {
    const condition = Condition.of(this.#request.filter);
    condition.add(ofSource);
    return condition;
  }

  /** Reads all files, and of the table the days before the horizon, in one query that sorts what it finds. */
  async #readSorted(start: Start | undefined): Promise<void> {
    if (this.#isDone) return;
    const condition = Condition.of(this.#request.filter);
    const day = `least(${daySql}, ${this.#horizon})::BIGINT AS day`;
    const sources = [
      `SELECT ${day}, ${tableFile}::BIGINT AS file, rowid AS row, ${logColumns}
       FROM logstore WHERE ${this.#daysSql(firstDay, this.#horizon - 1)} AND ${condition.sql}`,
    ];
    if (this.#files.length > 0) {
      sources.push(
        `SELECT ${day}, ${
          fileOrdinal(this.#directory, this.#files)
        }::BIGINT AS file, file_row_number AS row, ${logColumns}
         FROM ${readFiles(this.#directory, this.#files)} WHERE ${condition.sql}`,
      );
    }
    const [sign, direction] = this.#isOldest ? [">", "ASC"] : ["<", "DESC"];
    const behind = start === undefined
      ? "true"
      : "file" in start
      ? `(day, file, row) ${sign} (${start.day}, ${start.file}, ${start.row})`
      : `(day ${sign} ${start.day} OR (day = ${start.day} AND timestamp_ms ${sign} ${start.timestampMs}))`;
    await this.#take(
      `SELECT * FROM (${sources.join(" UNION ALL ")}) WHERE ${behind}
       ORDER BY day ${direction}, file ${direction}, row ${direction} LIMIT ${this.#missingRows}`,
      condition,
    );
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
    const condition = new Condition();
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
    const condition = new Condition();
    const alike = this.#alike({ timestampMs, taskRunId }, condition);
    const reader = await this.#connection.runAndReadAll(
      `SELECT file, row FROM (${alike}) ORDER BY file, row LIMIT 1 OFFSET ${ordinal - 1}`,
      condition.values,
      condition.types,
    );
    const [file, row] = reader.getRows()[0] ?? [];
    return typeof file === "bigint" && typeof row === "bigint" ? { day, file, row } : { day, timestampMs };
  }

  /** SQL for the lines that share time and task run with another, whether the filter lets them through or not. */
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
