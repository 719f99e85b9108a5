/**
 * The archive: log lines of older days, as Parquet files in `<archive directory>/logs`. Runs in the worker.
 *
 * The table `archived_logs` says which files count, and the transaction that moves lines from `logstore` there decides
 * whether a file does: before it the file is complete and on disk under its final name, after it the lines are gone from
 * the table. So what a crash leaves behind is told apart by what each file says in its metadata: a file that this database
 * wrote and does not know never came to count, or counts no more, and is removed; one of another database (the one before
 * this was made anew) is taken over, since only there its lines are. Names that end in `.partial` are unfinished.
 *
 * A day has several files when lines of it came late: `2026-11-21.parquet`, `2026-11-21.2.parquet`, and so on.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { messageOf } from "../core/mod.ts";
import { join } from "node:path";
import { dayOf, nameOfDay } from "./days.ts";
import { type ArchivedFile, logColumns } from "./schema.ts";
import { createViews } from "./views.ts";

/** An answer to SQL as Parquet, in the archive directory for as long as it takes to be read. */
export const answerFile = "answer.parquet.partial";

const fileName = /^(\d{4}-\d{2}-\d{2})(?:\.(\d{1,6}))?\.parquet$/;

/** See the top of this file. */
export class Archive {
  /** Where the files are. */
  readonly directory: string;
  readonly #identity: string;
  #files: readonly ArchivedFile[] = [];
  /** Files that count no more. A query that began before may still read them, so they go with the next change. */
  #garbage: string[] = [];

  private constructor(directory: string, identity: string) {
    this.directory = directory;
    this.#identity = identity;
  }

  /**
   * Brings the directory and the table in agreement, and makes the view of all lines.
   *
   * @param root The archive directory; its files are in `logs` below it.
   * @param identity Names the database that is open on `connection`.
   * @returns The archive, and what was found amiss, each as a sentence.
   */
  static async open(
    connection: DuckDBConnection,
    root: string,
    identity: string,
  ): Promise<{ archive: Archive; problems: string[] }> {
    const archive = new Archive(join(root, "logs"), identity);
    await Deno.mkdir(archive.directory, { recursive: true, mode: 0o700 });
    await removeIfPresent(join(root, answerFile));
    const problems = await archive.#reconcile(connection);
    return { archive, problems };
  }

  /** What the files that count take on disk. */
  get bytes(): number {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Moves lines of one day from `logstore` to a new file. All of it happens or nothing.
   *
   * @param condition SQL that holds for the rows of `logstore` to be moved.
   * @returns How many lines were moved.
   */
  async add(connection: DuckDBConnection, day: number, condition: string): Promise<number> {
    const newest = await connection.runAndReadAll("SELECT coalesce(max(rowid), -1) FROM logstore");
    // Lines that come while the file is written stay where they are.
    const moved = `${condition} AND rowid <= ${newest.getRows()[0]?.[0]}`;
    const part = Math.max(0, ...this.#files.filter((file) => file.day === day).map(({ part }) => part)) + 1;
    const name = part === 1 ? `${nameOfDay(day)}.parquet` : `${nameOfDay(day)}.${part}.parquet`;
    const path = join(this.directory, name);
    const partial = `${path}.partial`;
    const copied = await connection.run(
      `COPY (SELECT ${logColumns} FROM logstore WHERE ${moved}) TO '${quoted(partial)}'
       (FORMAT parquet, COMPRESSION zstd, KV_METADATA {cdktr_database: '${this.#identity}'})`,
    );
    const rows = copied.rowsChanged;
    const bytes = await settle(partial, path);
    await this.#change(connection, [...this.#files, { name, day, part, rows, bytes }], async () => {
      const deleted = await connection.run(`DELETE FROM logstore WHERE ${moved}`);
      if (deleted.rowsChanged !== rows) {
        throw new Error(`the lines of ${nameOfDay(day)} changed while they were archived`);
      }
    });
    return rows;
  }

  /**
   * Gives up the files of the days before `day`. They are removed from the disk with the next call or opening.
   *
   * @returns How many lines are gone.
   */
  async removeBefore(connection: DuckDBConnection, day: number): Promise<number> {
    for (const name of this.#garbage.splice(0)) await removeIfPresent(join(this.directory, name));
    const old = this.#files.filter((file) => file.day < day);
    if (old.length === 0) return 0;
    await this.#change(connection, this.#files.filter((file) => file.day >= day), async () => {});
    this.#garbage = old.map(({ name }) => name);
    return old.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** In one transaction does `step` and says which files count from then on. */
  async #change(
    connection: DuckDBConnection,
    files: readonly ArchivedFile[],
    step: () => Promise<void>,
  ): Promise<void> {
    const sorted = files.toSorted((a, b) => a.day - b.day || a.part - b.part);
    await inTransaction(connection, async () => {
      await step();
      await connection.run("DELETE FROM archived_logs");
      for (const { name, day, part, rows, bytes } of sorted) {
        await connection.run(`INSERT INTO archived_logs VALUES ('${name}', ${day}, ${part}, ${rows}, ${bytes})`);
      }
      await createViews(connection, sorted.length === 0 ? null : readFiles(this.directory, sorted));
    });
    this.#files = sorted;
  }

  async #reconcile(connection: DuckDBConnection): Promise<string[]> {
    const problems: string[] = [];
    const recorded = await archivedFiles(connection);
    const unknown = new Set<string>();
    for await (const { name, isFile } of Deno.readDir(this.directory)) {
      if (!isFile) continue;
      if (name.endsWith(".parquet.partial")) await removeIfPresent(join(this.directory, name));
      else if (fileName.test(name)) unknown.add(name);
    }
    const present = recorded.filter(({ name }) => unknown.delete(name));
    for (const { name, rows } of recorded) {
      if (!present.some((file) => file.name === name)) {
        problems.push(`The archived log file ${join(this.directory, name)} is gone, and with it ${rows} lines.`);
      }
    }
    for (const name of unknown) {
      try {
        const found = await this.#inspect(connection, name);
        if (found === "ours") await removeIfPresent(join(this.directory, name));
        else present.push(found);
      } catch (error) {
        const path = join(this.directory, name);
        await Deno.rename(path, `${path}.damaged`).catch(() => {});
        problems.push(`${path} cannot be read as archived log lines and was renamed: ${firstLineOf(error)}.`);
      }
    }
    await this.#change(connection, present, async () => {});
    return problems;
  }

  /** What a file says that the table does not know: `ours` when this database wrote it. */
  async #inspect(connection: DuckDBConnection, name: string): Promise<ArchivedFile | "ours"> {
    const path = `'${quoted(join(this.directory, name))}'`;
    const metadata = await connection.runAndReadAll(
      `SELECT decode(value) FROM parquet_kv_metadata(${path}) WHERE decode(key) = 'cdktr_database'`,
    );
    if (metadata.getRows()[0]?.[0] === this.#identity) return "ours";
    const counted = await connection.runAndReadAll(
      `SELECT count(*) FROM (SELECT ${logColumns} FROM read_parquet(${path}))`,
    );
    const [, date = "", part = "1"] = fileName.exec(name) ?? [];
    const day = dayOf(Date.parse(date));
    const { size: bytes } = await Deno.stat(join(this.directory, name));
    return { name, day, part: Number(part), rows: Number(counted.getRows()[0]?.[0]), bytes };
  }
}

/** The files that count, in the order of their days, as the open transaction of `connection` sees them. */
export async function archivedFiles(connection: DuckDBConnection): Promise<ArchivedFile[]> {
  const reader = await connection.runAndReadAll(
    "SELECT name, day, part, row_count, byte_count FROM archived_logs ORDER BY day, part",
  );
  return reader.getRows().map(([name, day, part, rows, bytes]) => ({
    name: String(name),
    day: Number(day),
    part: Number(part),
    rows: Number(rows),
    bytes: Number(bytes),
  }));
}

/** SQL that reads files; their rows have `filename` and `file_row_number`, their place in it, too. */
export function readFiles(directory: string, files: readonly ArchivedFile[]): string {
  return `read_parquet(${listOf(directory, files)}, filename = true, file_row_number = true)`;
}

/** SQL for the place, from 1, of the file of a row of {@linkcode readFiles} among `files`. */
export function fileOrdinal(directory: string, files: readonly ArchivedFile[]): string {
  return `list_position(${listOf(directory, files)}, filename)`;
}

function listOf(directory: string, files: readonly ArchivedFile[]): string {
  return `[${files.map(({ name }) => `'${quoted(join(directory, name))}'`).join(", ")}]`;
}

/** Text as it stands between single quotes. */
export function quoted(text: string): string {
  return text.replaceAll("'", "''");
}

/** Runs `step` in a transaction. */
async function inTransaction(connection: DuckDBConnection, step: () => Promise<void>): Promise<void> {
  await connection.run("BEGIN TRANSACTION");
  try {
    await step();
    await connection.run("COMMIT");
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** Gives a file that was just written its name, for good: content and name are on disk afterwards. Returns its size. */
async function settle(partial: string, path: string): Promise<number> {
  const file = await Deno.open(partial, { read: true, write: true });
  try {
    await Deno.chmod(partial, 0o600).catch(() => {});
    await file.sync();
    const { size } = await file.stat();
    await Deno.rename(partial, path);
    await syncDirectory(join(path, ".."));
    return size;
  } finally {
    file.close();
  }
}

/** Where a directory cannot be opened (Windows) its entries are as durable as the system makes them. */
async function syncDirectory(path: string): Promise<void> {
  try {
    using directory = await Deno.open(path);
    await directory.sync();
  } catch {
    // See above.
  }
}

async function removeIfPresent(path: string): Promise<void> {
  await Deno.remove(path).catch(() => {});
}

function firstLineOf(error: unknown): string {
  return messageOf(error).split("\n", 1)[0] ?? "";
}
