/** Which files of a folder have had their run. Kept in a small database, so that a restart neither repeats nor forgets. */
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { CdktrError, messageOf } from "../core/mod.ts";

/** Tells this database from others (`PRAGMA application_id`); the version of the table is 1. */
const applicationId = 0x63646b74;

const schema = `
  CREATE TABLE taken (
    path TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,
    destination TEXT
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${applicationId};
`;

const idRow = z.object({ application_id: z.number() });
const takenRow = z.object({ path: z.string(), stamp: z.string(), destination: z.string().nullable() });

/** A file that needs no run any more. */
export interface TakenFile {
  /** Below the folder. */
  readonly path: string;
  readonly stamp: string;
  /** Where it is to be moved, as an absolute path; null when it stays. */
  readonly destination: string | null;
}

/** See the top of this file. One process has it at a time. All of it is in memory, too. */
export class TakenFiles implements Disposable {
  #isNew: boolean;
  readonly #database: DatabaseSync;
  readonly #byPath: Map<string, TakenFile>;

  private constructor(database: DatabaseSync, isNew: boolean) {
    this.#database = database;
    this.#isNew = isNew;
    const rows = isNew ? [] : database.prepare("SELECT path, stamp, destination FROM taken").all();
    this.#byPath = new Map(rows.map((row) => takenRow.parse(row)).map((taken) => [taken.path, taken]));
  }

  /** @throws {CdktrError} CONFLICT when another process has it, STORAGE when it cannot be opened. */
  static open(path: string): TakenFiles {
    try {
      Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
      const database = new DatabaseSync(path);
      try {
        database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
        database.exec("BEGIN IMMEDIATE; COMMIT");
        const { application_id } = idRow.parse(database.prepare("PRAGMA application_id").get());
        const isEmpty = database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
        if (!isEmpty && application_id !== applicationId) throw new Error("it is the database of something else");
        return new TakenFiles(database, isEmpty);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (cause) {
      const isInUse = messageOf(cause).includes("database is locked");
      if (isInUse) {
        throw new CdktrError("CONFLICT", `${path} is in use by another listener.`, {
          hint: "One listener watches a directory for a workflow; name another file with --state for a second one.",
          cause,
        });
      }
      throw new CdktrError("STORAGE", `The state file ${path} cannot be opened: ${messageOf(cause)}.`, {
        hint: "Check the path, its permissions and the disk, or name another file with --state.",
        cause,
      });
    }
  }

  /** Whether nothing was ever kept in it: {@linkcode TakenFiles.begin} is to come. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** What is kept of a path. */
  get(path: string): TakenFile | undefined {
    return this.#byPath.get(path);
  }

  /** The paths of which something is kept. */
  paths(): string[] {
    return [...this.#byPath.keys()];
  }

  /**
   * Begins with the files that need no run.
   *
   * @throws What SQLite says.
   */
  begin(files: readonly TakenFile[]): void {
    this.#write(() => {
      this.#database.exec(schema);
      for (const file of files) this.#insert(file);
    });
    this.#isNew = false;
  }

  /**
   * Keeps that a file had its run. In memory it is kept in any case.
   *
   * @throws What SQLite says.
   */
  add(file: TakenFile): void {
    this.#insert(file);
  }

  /**
   * Forgets files that are gone.
   *
   * @throws What SQLite says.
   */
  forget(paths: readonly string[]): void {
    if (paths.length === 0) return;
    for (const path of paths) this.#byPath.delete(path);
    const statement = this.#database.prepare("DELETE FROM taken WHERE path = ?");
    this.#write(() => paths.forEach((path) => statement.run(path)));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #insert(file: TakenFile): void {
    this.#byPath.set(file.path, file);
    this.#database.prepare("INSERT OR REPLACE INTO taken VALUES (?, ?, ?)")
      .run(file.path, file.stamp, file.destination);
  }

  #write(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}
