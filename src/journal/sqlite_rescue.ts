/**
 * What becomes of a journal whose file was removed or replaced while it was open. The system keeps the file until it is
 * closed, and SQLite goes on writing into it. So a copy is made before that: where the file was, or beside what stands
 * there now.
 */
import { backup, type DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";
import { messageOf, type OperatorLog } from "../core/mod.ts";
import { identityAt } from "./file_identity.ts";

/** The files of an open journal, as they were when it was opened. */
export interface OpenFiles {
  readonly path: string;
  readonly identity: string | null;
  /** That of the write-ahead log. */
  readonly walIdentity: string | null;
}

/** Notes which files an open journal has. */
export function noteFiles(path: string): OpenFiles {
  return { path, identity: identityAt(path), walIdentity: identityAt(walOf(path)) };
}

/** Closes the database. If its file is not in its place any more, all that it holds is kept before. */
export async function closeAndRescue(
  database: DatabaseSync,
  files: OpenFiles,
  report: Pick<OperatorLog, "warn" | "error">,
): Promise<void> {
  const { path, identity, walIdentity } = files;
  let copy: string | null = null;
  try {
    if (identityAt(path) !== identity) copy = await copyTo(database, freeName(`${path}.rescued`));
  } catch (error) {
    report.error(
      `The file of the journal ${path} was removed or replaced, and it cannot be copied: ${messageOf(error)}.`,
    );
  }
  database.close();
  if (copy === null) return;
  try {
    // SQLite leaves the log of a file that is gone. To another file it would be foreign, and might be applied to it.
    if (walIdentity !== null && identityAt(walOf(path)) === walIdentity) Deno.removeSync(walOf(path));
    if (identityAt(path) === null) {
      Deno.renameSync(copy, path);
      report.warn(`The file of the journal ${path} was removed while it was in use; it was written there anew.`);
      return;
    }
  } catch (error) {
    report.error(`The journal is kept in ${copy} and cannot be put in its place: ${messageOf(error)}.`);
    return;
  }
  report.warn(`The file of the journal ${path} was replaced while it was in use; what the journal held is in ${copy}.`);
}

async function copyTo(database: DatabaseSync, path: string): Promise<string> {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  using file = Deno.openSync(path, { createNew: true, write: true, mode: 0o600 });
  // Not VACUUM INTO: that attaches a database, which Deno lets nobody do who has less than all permissions.
  await backup(database, path);
  file.syncSync(); // SQLite does not.
  return path;
}

function freeName(wanted: string): string {
  let name = wanted;
  for (let copy = 2; identityAt(name) !== null; copy++) name = `${wanted}-${copy}`;
  return name;
}

function walOf(path: string): string {
  return `${path}-wal`;
}
