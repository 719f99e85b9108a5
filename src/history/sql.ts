/**
 * SQL of users, on a connection of its own. Runs in the worker.
 *
 * What keeps one query from harming the rest: rows and bytes of its answer are limited here, its time by who asks (it is
 * interrupted), and memory by DuckDB's limit, which it shares with the writing of rows. A query that wants more fails; so
 * may, at that moment, a batch, which stays in the buffer and is written again. Files that DuckDB moves data to meanwhile
 * have a limit too.
 */
import {
  type DuckDBConnection,
  type DuckDBPendingResult,
  DuckDBPendingResultState,
  type DuckDBResult,
} from "@duckdb/node-api";
import { sleep, systemClock } from "../clock/mod.ts";
import { messageOf } from "../core/mod.ts";
import { join } from "node:path";
import { answerFile, quoted } from "./archive.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { SqlAnswer } from "./sql_answer.ts";
import { assertAnswerable, canonical, SqlRefused } from "./sql_guard.ts";
import { sqlValueOf } from "./sql_value.ts";

/** Text of one answer at most, in UTF-16 units of its JSON. What is more is left out. */
const maxAnswerChars = 32 * 1024 * 1024;
/** An answer as Parquet at most, in bytes. */
const maxParquetBytes = 64 * 1024 * 1024;
/** How long a query has the worker's thread at a time, and the pause after it, in milliseconds. */
const [sliceMs, pauseMs] = [10, 1];
/** How often the size of an answer is looked at while it is written, in milliseconds. */
const sizeCheckMs = 100;

/** An answer is larger than it may be. */
class SqlTooLarge extends Error {}

/**
 * Answers a query.
 *
 * @throws {SqlRefused} When it is none; errors of DuckDB otherwise.
 */
export async function answerSql(connection: DuckDBConnection, text: string, maxRows: number): Promise<SqlAnswer> {
  return await reading(connection, async () => {
    await assertAnswerable(connection, text);
    const result = await execute(connection, text);
    const types = result.columnTypes().map(String);
    const columns = result.deduplicatedColumnNames().map((name, index) => ({ name, type: types[index] ?? "" }));
    const rows: SqlAnswer["rows"] = [];
    let chars = 0;
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      for (const values of chunk.getRows()) {
        const row = values.map(sqlValueOf);
        chars += JSON.stringify(row).length;
        if (rows.length === maxRows || chars > maxAnswerChars) return { columns, rows, truncated: true };
        rows.push(row);
      }
    }
    return { columns, rows, truncated: false };
  });
}

/**
 * Answers a query with a Parquet file.
 *
 * @param directory Where the file stands for a moment.
 * @throws {SqlRefused} As `answerSql`. {SqlTooLarge} When the file is too large.
 */
export async function answerSqlAsParquet(
  connection: DuckDBConnection,
  text: string,
  directory: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const query = await reading(connection, async () => {
    await assertAnswerable(connection, text);
    return await canonical(connection, text);
  });
  const path = join(directory, answerFile);
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  let isTooLarge = false;
  const endWatch = watchSize(path, () => {
    isTooLarge = true;
    connection.interrupt();
  });
  try {
    await execute(connection, `COPY (${query}) TO '${quoted(path)}' (FORMAT parquet, COMPRESSION zstd)`);
    isTooLarge ||= (await Deno.stat(path)).size > maxParquetBytes;
    if (!isTooLarge) return await Deno.readFile(path);
  } catch (error) {
    if (!isTooLarge) throw error;
  } finally {
    endWatch();
    await Deno.remove(path).catch(() => {});
  }
  throw new SqlTooLarge(`The answer is more than ${maxParquetBytes / 2 ** 20} MiB of Parquet.`);
}

/**
 * Executes a statement up to the first rows of its result, in slices: between two the worker takes messages, so that the query
 * can be interrupted and others go on. The binding's own way holds the thread to the end on Deno before 2.9.
 */
async function execute(connection: DuckDBConnection, text: string): Promise<DuckDBResult> {
  const pending = (await connection.prepare(text)).startStream();
  let beganMs = systemClock.monotonicMs();
  for (let state = runTask(pending); state !== DuckDBPendingResultState.RESULT_READY; state = runTask(pending)) {
    // Where there is no task, DuckDB's own threads have them all.
    const isWorking = state === DuckDBPendingResultState.RESULT_NOT_READY;
    if (isWorking && systemClock.monotonicMs() - beganMs < sliceMs) continue;
    await sleep(systemClock, pauseMs);
    beganMs = systemClock.monotonicMs();
  }
  return await pending.getResult();
}

/** Without what the binding puts in front of DuckDB's own words. */
function runTask(pending: DuckDBPendingResult): DuckDBPendingResultState {
  try {
    return pending.runTask();
  } catch (cause) {
    throw new Error(messageOf(cause).replace(/^Failure running pending result task: /, ""), { cause });
  }
}

/** Calls `tooLarge` when the file has become larger than an answer may be. Returns how to end that. */
function watchSize(path: string, tooLarge: () => void): () => void {
  let hasEnded = false;
  let cancel = () => {};
  const check = async () => {
    const size = await Deno.stat(path).then((found) => found.size, () => 0);
    if (hasEnded) return;
    if (size > maxParquetBytes) tooLarge();
    else cancel = systemClock.setTimer(sizeCheckMs, check);
  };
  cancel = systemClock.setTimer(sizeCheckMs, check);
  return () => {
    hasEnded = true;
    cancel();
  };
}

/** What an error means for who asked. */
export function sqlFailureOf(error: unknown): Failure {
  if (error instanceof SqlRefused) return { kind: "refused", message: error.message };
  if (error instanceof SqlTooLarge) return { kind: "tooLarge", message: error.message };
  const message = messageOf(error);
  if (/^Out of Memory Error/.test(message)) {
    return {
      kind: "tooLarge",
      message: "The query needs more memory, or more disk in its place, than there is for it.",
    };
  }
  const known =
    /^(Parser|Binder|Catalog|Conversion|Invalid Input|Invalid type|Out of Range|Not implemented|Mismatch Type|Constraint|Permission|TransactionContext|Expression|Parameter Not Allowed|Invalid) Error: /;
  if (!known.test(message)) return failureOf(error, "environment");
  // Behind what is wrong, and what may have been meant, come the lines of the statement.
  const [said = ""] = message.replace(known, "").split(/\n\s*\n?LINE \d+:/, 1);
  const sentence = said.split("\n").map((part) => part.trim()).filter((part) => part !== "").join(" ");
  return { kind: "refused", message: `The SQL cannot be answered: ${sentence.replace(/\.$/, "")}.` };
}

async function reading<Result>(connection: DuckDBConnection, step: () => Promise<Result>): Promise<Result> {
  await connection.run("BEGIN TRANSACTION READ ONLY");
  try {
    return await step();
  } finally {
    await connection.run("ROLLBACK").catch(() => {});
  }
}
