/** The journal in one SQLite file: WAL, `synchronous=FULL`, one transaction for each batch. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { z } from "zod";
import {
  CdktrError,
  type Definition,
  definitionSchema,
  eventSchema,
  messageOf,
  type Run,
  runIdLowerBound,
  runIdOf,
  runSchema,
  type RunState,
  runStates,
  type Snapshot,
  snapshotSchema,
  type TaskRun,
  taskRunSchema,
} from "../core/mod.ts";
import type { Batch, Journal, JournaledEvent, Recovery, RunPage, RunQuery } from "./journal.ts";
import { createTables, schemaVersion, statements } from "./sqlite_schema.ts";

/** Events are replayed in pages of this many. */
const replayPageEvents = 10_000;
/** Sorts after every character of a run id. */
const afterAnyIdCharacter = "~";

type StatementName = keyof typeof statements;

const seqRow = z.object({ seq: z.number(), body: z.string() });
const bodyRow = z.object({ body: z.string() });
const idRow = z.object({ run_id: z.string() });
const countRow = z.object({ state: z.enum(runStates), count: z.number() });
const versionRow = z.object({ user_version: z.number() });

/** A {@linkcode Journal} in a file that no other process may have open. */
export class SqliteJournal implements Journal {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #prepared = new Map<StatementName, StatementSync>();

  private constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /**
   * Opens the journal, making it where there is none. The file can be read by its owner alone.
   *
   * @throws {CdktrError} CONFLICT when another process has it open, STORAGE when it cannot be opened or is not a journal.
   */
  static open(path: string): SqliteJournal {
    try {
      Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
      const database = new DatabaseSync(path);
      try {
        prepareDatabase(database, path);
        return new SqliteJournal(database, path);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (error) {
      throw openingError(path, error);
    }
  }

  recover(): Promise<Recovery> {
    return this.#attempt("read", () => {
      const row = this.#statement("snapshot").get();
      const saved = row === undefined ? undefined : seqRow.parse(row);
      const snapshot = saved === undefined ? null : snapshotSchema.parse(JSON.parse(saved.body));
      const snapshotSeq = saved?.seq ?? 0;
      const events: JournaledEvent[] = [];
      let page = this.#eventsAfter(snapshotSeq, replayPageEvents);
      while (page.length > 0) {
        for (const event of page) events.push(event);
        page = this.#eventsAfter(page.at(-1)?.seq ?? 0, replayPageEvents);
      }
      return { snapshot, snapshotSeq, events };
    });
  }

  append(batch: Batch): Promise<void> {
    return this.#attempt("write", () => this.#transaction(() => this.#write(batch)));
  }

  saveSnapshot(seq: number, snapshot: Snapshot): Promise<void> {
    return this.#attempt("write", () => {
      this.#statement("saveSnapshot").run(seq, JSON.stringify(snapshot));
    });
  }

  eventsAfter(seq: number, limit: number): Promise<readonly JournaledEvent[]> {
    return this.#attempt("read", () => this.#eventsAfter(seq, limit));
  }

  eventsOfRun(runId: string): Promise<readonly JournaledEvent[]> {
    return this.#attempt("read", () => this.#statement("eventsOfRun").all(runId).map(readEvent));
  }

  run(runId: string): Promise<Run | undefined> {
    return this.#attempt("read", () => readBody(this.#statement("run").get(runId), runSchema));
  }

  runIdsWithPrefix(prefix: string, limit: number): Promise<readonly string[]> {
    return this.#attempt("read", () => {
      const rows = this.#statement("runIdsWithPrefix").all(prefix, prefix + afterAnyIdCharacter, limit);
      return rows.map((row) => idRow.parse(row).run_id);
    });
  }

  runOfInstance(instanceId: string): Promise<Run | undefined> {
    return this.#attempt("read", () => readBody(this.#statement("runOfInstance").get(instanceId), runSchema));
  }

  runs(query: RunQuery): Promise<RunPage> {
    return this.#attempt("read", () => {
      const { where, values } = conditions(query);
      const sql = `SELECT body FROM runs WHERE ${where} ORDER BY run_id DESC LIMIT ?`;
      const rows = this.#database.prepare(sql).all(...values, query.limit + 1);
      const runs = rows.slice(0, query.limit).flatMap((row) => readBody(row, runSchema) ?? []);
      return { runs, cursor: rows.length > runs.length ? runs.at(-1)?.runId ?? null : null };
    });
  }

  countRuns(): Promise<ReadonlyMap<RunState, number>> {
    return this.#attempt("read", () => {
      const rows = this.#statement("countRuns").all().map((row) => countRow.parse(row));
      return new Map(rows.map(({ state, count }) => [state, count]));
    });
  }

  tasks(runId: string, attempt: number): Promise<readonly TaskRun[]> {
    return this.#attempt("read", () => {
      return this.#statement("tasks").all(runId, attempt).flatMap((row) => readBody(row, taskRunSchema) ?? []);
    });
  }

  definition(hash: string): Promise<Definition | undefined> {
    return this.#attempt("read", () => readBody(this.#statement("definition").get(hash), definitionSchema));
  }

  close(): Promise<void> {
    return this.#attempt("close", () => this.#database.close());
  }

  #eventsAfter(seq: number, limit: number): JournaledEvent[] {
    return this.#statement("eventsAfter").all(seq, limit).map(readEvent);
  }

  #write({ events, definitions, runs, tasks }: Batch): void {
    const firstSeq = events[0]?.seq ?? 0;
    for (const { seq, event } of events) this.#statement("insertEvent").run(seq, runIdOf(event), JSON.stringify(event));
    for (const definition of definitions) {
      this.#statement("insertDefinition").run(definition.hash, JSON.stringify(definition));
    }
    for (const run of runs) {
      const { runId, workflowId, state, trigger, instanceId } = run;
      this.#statement("upsertRun").run(runId, workflowId, state, trigger, instanceId, JSON.stringify(run));
    }
    for (const [index, task] of tasks.entries()) {
      this.#statement("upsertTask").run(task.runId, task.attempt, task.taskId, firstSeq + index, JSON.stringify(task));
    }
  }

  #statement(name: StatementName): StatementSync {
    let prepared = this.#prepared.get(name);
    if (prepared === undefined) this.#prepared.set(name, prepared = this.#database.prepare(statements[name]));
    return prepared;
  }

  #transaction(write: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      write();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #attempt<T>(action: string, work: () => T): Promise<T> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(
        new CdktrError("STORAGE", `Cannot ${action} the journal ${this.#path}: ${messageOf(error)}.`, {
          hint: "Check the free space, the permissions and the health of that disk.",
          cause: error,
        }),
      );
    }
  }
}

function prepareDatabase(database: DatabaseSync, path: string): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec("BEGIN IMMEDIATE");
  const { user_version } = versionRow.parse(database.prepare("PRAGMA user_version").get());
  if (user_version === 0) database.exec(`${createTables} PRAGMA user_version = ${schemaVersion}`);
  database.exec("COMMIT");
  if (user_version > schemaVersion) {
    throw new CdktrError("STORAGE", `The journal ${path} was written by a newer cdktr (version ${user_version}).`, {
      hint: "Use that version, or name another file in CDKTR_STATE_PATH.",
    });
  }
}

function openingError(path: string, error: unknown): CdktrError {
  if (error instanceof CdktrError) return error;
  if (messageOf(error).includes("database is locked")) {
    return new CdktrError(
      "CONFLICT",
      `The journal ${path} is in use by another principal or a running \`cdktr run\`.`,
      {
        hint: "Talk to that principal (`cdktr task run`), or name another directory in CDKTR_APP_DATA_DIRECTORY.",
        cause: error,
      },
    );
  }
  return new CdktrError("STORAGE", `Cannot open the journal ${path}: ${messageOf(error)}.`, {
    hint: "Check the path, its permissions and the disk; CDKTR_STATE_PATH names another file.",
    cause: error,
  });
}

function readEvent(row: unknown): JournaledEvent {
  const { seq, body } = seqRow.parse(row);
  return { seq, event: eventSchema.parse(JSON.parse(body)) };
}

function readBody<T>(row: unknown, schema: z.ZodType<T>): T | undefined {
  return row === undefined ? undefined : schema.parse(JSON.parse(bodyRow.parse(row).body));
}

/** The WHERE clause of a query. Only its shape depends on the query; every value is bound. */
function conditions(query: RunQuery): { where: string; values: SQLInputValue[] } {
  const clauses: string[] = ["TRUE"];
  const values: SQLInputValue[] = [];
  const add = (clause: string, ...bound: SQLInputValue[]) => {
    clauses.push(clause);
    values.push(...bound);
  };
  const oneOf = (column: string, options: readonly string[]) =>
    add(`${column} IN (${options.map(() => "?").join(", ")})`, ...options);
  if (query.states !== undefined) oneOf("state", query.states);
  if (query.triggers !== undefined) oneOf("trigger_kind", query.triggers);
  if (query.workflowId !== undefined) add("workflow_id = ?", query.workflowId);
  if (query.sinceMs !== undefined) add("run_id >= ?", runIdLowerBound(query.sinceMs));
  if (query.untilMs !== undefined) add("run_id < ?", runIdLowerBound(query.untilMs));
  if (query.beforeRunId !== undefined) add("run_id < ?", query.beforeRunId);
  return { where: clauses.join(" AND "), values };
}
