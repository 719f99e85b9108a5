/** Writes batches of rows, each in one transaction. Runs in the worker. */
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import { type Chunk, linesOf, rowCountOf } from "./chunk.ts";
import { type Failure, failureOf } from "./failure.ts";

const tableOf = { logs: "logstore", runStatuses: "workflow_run_status", taskStatuses: "task_run_status" } as const;

/** What became of a batch. */
export type BatchOutcome =
  | { committed: true; refusedRows: number; refusal: string | undefined }
  | { committed: false; failure: Failure };

/**
 * One batch: `add` as often as needed, then `commit` once.
 *
 * A batch that fails leaves nothing behind and can be sent again as it was. Only where the database is sound and refuses
 * a row for what it holds (which a table made by others may) is the batch taken apart, so that one row cannot hold up all
 * that follow: all other rows are committed, the refused ones counted.
 */
export class Batch {
  readonly #connection: DuckDBConnection;
  readonly #chunks: Chunk[] = [];
  readonly #appenders = new Map<Chunk["kind"], DuckDBAppender>();
  #begun = false;
  #failure: Failure | undefined;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** Appends the rows of `chunk`. An error shows in the outcome of `commit`. */
  async add(chunk: Chunk): Promise<void> {
    this.#chunks.push(chunk);
    if (this.#failure !== undefined) return;
    try {
      await this.#begin();
      await this.#append(chunk, 0, rowCountOf(chunk));
    } catch (error) {
      await this.#rollBack();
      this.#failure = failureOf(error, "environment");
    }
  }

  /** Commits what was added. Never throws. */
  async commit(): Promise<BatchOutcome> {
    if (this.#failure === undefined) {
      try {
        await this.#end();
        return { committed: true, refusedRows: 0, refusal: undefined };
      } catch (error) {
        await this.#rollBack();
        this.#failure = failureOf(error, "environment");
      }
    }
    if (this.#failure.kind !== "rows") return { committed: false, failure: this.#failure };
    return await this.#commitAcceptable();
  }

  /** Gives up the batch; nothing of it is kept. */
  async abandon(): Promise<void> {
    await this.#rollBack();
  }

  async #begin(): Promise<void> {
    if (this.#begun) return;
    await this.#connection.run("BEGIN TRANSACTION");
    this.#begun = true;
  }

  async #end(): Promise<void> {
    for (const appender of this.#appenders.values()) appender.closeSync();
    this.#appenders.clear();
    if (this.#begun) await this.#connection.run("COMMIT");
    this.#begun = false;
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

  async #append(chunk: Chunk, from: number, to: number): Promise<void> {
    let appender = this.#appenders.get(chunk.kind);
    if (appender === undefined) {
      appender = await this.#connection.createAppender(tableOf[chunk.kind]);
      this.#appenders.set(chunk.kind, appender);
    }
    appendRows(appender, chunk, from, to);
  }

  async #commitAcceptable(): Promise<BatchOutcome> {
    let refusedRows = 0;
    let refusal: string | undefined;
    for (const chunk of this.#chunks) {
      // Halves are tried in order, so the rows that stay keep theirs.
      const ranges: [from: number, to: number][] = [[0, rowCountOf(chunk)]];
      for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
        const [from, to] = range;
        const failure = await this.#tryRange(chunk, from, to);
        if (failure === undefined) continue;
        if (failure.kind !== "rows") return { committed: false, failure };
        if (to - from > 1) {
          const middle = (from + to) >>> 1;
          ranges.push([middle, to], [from, middle]);
        } else {
          refusedRows++;
          refusal = failure.message;
        }
      }
    }
    return { committed: true, refusedRows, refusal };
  }

  async #tryRange(chunk: Chunk, from: number, to: number): Promise<Failure | undefined> {
    try {
      await this.#begin();
      await this.#append(chunk, from, to);
      await this.#end();
      return undefined;
    } catch (error) {
      await this.#rollBack();
      return failureOf(error, "environment");
    }
  }
}

function appendRows(appender: DuckDBAppender, chunk: Chunk, from: number, to: number): void {
  switch (chunk.kind) {
    case "logs":
      for (const line of linesOf(chunk, from, to)) {
        appender.appendVarchar(line.workflowId);
        appender.appendVarchar(line.workflowName);
        appender.appendVarchar(line.runId);
        appender.appendVarchar(line.taskName);
        appender.appendVarchar(line.taskRunId);
        appender.appendBigInt(BigInt(line.timestampMs));
        appender.appendVarchar(line.level);
        appender.appendVarchar(line.payload);
        appender.endRow();
      }
      return;
    case "runStatuses":
      for (const row of chunk.rows.slice(from, to)) {
        appender.appendVarchar(row.workflowId);
        appender.appendVarchar(row.runId);
        // DuckDB makes the enum's value of it; `appendEnum` builds the whole type anew for each row and takes 80 times as long.
        appender.appendVarchar(row.status);
        appender.appendBigInt(BigInt(row.timestampMs));
        appender.endRow();
      }
      return;
    case "taskStatuses":
      for (const row of chunk.rows.slice(from, to)) {
        appender.appendVarchar(row.taskId);
        appender.appendVarchar(row.taskRunId);
        appender.appendVarchar(row.runId);
        // DuckDB makes the enum's value of it; `appendEnum` builds the whole type anew for each row and takes 80 times as long.
        appender.appendVarchar(row.status);
        appender.appendBigInt(BigInt(row.timestampMs));
        appender.endRow();
      }
  }
}
