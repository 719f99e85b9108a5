/**
 * Opens the database file, whatever state it is in. Runs in the worker.
 *
 * DuckDB can end the whole process while it opens a damaged file. So a marker file stands beside the database as long as
 * it is being opened, and counts the starts that died there (opening_marker.ts). After the second in a row the file is set
 * aside and a new one is made: one death may have been a kill during a healthy opening, which takes its time where there
 * is a long write-ahead log. A file of which DuckDB says that it is damaged is set aside at once.
 */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { messageOf } from "../core/mod.ts";
import { dirname, resolve } from "node:path";
import { Archive, quoted } from "./archive.ts";
import { type Failure, failureOf } from "./failure.ts";
import { MarkTable } from "./mark_table.ts";
import type { StoredMarks } from "./marks.ts";
import { isInUse, missingBlocks } from "./missing_end.ts";
import { OpeningMarker } from "./opening_marker.ts";
import { type DatabaseSettings, inMemory } from "./protocol.ts";
import { createTables, differenceOfTables } from "./schema.ts";
import { createViews } from "./views.ts";

/** Starts that died one after the other while opening the file before it is set aside. */
const deathsMax = 2;

/** Says why the database cannot be used. */
export class DatabaseError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** What opening needs to know. */
export interface OpenOptions {
  path: string;
  settings: DatabaseSettings;
  /** Unix milliseconds. A file that is set aside is named after it. */
  nowMs: number;
  /** Why the file must be set aside even if it opens. */
  condemned?: string | undefined;
}

/** An open database, with connections for what goes on side by side: no query waits for a batch, nor a batch for one. */
export class Database {
  /** What was set aside while opening and why, as a sentence. */
  readonly setAside: string | undefined;
  /** What else was found amiss, as sentences. */
  readonly problems: readonly string[];
  readonly writer: DuckDBConnection;
  /** For log queries, which may take long. */
  readonly logReader: DuckDBConnection;
  /** For queries of users. */
  readonly sqlReader: DuckDBConnection;
  /** For retention. */
  readonly maintenance: DuckDBConnection;
  /** For everything else. */
  readonly statusReader: DuckDBConnection;
  /** Where older lines are; null when there is no archive. */
  readonly archive: Archive | null;
  /** Where a file may stand for a moment. */
  readonly scratchDirectory: string;
  /** Names this database and no other, for as long as it exists. */
  readonly identity: string;
  /** How far each stream had come when it was opened. */
  readonly storedMarks: StoredMarks;
  readonly markTable: MarkTable;
  readonly #instance: DuckDBInstance;
  readonly #path: string;
  readonly #closingLogBytes: number;

  private constructor({ path, settings }: OpenOptions, setAside: string | undefined, opened: OpenedFile) {
    this.#path = path;
    this.#closingLogBytes = settings.closingLogKb * 1024;
    this.setAside = setAside;
    this.problems = opened.problems;
    this.#instance = opened.instance;
    [this.writer, this.logReader, this.sqlReader, this.maintenance, this.statusReader] = opened.connections;
    ({ identity: this.identity, storedMarks: this.storedMarks, markTable: this.markTable } = opened);
    this.archive = opened.archive;
    this.scratchDirectory = opened.scratchDirectory;
  }

  /**
   * Opens the database at `path`; makes it, and its directory, where there is none.
   *
   * @throws {DatabaseError} When it is locked, not ours, or the machine does not let us.
   */
  static async open(options: OpenOptions): Promise<Database> {
    const { path } = options;
    if (path === inMemory) return new Database(options, undefined, await openFile(options));
    try {
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new DatabaseError(failureOf(error, "environment"));
    }
    const marker = await claimMarker(path);
    try {
      return await openOrReplace(options, marker.deaths);
    } finally {
      await marker.remove();
    }

    async function openOrReplace(options: OpenOptions, deaths: number): Promise<Database> {
      let sentence: string | undefined;
      const died = deaths < deathsMax ? undefined : `${deaths} starts in a row ended while opening it`;
      const why = options.condemned ?? died;
      if (why !== undefined) {
        sentence = await setAside(options, why);
        await marker.startOver();
      }
      try {
        return new Database(options, sentence, await openFile(options));
      } catch (error) {
        const failure = error instanceof DatabaseError ? error.failure : failureOf(error, "damaged");
        if (failure.kind !== "damaged" && failure.kind !== "invalidated") throw new DatabaseError(failure);
        sentence = await setAside(options, `it does not open: ${failure.message}`) ?? sentence;
        return new Database(options, sentence, await openFile(options));
      }
    }
  }

  /** Keeps the write-ahead log, which DuckDB makes anew after each checkpoint, from other users' eyes. */
  protectWriteAheadLog(): void {
    if (this.#path !== inMemory) restrict(`${this.#path}.wal`);
  }

  /** Closes the file and gives up its lock. */
  async close(): Promise<void> {
    if (this.#closingLogBytes > 0) await this.#shortenLog();
    this.protectWriteAheadLog();
    const { statusReader, maintenance, sqlReader, logReader, writer } = this;
    for (const connection of [statusReader, maintenance, sqlReader, logReader, writer]) {
      connection.interrupt();
      connection.closeSync();
    }
    this.#instance.closeSync();
  }

  /** A log that is too long to be left to the next opening is merged into the file now. */
  async #shortenLog(): Promise<void> {
    const bytes = await Deno.stat(`${this.#path}.wal`).then(({ size }) => size, () => 0);
    // Where that fails the log stays as it is, and nothing is lost.
    if (bytes > this.#closingLogBytes) await this.writer.run("CHECKPOINT").catch(() => {});
  }
}

async function claimMarker(path: string): Promise<OpeningMarker> {
  let marker: OpeningMarker | undefined;
  try {
    marker = await OpeningMarker.claim(path);
  } catch (error) {
    throw new DatabaseError(failureOf(error, "environment"));
  }
  if (marker !== undefined) return marker;
  throw new DatabaseError({ kind: "locked", message: `another process is opening it (${path}.opening)` });
}

type Connections = [DuckDBConnection, DuckDBConnection, DuckDBConnection, DuckDBConnection, DuckDBConnection];

interface OpenedFile {
  instance: DuckDBInstance;
  identity: string;
  storedMarks: StoredMarks;
  markTable: MarkTable;
  archive: Archive | null;
  scratchDirectory: string;
  problems: string[];
  connections: Connections;
}

async function openFile({ path, settings, nowMs }: OpenOptions): Promise<OpenedFile> {
  const missing = path === inMemory ? undefined : await missingBlocks(path);
  const archiveDirectory = settings.archiveDirectory === null ? null : resolve(settings.archiveDirectory);
  const instance = await DuckDBInstance.create(path, {
    memory_limit: `${settings.memoryLimitMb}MiB`,
    threads: String(settings.threads),
    checkpoint_threshold: `${settings.checkpointThresholdMb}MiB`,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connections: DuckDBConnection[] = [];
  const connect = async () => {
    const connection = await instance.connect();
    connections.push(connection);
    return connection;
  };
  try {
    if (path !== inMemory) restrict(path);
    const writer = await connect();
    const scratchDirectory = archiveDirectory ?? await temporaryDirectory(writer);
    if (missing !== undefined && await isInUse(writer, path, missing)) {
      throw new DatabaseError({ kind: "damaged", message: "its end is missing" });
    }
    if (settings.closingLogKb > 0) await writer.run("PRAGMA disable_checkpoint_on_shutdown");
    // Given with the others above, it has no effect (DuckDB 1.5.5).
    await writer.run(`SET max_temp_directory_size = '${settings.temporaryLimitMb}MiB'`);
    await lockUp(writer, scratchDirectory);
    await createTables(writer);
    const difference = await differenceOfTables(writer);
    if (difference !== undefined) throw new DatabaseError({ kind: "unsuitable", message: difference });
    const identity = (await writer.runAndReadAll("SELECT id FROM identity")).getRows()[0]?.[0];
    if (typeof identity !== "string") throw new Error("Corrupt database: it has no identity");
    const markTable = new MarkTable(writer);
    const storedMarks = await markTable.read(nowMs);
    const { archive, problems } = await openArchive(writer, archiveDirectory, identity);
    return {
      instance,
      identity,
      storedMarks,
      markTable,
      archive,
      scratchDirectory,
      problems,
      connections: [writer, await connect(), await connect(), await connect(), await connect()],
    };
  } catch (error) {
    for (const connection of connections) connection.closeSync();
    instance.closeSync();
    throw error;
  }
}

/** Where DuckDB puts what does not fit in memory: beside the database. */
async function temporaryDirectory(connection: DuckDBConnection): Promise<string> {
  const reader = await connection.runAndReadAll("SELECT current_setting('temp_directory')");
  return resolve(String(reader.getRows()[0]?.[0]));
}

/**
 * From here on no statement reaches the network or any file but those below `directory` and DuckDB's own temporary ones,
 * and none changes a setting: whatever tries to is an attack or an accident.
 */
async function lockUp(connection: DuckDBConnection, directory: string): Promise<void> {
  await connection.run(`SET allowed_directories = ['${quoted(directory)}']`);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
}

/** A directory that cannot be used costs the archive, not the history. */
async function openArchive(
  connection: DuckDBConnection,
  directory: string | null,
  identity: string,
): Promise<{ archive: Archive | null; problems: string[] }> {
  if (directory !== null) {
    try {
      return await Archive.open(connection, directory, identity);
    } catch (error) {
      const { message, kind } = failureOf(error, "environment");
      if (kind === "damaged" || kind === "invalidated") throw error;
      await createViews(connection, null);
      return { archive: null, problems: [`The archive ${directory} cannot be used: ${message}.`] };
    }
  }
  await createViews(connection, null);
  return { archive: null, problems: [] };
}

/** Moves the database and its write-ahead log away. Returns the sentence to report, if there was anything to move. */
async function setAside({ path, nowMs }: OpenOptions, why: string): Promise<string | undefined> {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, "");
  let target = `${path}.damaged-${stamp}`;
  for (let copy = 2; await exists(target) || await exists(`${target}.wal`); copy++) {
    target = `${path}.damaged-${stamp}-${copy}`;
  }
  const movedLog = await moveIfPresent(`${path}.wal`, `${target}.wal`);
  const movedFile = await moveIfPresent(path, target);
  if (!movedLog && !movedFile) return undefined;
  return `The history database ${path} was moved to ${target} and a new one was made, because ${why}.`;
}

async function moveIfPresent(from: string, to: string): Promise<boolean> {
  try {
    await Deno.rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new DatabaseError({ kind: "environment", message: `cannot move ${from} to ${to}: ${messageOf(error)}` });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** Readable and writable for the owner alone. Where there is no file, or files have no such mode, nothing is done. */
function restrict(path: string): void {
  try {
    Deno.chmodSync(path, 0o600);
  } catch {
    // Not there, not ours or not possible here: nothing that should keep history from working.
  }
}
