/**
 * The worker in which DuckDB lives. The native binding works outside of the event loop only in part (appending blocks),
 * so it gets a loop of its own.
 */
/// <reference lib="deno.worker" />
import { messageOf } from "../core/mod.ts";
import { Answers } from "./answers.ts";
import { Batch } from "./batch.ts";
import { Database, DatabaseError } from "./database.ts";
import { type Failure, failureOf } from "./failure.ts";
import { type Report, type Request, requestSchema } from "./protocol.ts";

let database: Database | undefined;
let answers: Answers | undefined;
let batch: Batch | undefined;
/** Opening, writing and closing happen one after the other. Queries do not wait for them. */
let writing: Promise<void> = Promise.resolve();

const notOpen: Failure = { kind: "invalidated", message: "the history database is not open" };

function report(message: Report): void {
  self.postMessage(message);
}

/** Nothing may still use a connection when it is closed: the binding does not forgive it. */
async function close(): Promise<void> {
  const [closing, asked, begun] = [database, answers, batch];
  database = answers = batch = undefined;
  await asked?.stop();
  await begun?.abandon();
  closing?.close();
}

async function open(request: Request & { type: "open" }): Promise<void> {
  try {
    await close();
    database = await Database.open(request);
    answers = new Answers(database, report);
    report({ type: "opened", setAside: database.setAside });
  } catch (error) {
    const failure = error instanceof DatabaseError ? error.failure : failureOf(error, "damaged");
    report({ type: "openFailed", failure });
  }
}

async function addRows(request: Request & { type: "rows" }): Promise<void> {
  if (database !== undefined) {
    batch ??= new Batch(database.writer);
    await batch.add(request.chunk);
  }
  report({ type: "accepted", batch: request.batch });
}

async function commit(request: Request & { type: "commit" }): Promise<void> {
  const finished = batch;
  batch = undefined;
  if (finished === undefined || database === undefined) {
    return report({ type: "failed", batch: request.batch, failure: notOpen });
  }
  const outcome = await finished.commit();
  database.protectWriteAheadLog();
  if (!outcome.committed) return report({ type: "failed", batch: request.batch, failure: outcome.failure });
  report({
    type: "committed",
    batch: request.batch,
    refusedRows: outcome.refusedRows,
    refusal: outcome.refusal,
  });
}

async function closeForGood(): Promise<void> {
  await close();
  report({ type: "closed" });
}

function handle(request: Request): void {
  const write = (step: () => Promise<void>) => {
    writing = writing.then(step).catch(crash);
  };
  switch (request.type) {
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

self.addEventListener("message", (event: MessageEvent<unknown>) => {
  handle(requestSchema.parse(event.data));
});
self.addEventListener("error", (event) => {
  event.preventDefault();
  crashInTurn(event.error);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  crashInTurn(event.reason);
});
