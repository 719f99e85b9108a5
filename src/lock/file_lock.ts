/**
 * Locks that end with their process, however it ends. They are SQLite's: of what every system and every base runtime has, it
 * alone takes a lock without waiting for it. Nothing is written to the file.
 */
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../core/mod.ts";

/** A lock that is held until it is disposed. */
export interface FileLock extends Disposable {
  /** Where it lies. */
  readonly path: string;
}

/**
 * Locks a file, which is made if need be, readable for nobody else. A file for which several may come is never removed: who
 * opened it before and who makes it anew would both have a lock. Nothing else may open it in this process: on POSIX systems,
 * whoever closes a file gives up all locks that his process has on it.
 *
 * @returns Null while somebody has the lock, in this process or another.
 * @throws What the system says.
 */
export function tryLockFile(path: string): FileLock | null {
  makePrivate(path);
  const database = new DatabaseSync(path);
  try {
    // With the journal in memory no second file is made. Of two that come at the same moment one is to get it, hence the wait.
    database.exec("PRAGMA busy_timeout = 50; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (messageOf(error).includes("database is locked")) return null;
    throw error;
  }
  return { path, [Symbol.dispose]: () => database.close() };
}

function makePrivate(path: string): void {
  try {
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}
