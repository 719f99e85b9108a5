/** Writes batches of rows, each in one transaction together with its marks. Runs in the worker. */
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import { type Chunk, linesOf, rowCountOf } from "./chunk.ts";
import { type Failure, failureOf } from "./failure.ts";
import { isCommitted } from "./mark_table.ts";
import { batchStream, type MarkColumns } from "./marks.ts";
import { appendRow, type Table, tables } from "./schema.ts";

/** What became of a batch. */
export type BatchOutcome =
  | { committed: true; refusedRows: number; refusal: string | undefined }
  | { committed: false; failure: Failure };

/** What is written at the end of a batch. */
export interface BatchMarks {
  /** The number of the batch, greater than that of any before it. */
  number: number;
  marks: MarkColumns;
  /** Unix milliseconds. */
  nowMs: number;
}

/** Rows `from` (inclusive) to `to` (exclusive) of a chunk. */
type Range = readonly [chunk: Chunk, from: number, to: number];

/**
 * One batch: `add` as often as needed, then `commit` once.
 *
 * A batch that fails leaves nothing behind and can be sent again as it was. Whether it did fail is asked of the database
 * where the commit itself ended in an error; if that cannot be found out, the failure is `invalidated`, and the batch's
 * mark tells after the next opening.
 *
 * Only where the database is sound and refuses a row for what it holds (which a table made by others may) is the batch
 * taken apart, so that one row cannot hold up all that follow: the rows that are taken are found by trial, then committed
 * together; the refused ones are counted.
 */
export class Batch {
  readonly #connection: DuckDBConnection;
  readonly #chunks: Chunk[] = [];
  readonly #appenders = new Map<string, DuckDBAppender>();
  #begun = false;
  #failure: Failure | undefined;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** How many chunks were added. */
  get chunks(): number {
    return this.#chunks.length;
  }

  /** Appends the rows of `chunk`. An error shows in the outcome of `commit`. */
  async add(chunk: Chunk): Promise<void> {
    this.#chunks.push(chunk);
    if (this.#failure !== undefined) return;
    this.#failure = await this.#try(async () => {
      await this.#begin();
      await this.#append([chunk, 0, rowCountOf(chunk)]);
    });
  }

  /** Commits what was added, and `marks`. Never throws. */
  async commit(marks: BatchMarks): Promise<BatchOutcome> {
    this.#failure ??= await this.#finish(marks);
    if (this.#failure === undefined) return { committed: true, refusedRows: 0, refusal: undefined };
    if (this.#failure.kind !== "rows") return { committed: false, failure: this.#failure };
    return await this.#commitAcceptable(marks, this.#failure);
  }

  /** Gives up the batch; nothing of it is kept. */
  async abandon(): Promise<void> {
    await this.#rollBack();
  }

  /** Runs `step`; if it fails, nothing of the transaction is left. */
  async #try(step: () => Promise<void>): Promise<Failure | undefined> {
    try {
      await step();
      return undefined;
    } catch (error) {
      await this.#rollBack();
      return failureOf(error, "environment");
    }
  }

  async #begin(): Promise<void> {
    if (this.#begun) return;
    await this.#connection.run("BEGIN TRANSACTION");
    this.#begun = true;
  }

  /** Writes the marks and commits. */
  async #finish({ number, marks, nowMs }: BatchMarks): Promise<Failure | undefined> {
    let isCommitting = false;
    const failure = await this.#try(async () => {
      await this.#begin();
      const appender = await this.#appenderOf(tables.marks);
      appendRow(appender, tables.marks, { stream: batchStream, position: number, atMs: nowMs });
      marks.streams.forEach((stream, index) => {
        appendRow(appender, tables.marks, { stream, position: marks.positions[index] ?? 0, atMs: nowMs });
      });
      this.#closeAppenders();
      isCommitting = true;
      await this.#connection.run("COMMIT");
      this.#begun = false;
    });
    if (failure === undefined || !isCommitting) return failure;
    try {
      return await isCommitted(this.#connection, number) ? undefined : failure;
    } catch {
      return { ...failure, kind: failure.kind === "damaged" ? "damaged" : "invalidated" };
    }
  }

  async #rollBack(): Promise<void> {
    for (const appender of this.#appenders.values()) {
      // An appender flushes what it still holds when it is collected, in whatever transaction then runs.
      try {
        appender.clear();
        appender.closeSync();
      } catch {
        // It has failed already; cleared is all it needs to be.
      }
    }
    this.#appenders.clear();
    if (this.#begun) await this.#connection.run("ROLLBACK").catch(() => {});
    this.#begun = false;
  }

  #closeAppenders(): void {
    for (const appender of this.#appenders.values()) appender.closeSync();
    this.#appenders.clear();
  }

  async #appenderOf({ name }: Pick<Table<never>, "name">): Promise<DuckDBAppender> {
    let appender = this.#appenders.get(name);
    if (appender === undefined) {
      appender = await this.#connection.createAppender(name);
      this.#appenders.set(name, appender);
    }
    return appender;
  }

  async #append([chunk, from, to]: Range): Promise<void> {
    appendRows(await this.#appenderOf(tables[chunk.kind]), chunk, from, to);
  }

  async #commitAcceptable(marks: BatchMarks, firstFailure: Failure): Promise<BatchOutcome> {
    const accepted: Range[] = [];
    let refusedRows = 0;
    let refusal = firstFailure.message;
    for (const chunk of this.#chunks) {
      // Halves are tried in order, so the rows that stay keep theirs.
      const ranges: Range[] = [[chunk, 0, rowCountOf(chunk)]];
      for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
        const failure = await this.#tryOut(range);
        if (failure === undefined) {
          accepted.push(range);
          continue;
        }
        if (failure.kind !== "rows") return { committed: false, failure };
        const [, from, to] = range;
        if (to - from > 1) {
          const middle = (from + to) >>> 1;
          ranges.push([chunk, middle, to], [chunk, from, middle]);
        } else {
          refusedRows++;
          refusal = failure.message;
        }
      }
    }
    const rows = this.#chunks.reduce((sum, chunk) => sum + rowCountOf(chunk), 0);
    // Rows that are refused only together (a unique column) are all given up rather than tried in every combination.
    for (const attempt of [{ ranges: accepted, refusedRows }, { ranges: [], refusedRows: rows }]) {
      const failure = await this.#commitRanges(attempt.ranges, marks);
      if (failure === undefined) return { committed: true, refusedRows: attempt.refusedRows, refusal };
      if (failure.kind !== "rows") return { committed: false, failure };
      refusal = failure.message;
    }
    return { committed: false, failure: { kind: "unsuitable", message: refusal } };
  }

  /** Whether `range` would be taken. Leaves nothing behind. */
  async #tryOut(range: Range): Promise<Failure | undefined> {
    const failure = await this.#try(async () => {
      await this.#begin();
      await this.#append(range);
      this.#closeAppenders();
    });
    await this.#rollBack();
    return failure;
  }

  async #commitRanges(ranges: readonly Range[], marks: BatchMarks): Promise<Failure | undefined> {
    const failure = await this.#try(async () => {
      await this.#begin();
      for (const range of ranges) await this.#append(range);
    });
    return failure ?? await this.#finish(marks);
  }
}

function appendRows(appender: DuckDBAppender, chunk: Chunk, from: number, to: number): void {
  const appendAll = <Row>(table: Table<Row>, rows: readonly Row[]) => {
    for (const row of rows.slice(from, to)) appendRow(appender, table, row);
  };
  switch (chunk.kind) {
    case "logs":
      for (const line of linesOf(chunk, from, to)) appendRow(appender, tables.logs, line);
      return;
    case "runStatuses":
      return appendAll(tables.runStatuses, chunk.rows);
    case "taskStatuses":
      return appendAll(tables.taskStatuses, chunk.rows);
    case "decisions":
      return appendAll(tables.decisions, chunk.rows);
    case "runVersions":
      return appendAll(tables.runVersions, chunk.rows);
    case "taskVersions":
      return appendAll(tables.taskVersions, chunk.rows);
  }
}
