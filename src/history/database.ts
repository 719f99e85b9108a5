/**
 * Opens the database file, whatever state it is in. Runs in the worker.
 *
 * DuckDB can end the whole process while it opens a damaged file. So a marker file, locked while its owner lives, stands
 * beside the database as long as it is being opened. A marker that is left over and not locked means that an earlier
 * start died there: the file is then set aside and a new one is made. The same is done with a file that does not open.
 */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { messageOf } from "../core/mod.ts";
import { dirname } from "node:path";
import { type Failure, failureOf } from "./failure.ts";
import { type DatabaseSettings, inMemory } from "./protocol.ts";
import { createTables, differenceOfTables } from "./schema.ts";

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
  /** Ends the name of a file that is set aside. */
  stamp: string;
  /** Why the file must be set aside even if it opens. */
  condemned?: string | undefined;
}

/** An open database: one connection that writes, two that read, so that no query waits for a batch. */
export class Database {
  /** What was set aside while opening and why, as a sentence. */
  readonly setAside: string | undefined;
  readonly writer: DuckDBConnection;
  /** For log queries, which may take long. */
  readonly logReader: DuckDBConnection;
  /** For everything else. */
  readonly statusReader: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  readonly #path: string;

  private constructor(path: string, setAside: string | undefined, opened: OpenedFile) {
    this.#path = path;
    this.setAside = setAside;
    this.#instance = opened.instance;
    [this.writer, this.logReader, this.statusReader] = opened.connections;
  }

  /**
   * Opens the database at `path`; makes it, and its directory, where there is none.
   *
   * @throws {DatabaseError} When it is locked, not ours, or the machine does not let us.
   */
  static async open(options: OpenOptions): Promise<Database> {
    const { path } = options;
    if (path === inMemory) return new Database(path, undefined, await openFile(options));
    try {
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new DatabaseError(failureOf(error, "environment"));
    }
    const marker = await OpeningMarker.claim(path);
    try {
      return await openOrReplace(options, marker.leftOver);
    } finally {
      await marker.remove();
    }

    async function openOrReplace(options: OpenOptions, leftOver: boolean): Promise<Database> {
      let sentence: string | undefined;
      const why = options.condemned ?? (leftOver ? "an earlier start ended while opening it" : undefined);
      if (why !== undefined) sentence = await setAside(options, why);
      try {
        return new Database(path, sentence, await openFile(options));
      } catch (error) {
        const failure = error instanceof DatabaseError ? error.failure : failureOf(error, "damaged");
        if (failure.kind !== "damaged" && failure.kind !== "invalidated") throw new DatabaseError(failure);
        sentence = await setAside(options, `it does not open: ${failure.message}`) ?? sentence;
        return new Database(path, sentence, await openFile(options));
      }
    }
  }

  /** Keeps the write-ahead log, which DuckDB makes anew after each checkpoint, from other users' eyes. */
  protectWriteAheadLog(): void {
    if (this.#path !== inMemory) restrict(`${this.#path}.wal`);
  }

  /** Closes the file and gives up its lock. */
  close(): void {
    for (const connection of [this.statusReader, this.logReader, this.writer]) {
      connection.interrupt();
      connection.closeSync();
    }
    this.#instance.closeSync();
  }
}

interface OpenedFile {
  instance: DuckDBInstance;
  connections: [DuckDBConnection, DuckDBConnection, DuckDBConnection];
}

async function openFile({ path, settings }: OpenOptions): Promise<OpenedFile> {
  const instance = await DuckDBInstance.create(path, {
    memory_limit: `${settings.memoryLimitMb}MiB`,
    threads: String(settings.threads),
    checkpoint_threshold: `${settings.checkpointThresholdMb}MiB`,
    // No statement of ours needs the network or another file; whatever asks for one is an attack or an accident.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    enable_external_access: "false",
    lock_configuration: "true",
  });
  try {
    if (path !== inMemory) restrict(path);
    const connections: OpenedFile["connections"] = [
      await instance.connect(),
      await instance.connect(),
      await instance.connect(),
    ];
    await createTables(connections[0]);
    const difference = await differenceOfTables(connections[0]);
    if (difference !== undefined) {
      for (const connection of connections) connection.closeSync();
      throw new DatabaseError({ kind: "unsuitable", message: difference });
    }
    return { instance, connections };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

/** Moves the database and its write-ahead log away. Returns the sentence to report, if there was anything to move. */
async function setAside({ path, stamp }: OpenOptions, why: string): Promise<string | undefined> {
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

/** `<database>.opening`: stands while the database is being opened. */
class OpeningMarker {
  /** Whether an earlier start left it. */
  readonly leftOver: boolean;
  readonly #path: string;
  readonly #file: Deno.FsFile;

  private constructor(path: string, file: Deno.FsFile, leftOver: boolean) {
    this.#path = path;
    this.#file = file;
    this.leftOver = leftOver;
  }

  static async claim(databasePath: string): Promise<OpeningMarker> {
    const path = `${databasePath}.opening`;
    try {
      const file = await Deno.open(path, { create: true, read: true, write: true, mode: 0o600 });
      if (!await file.tryLock(true)) {
        file.close();
        throw new DatabaseError({ kind: "locked", message: `another process is opening it (${path})` });
      }
      const leftOver = (await file.stat()).size > 0;
      await file.truncate(0);
      await file.write(new TextEncoder().encode(`opened by process ${Deno.pid}\n`));
      await file.syncData();
      return new OpeningMarker(path, file, leftOver);
    } catch (error) {
      throw error instanceof DatabaseError ? error : new DatabaseError(failureOf(error, "environment"));
    }
  }

  async remove(): Promise<void> {
    await Deno.remove(this.#path).catch(() => {});
    this.#file.close();
  }
}
