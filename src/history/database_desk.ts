/** What the history's worker does: opens, writes, answers and closes. Entered by worker.ts, once DuckDB is loaded. */
/// <reference lib="deno.worker" />
import { messageOf } from "../core/mod.ts";
import { Answers } from "./answers.ts";
import { Batch } from "./batch.ts";
import { Database, DatabaseError } from "./database.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { Report, Request } from "./protocol.ts";

let database: Database | undefined;
let answers: Answers | undefined;
let batch: Batch | undefined;
let batchNumber = 0;
/** Opening, writing and closing happen one after the other. Queries do not wait for them. */
let writing: Promise<void> = Promise.resolve();

const notOpen: Failure = { kind: "invalidated", message: "the history database is not open" };

/** The database was closed and opened in the middle of a batch. */
const incomplete: Failure = { kind: "environment", message: "the history database was opened again meanwhile" };

function report(message: Report): void {
  self.postMessage(message);
}

/** Nothing may still use a connection when it is closed: the binding does not forgive it. */
async function close(): Promise<void> {
  const [closing, asked, begun] = [database, answers, batch];
  database = answers = batch = undefined;
  await asked?.stop();
  await begun?.abandon();
  await closing?.close();
}

async function open(request: Request & { type: "open" }): Promise<void> {
  try {
    await close();
    database = await Database.open(request);
    answers = new Answers({ database, report, checkpoint });
    const { setAside, problems, identity, storedMarks } = database;
    report({ type: "opened", setAside, problems, identity, marks: storedMarks });
  } catch (error) {
    const failure = error instanceof DatabaseError ? error.failure : failureOf(error, "damaged");
    report({ type: "openFailed", failure });
  }
}

async function addRows(request: Request & { type: "rows" }): Promise<void> {
  if (database !== undefined) {
    const begun = await batchOf(request.batch, database);
    await begun.add(request.chunk);
  }
  report({ type: "accepted", batch: request.batch });
}

/** The batch of that number. One that was begun before and not finished is given up. */
async function batchOf(number: number, { writer }: Database): Promise<Batch> {
  if (batch !== undefined && batchNumber === number) return batch;
  await batch?.abandon();
  batchNumber = number;
  return batch = new Batch(writer);
}

async function commit(request: Request & { type: "commit" }): Promise<void> {
  const { batch: number, chunks, marks, nowMs } = request;
  if (database === undefined) return report({ type: "failed", batch: number, failure: notOpen });
  const finished = await batchOf(number, database);
  batch = undefined;
  if (finished.chunks !== chunks) {
    await finished.abandon();
    return report({ type: "failed", batch: number, failure: incomplete });
  }
  const outcome = await finished.commit({ number, marks, nowMs });
  database.protectWriteAheadLog();
  if (!outcome.committed) return report({ type: "failed", batch: request.batch, failure: outcome.failure });
  report({
    type: "committed",
    batch: request.batch,
    refusedRows: outcome.refusedRows,
    refusal: outcome.refusal,
  });
  // Where the table of marks cannot be written anew it grows a little longer; what is wrong shows in the next batch.
  await database.markTable.grown(marks.streams.length + 1, nowMs).catch(() => {});
}

/** Between two batches: DuckDB does not do it while a transaction writes. */
function checkpoint(): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  writing = writing.then(async () => {
    try {
      if (batch === undefined) await database?.writer.run("CHECKPOINT");
      resolve(batch === undefined && database !== undefined);
    } catch {
      resolve(false);
    }
  });
  return promise;
}

async function closeForGood(): Promise<void> {
  await close();
  report({ type: "closed" });
}

/** Takes up a request of the main thread. Its answers are messages. */
export function handle(request: Request): void {
  const write = (step: () => Promise<void>) => {
    writing = writing.then(step).catch(crash);
  };
  switch (request.type) {
    case "load":
      return;
    case "open":
      return write(() => open(request));
    case "rows":
      return write(() => addRows(request));
    case "commit":
      return write(() => commit(request));
    case "close":
      return write(closeForGood);
    case "query":
      if (answers === undefined) return report({ type: "queryFailed", id: request.id, failure: notOpen });
      return answers.start(request.id, request.query);
    case "more":
      return answers?.more(request.id);
    case "cancel":
      return answers?.cancel(request.id);
  }
}

/**
 * Closes the database after an error that nobody caught. A worker that ended without it would leave the file open in
 * this process, where a second opening of it is not refused and would destroy it.
 */
async function crash(error: unknown): Promise<void> {
  try {
    await close();
  } finally {
    report({ type: "crashed", message: messageOf(error) });
  }
}

/** Behind the step that is at work, so that the database is not closed under it. */
function crashInTurn(error: unknown): void {
  writing = writing.then(() => crash(error));
}

self.addEventListener("error", (event) => {
  event.preventDefault();
  crashInTurn(event.error);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  crashInTurn(event.reason);
});
