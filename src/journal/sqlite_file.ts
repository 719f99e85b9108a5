/** The file of a SQLite journal: opening it, bringing it to the present version, transactions, and errors in sentences. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import * as z from "zod";
import { CdktrError, messageOf, type OperatorLog } from "../core/mod.ts";
import { closeAndRescue, noteFiles, type OpenFiles } from "./sqlite_rescue.ts";
import { migrations, schemaVersion, statements } from "./sqlite_schema.ts";

/**
 * A WAL that grew beyond this is cut back once what it holds is in the main file. SQLite copies it there whenever it has
 * 1,000 pages (4 MiB), so only a single large batch or a copy that failed makes it longer.
 */
const walKeptBytes = 16 * 1024 * 1024;

/** The name of a statement. */
export type StatementName = keyof typeof statements;

const versionRow = z.object({ user_version: z.number() });
const findingRow = z.object({ quick_check: z.string() });

/** See the top of this file. No other process can have it open meanwhile. */
export class SqliteFile {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #files: OpenFiles;
  readonly #prepared = new Map<StatementName, StatementSync>();

  private constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.path = path;
    this.#files = noteFiles(path);
  }

  /**
   * Opens the file, making it where there is none. It can be read by its owner alone.
   *
   * @throws {CdktrError} CONFLICT when another process has it open, STORAGE when it cannot be opened or is not a journal.
   */
  static open(path: string): SqliteFile {
    try {
      Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
      const database = new DatabaseSync(path);
      try {
        prepareDatabase(database, path);
        return new SqliteFile(database, path);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (error) {
      throw openingError(path, error);
    }
  }

  /** The statement of that name, prepared once. */
  statement(name: StatementName): StatementSync {
    let prepared = this.#prepared.get(name);
    if (prepared === undefined) this.#prepared.set(name, prepared = this.#database.prepare(statements[name]));
    return prepared;
  }

  /** Does all of `write`, durably, or nothing of it. */
  transaction<T>(write: () => T): T {
    // A rollback that failed along with what it was to undo is made up for: else nothing could be written ever again.
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = write();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /**
   * Does `work` at once.
   *
   * @param action What it does to the journal, for the sentence of an error.
   * @throws {CdktrError} STORAGE for whatever goes wrong.
   */
  attempt<T>(action: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageError(this.path, action, error);
    }
  }

  /** Gives free pages at the end of the file back to the disk, at most `pages`. */
  releasePages(pages: number): void {
    // Each step of this statement frees one page, and `exec` would take one step only.
    this.#database.prepare(`PRAGMA incremental_vacuum(${Math.max(Math.floor(pages), 1)})`).all();
  }

  /** Copies what the WAL holds into the main file, which then has its true size, and empties the WAL. */
  checkpoint(): void {
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** What SQLite finds wrong with the file, at most `limit` sentences; nothing when it is sound. */
  findings(limit: number): string[] {
    const findings: string[] = [];
    try {
      for (const row of this.#database.prepare(`PRAGMA quick_check(${Math.floor(limit)})`).iterate()) {
        findings.push(findingRow.parse(row).quick_check);
      }
    } catch (error) {
      if (damageError(this.path, error) === null) throw error;
      findings.push(messageOf(error)); // So damaged that the check itself cannot go on.
    }
    return findings.filter((finding) => finding !== "ok");
  }

  /** Closes it. What a file held that is not in its place any more is kept, and `report` told. */
  async close(report: Pick<OperatorLog, "warn" | "error">): Promise<void> {
    await closeAndRescue(this.#database, this.#files, report);
  }
}

function prepareDatabase(database: DatabaseSync, path: string): void {
  // The way of freeing pages can be chosen only for a file that is still empty.
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL");
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${walKeptBytes}`);
  database.exec("BEGIN IMMEDIATE");
  const { user_version } = versionRow.parse(database.prepare("PRAGMA user_version").get());
  if (user_version > schemaVersion) {
    throw new CdktrError("STORAGE", `The journal ${path} was written by a newer cdktr (version ${user_version}).`, {
      hint: "Use that version, or name another file in CDKTR_STATE_PATH.",
    });
  }
  if (user_version === 0 && database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined) {
    throw new CdktrError("STORAGE", `${path} is a SQLite database, but not a journal of cdktr.`, {
      hint: "Name another file in CDKTR_STATE_PATH.",
    });
  }
  for (const step of migrations.slice(user_version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${schemaVersion}; COMMIT`);
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
  const damaged = damageError(path, error);
  if (damaged !== null) return damaged;
  return new CdktrError("STORAGE", `Cannot open the journal ${path}: ${messageOf(error)}.`, {
    hint: "Check the path, its permissions and the disk; CDKTR_STATE_PATH names another file.",
    cause: error,
  });
}

function storageError(path: string, action: string, error: unknown): CdktrError {
  if (error instanceof CdktrError) return error;
  const damaged = damageError(path, error);
  if (damaged !== null) return damaged;
  return new CdktrError("STORAGE", `Cannot ${action} the journal ${path}: ${messageOf(error)}.`, {
    hint: isForWantOfSpace(error)
      ? "Free space on that disk; the principal goes on by itself once there is room."
      : "Check the free space, the permissions and the health of that disk.",
    cause: error,
  });
}

/**
 * Whether a write may have failed because there was no room. A full disk has a message of its own; a quota that is used
 * up looks to SQLite like any other failed write.
 */
export function isForWantOfSpace(error: unknown): boolean {
  return /database or disk is full|disk I\/O error/.test(messageOf(error));
}

/** An error that says the file's content cannot be right; null for any other. */
function damageError(path: string, error: unknown): CdktrError | null {
  const what = error instanceof z.ZodError
    ? `a row does not have the expected shape (${describeIssue(error)})`
    : error instanceof SyntaxError || /malformed|not a database|unsupported file format/.test(messageOf(error))
    ? messageOf(error)
    : null;
  if (what === null) return null;
  return new CdktrError("STORAGE", `The journal ${path} is damaged: ${what}.`, {
    hint: `Put back a copy of it, or move ${path} and ${path}-wal away to start with an empty one.`,
    cause: error,
  });
}

function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? "unknown" : `${issue.path.join(".")}: ${issue.message}`;
}
