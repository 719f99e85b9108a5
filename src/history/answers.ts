/** Runs queries, and hands out their answers in parts. Runs in the worker. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { LogChunkBuilder } from "./chunk.ts";
import type { Database } from "./database.ts";
import { failureOf } from "./failure.ts";
import { type LogBlock, selectLogs } from "./log_query.ts";
import type { Part, Query, Report } from "./protocol.ts";
import { selectCounts, selectRecentStatuses, selectRunStatuses, selectTaskStatuses } from "./status_query.ts";

/** A part is closed after so many characters of payload, so that long lines do not make it heavy. */
const partPayloadChars = 1024 * 1024;

/** Queries that are waiting, running, or have parts left. */
export class Answers {
  readonly #database: Database;
  readonly #report: (report: Report) => void;
  /** Queries that wait, run, or have parts left. */
  readonly #wanted = new Set<number>();
  readonly #parts = new Map<number, Iterator<Part, undefined>>();
  readonly #logLane: Lane;
  readonly #statusLane: Lane;

  constructor(database: Database, report: (report: Report) => void) {
    this.#database = database;
    this.#report = report;
    this.#logLane = new Lane(database.logReader);
    this.#statusLane = new Lane(database.statusReader);
  }

  /** Runs a query and reports the first part of its answer. */
  start(id: number, query: Query): void {
    this.#wanted.add(id);
    const lane = query.name === "logs" ? this.#logLane : this.#statusLane;
    lane.run(id, async () => {
      if (!this.#wanted.has(id)) return;
      try {
        this.#parts.set(id, await this.#partsOf(id, query));
        this.more(id);
      } catch (error) {
        if (this.#wanted.has(id)) {
          this.#report({ type: "queryFailed", id, failure: failureOf(error, "environment") });
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
    const last = next.value.kind !== "logs" || next.value.rowNumbers.length === 0;
    this.#report({ type: "part", id, part: next.value, last });
    if (last) this.#forget(id);
  }

  /** Ends a query, wherever it is. */
  cancel(id: number): void {
    this.#forget(id);
    this.#logLane.interrupt(id);
    this.#statusLane.interrupt(id);
  }

  /** Ends all. Resolves when no connection is in use. */
  async stop(): Promise<void> {
    for (const id of [...this.#wanted]) {
      this.#report({ type: "queryFailed", id, failure: { kind: "invalidated", message: "the database was closed" } });
      this.cancel(id);
    }
    await Promise.all([this.#logLane.idle(), this.#statusLane.idle()]);
  }

  #forget(id: number): void {
    this.#wanted.delete(id);
    this.#parts.delete(id);
  }

  async #partsOf(id: number, query: Query): Promise<Iterator<Part, undefined>> {
    const { logReader, statusReader } = this.#database;
    switch (query.name) {
      case "logs":
        return logParts(await selectLogs(logReader, query.filter, () => !this.#wanted.has(id)));
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

/** The rows in parts, and an empty part at the end. */
function* logParts(blocks: readonly LogBlock[]): Generator<Part, undefined> {
  for (const block of blocks) {
    let builder = new LogChunkBuilder();
    let rowNumbers: number[] = [];
    let payloadChars = 0;
    for (const row of block.rows()) {
      builder.add(row);
      rowNumbers.push(row.rowNumber);
      payloadChars += row.payload.length;
      if (payloadChars < partPayloadChars) continue;
      yield { kind: "logs", chunk: builder.chunk, rowNumbers };
      [builder, rowNumbers, payloadChars] = [new LogChunkBuilder(), [], 0];
    }
    if (rowNumbers.length > 0) yield { kind: "logs", chunk: builder.chunk, rowNumbers };
  }
  yield { kind: "logs", chunk: new LogChunkBuilder().chunk, rowNumbers: [] };
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
