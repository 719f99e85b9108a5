/** Runs queries, and hands out their answers in parts. Runs in the worker. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { LogChunkBuilder } from "./chunk.ts";
import type { Database } from "./database.ts";
import { failureOf } from "./failure.ts";
import { type LogPage, selectLogs } from "./log_query.ts";
import { isLast, type Part, type Query, type Report } from "./protocol.ts";
import { retain } from "./retention.ts";
import { answerSql, answerSqlAsParquet, sqlFailureOf } from "./sql.ts";
import type { SqlAnswer } from "./sql_answer.ts";
import { selectCounts, selectRecentStatuses, selectRunStatuses, selectTaskStatuses } from "./status_query.ts";

/** A part is closed after so many characters of payload, so that long lines do not make it heavy. */
const partPayloadChars = 1024 * 1024;
/** Rows of an answer to SQL in one part. */
const partRows = 1_024;
/** Bytes of a file in one part. */
const partBytes = 1024 * 1024;

/** What {@linkcode Answers} needs. */
export interface AnswersOptions {
  database: Database;
  report: (report: Report) => void;
  /** Writes the write-ahead log into the file. False when it could not be done. */
  checkpoint: () => Promise<boolean>;
}

/** Queries that are waiting, running, or have parts left. */
export class Answers {
  readonly #database: Database;
  readonly #report: (report: Report) => void;
  readonly #checkpoint: () => Promise<boolean>;
  /** Queries that wait, run, or have parts left. */
  readonly #wanted = new Set<number>();
  readonly #parts = new Map<number, Iterator<Part, undefined>>();
  readonly #lanes: Readonly<Record<"logs" | "statuses" | "sql" | "retention", Lane>>;

  constructor({ database, report, checkpoint }: AnswersOptions) {
    this.#database = database;
    this.#report = report;
    this.#checkpoint = checkpoint;
    this.#lanes = {
      logs: new Lane(database.logReader),
      statuses: new Lane(database.statusReader),
      sql: new Lane(database.sqlReader),
      retention: new Lane(database.maintenance),
    };
  }

  /** Runs a query and reports the first part of its answer. */
  start(id: number, query: Query): void {
    this.#wanted.add(id);
    this.#laneOf(query).run(id, async () => {
      if (!this.#wanted.has(id)) return;
      try {
        this.#parts.set(id, await this.#partsOf(id, query));
        this.more(id);
      } catch (error) {
        if (this.#wanted.has(id)) {
          const isSql = query.name === "sql" || query.name === "sqlParquet";
          const failure = isSql ? sqlFailureOf(error) : failureOf(error, "environment");
          this.#report({ type: "queryFailed", id, failure });
        }
        this.#forget(id);
      }
    });
  }

  /** Reports the next part. */
  more(id: number): void {
    const parts = this.#parts.get(id);
    if (parts === undefined || !this.#wanted.has(id)) return this.#forget(id);
    const next = parts.next();
    if (next.done === true) throw new Error(`query ${id} has no more parts`);
    const last = isLast(next.value);
    this.#report({ type: "part", id, part: next.value, last });
    if (last) this.#forget(id);
  }

  /** Ends a query, wherever it is. */
  cancel(id: number): void {
    this.#forget(id);
    for (const lane of Object.values(this.#lanes)) lane.interrupt(id);
  }

  /** Ends all. Resolves when no connection is in use. */
  async stop(): Promise<void> {
    for (const id of [...this.#wanted]) {
      this.#report({ type: "queryFailed", id, failure: { kind: "invalidated", message: "the database was closed" } });
      this.cancel(id);
    }
    await Promise.all(Object.values(this.#lanes).map((lane) => lane.idle()));
  }

  #forget(id: number): void {
    this.#wanted.delete(id);
    this.#parts.delete(id);
  }

  #laneOf(query: Query): Lane {
    switch (query.name) {
      case "logs":
        return this.#lanes.logs;
      case "retain":
        return this.#lanes.retention;
      case "sql":
      case "sqlParquet":
        return this.#lanes.sql;
      default:
        return this.#lanes.statuses;
    }
  }

  async #partsOf(id: number, query: Query): Promise<Iterator<Part, undefined>> {
    const { logReader, statusReader, sqlReader, maintenance, archive, scratchDirectory } = this.#database;
    const isCancelled = () => !this.#wanted.has(id);
    switch (query.name) {
      case "logs":
        return logParts(await selectLogs(logReader, archive?.directory ?? null, query, isCancelled));
      case "retain": {
        const place = { connection: maintenance, archive, checkpoint: this.#checkpoint, isCancelled };
        return single({ kind: "retained", retained: await retain(place, query.policy) });
      }
      case "sql":
        return sqlParts(await answerSql(sqlReader, query.text, query.maxRows));
      case "sqlParquet":
        return parquetParts(await answerSqlAsParquet(sqlReader, query.text, scratchDirectory));
      case "recentStatuses":
        return single({ kind: "runStatuses", rows: await selectRecentStatuses(statusReader, query.limit) });
      case "runStatuses":
        return single({ kind: "runStatuses", rows: await selectRunStatuses(statusReader, query.runId, query.limit) });
      case "taskStatuses":
        return single({ kind: "taskStatuses", rows: await selectTaskStatuses(statusReader, query.runId, query.limit) });
      case "counts":
        return single({ kind: "counts", counts: await selectCounts(statusReader) });
    }
  }
}

function* single(part: Part): Generator<Part, undefined> {
  yield part;
}

function* sqlParts({ columns, rows, truncated }: SqlAnswer): Generator<Part, undefined> {
  yield { kind: "sqlColumns", columns };
  for (let from = 0; from < rows.length; from += partRows) {
    yield { kind: "sqlRows", rows: rows.slice(from, from + partRows) };
  }
  yield { kind: "sqlEnd", truncated };
}

function* parquetParts(bytes: Uint8Array): Generator<Part, undefined> {
  for (let from = 0; from < bytes.length; from += partBytes) {
    yield { kind: "sqlBytes", bytes: bytes.slice(from, from + partBytes) };
  }
  yield { kind: "sqlEnd", truncated: false };
}

/** The rows in parts, and at the end what is to be known of the page. */
function* logParts({ blocks, cursor, mayHaveMore }: LogPage): Generator<Part, undefined> {
  for (const block of blocks) {
    let builder = new LogChunkBuilder();
    let payloadChars = 0;
    for (const row of block.rows()) {
      builder.add(row);
      payloadChars += row.payload.length;
      if (payloadChars < partPayloadChars) continue;
      yield { kind: "logs", chunk: builder.chunk };
      [builder, payloadChars] = [new LogChunkBuilder(), 0];
    }
    if (builder.chunk.payloads.length > 0) yield { kind: "logs", chunk: builder.chunk };
  }
  yield { kind: "logsEnd", cursor, mayHaveMore };
}

/** One connection, and the queries that take turns on it. */
class Lane {
  readonly #connection: DuckDBConnection;
  #queue: Promise<void> = Promise.resolve();
  #runningId: number | undefined;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  run(id: number, query: () => Promise<void>): void {
    this.#queue = this.#queue.then(async () => {
      this.#runningId = id;
      try {
        await query();
      } finally {
        this.#runningId = undefined;
      }
    });
  }

  idle(): Promise<void> {
    return this.#queue;
  }

  interrupt(id: number): void {
    if (this.#runningId === id) this.#connection.interrupt();
  }
}
