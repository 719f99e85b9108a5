/** The table of marks: insert-only between two rewritings, which leave one row for each stream. Runs in the worker. */
import { BIGINT, type DuckDBConnection, VARCHAR } from "@duckdb/node-api";
import { batchStream, logMarkLifetimeMs, logMarksMax, logStreamPrefix, type StoredMarks } from "./marks.ts";

/** Rows that are written between two rewritings, beside as many as there are streams. */
const rewriteAfterRows = 100_000;

/** What counts of the marks: the highest position of each stream that is not to be forgotten. */
const standing = `
  WITH highest AS (SELECT stream, max(position) AS position, max(at_ms) AS at_ms FROM marks GROUP BY stream)
  SELECT * FROM highest WHERE NOT starts_with(stream, '${logStreamPrefix}')
  UNION ALL
  (SELECT * FROM highest WHERE starts_with(stream, '${logStreamPrefix}') AND at_ms >= $1
   ORDER BY at_ms DESC LIMIT ${logMarksMax})`;

/** See the top of this file. */
export class MarkTable {
  readonly #connection: DuckDBConnection;
  /** Rows in the table, and how many it may have before it is written anew. */
  #rows = 0;
  #rowsMax = rewriteAfterRows;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /**
   * What the table says, the mark written longest ago first. Writes it anew when it has grown.
   *
   * @param nowMs Unix milliseconds.
   */
  async read(nowMs: number): Promise<StoredMarks> {
    const reader = await this.#connection.runAndReadAll(`${standing} ORDER BY at_ms`, [oldestMs(nowMs)], [BIGINT]);
    const marks: StoredMarks = { streams: [], positions: [], atMs: [] };
    for (const [stream, position, atMs] of reader.getRows()) {
      marks.streams.push(String(stream));
      marks.positions.push(Number(position));
      marks.atMs.push(Number(atMs));
    }
    const counted = await this.#connection.runAndReadAll("SELECT count(*) FROM marks");
    this.#rows = Number(counted.getRows()[0]?.[0]);
    this.#rowsMax = rewriteAfterRows + marks.streams.length;
    if (this.#rows > 2 * marks.streams.length + 1_000) await this.#rewrite(nowMs);
    return marks;
  }

  /** Rows were committed. Writes the table anew when it has grown too long. Throws when that fails, and loses nothing. */
  async grown(rows: number, nowMs: number): Promise<void> {
    this.#rows += rows;
    if (this.#rows > this.#rowsMax) await this.#rewrite(nowMs);
  }

  async #rewrite(nowMs: number): Promise<void> {
    await this.#connection.run(`CREATE OR REPLACE TABLE marks AS ${standing}`, [oldestMs(nowMs)], [BIGINT]);
    const counted = await this.#connection.runAndReadAll("SELECT count(*) FROM marks");
    this.#rows = Number(counted.getRows()[0]?.[0]);
    this.#rowsMax = rewriteAfterRows + this.#rows;
  }
}

/** Whether batch `number`, and with it all that was written in its transaction, is committed. */
export async function isCommitted(connection: DuckDBConnection, number: number): Promise<boolean> {
  const reader = await connection.runAndReadAll(
    "SELECT coalesce(max(position), 0) >= $1 FROM marks WHERE stream = $2",
    [BigInt(number), batchStream],
    [BIGINT, VARCHAR],
  );
  return reader.getRows()[0]?.[0] === true;
}

function oldestMs(nowMs: number): bigint {
  return BigInt(Math.trunc(nowMs - logMarkLifetimeMs));
}
