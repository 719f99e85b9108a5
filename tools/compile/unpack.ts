/**
 * Unpacks DuckDB's library from the executable: the system's loader takes none out of it. It goes into
 * `$CDKTR_CACHE_DIRECTORY/duckdb-<hash>/` once, and is checked by its hash before it is first used and whenever it was changed since:
 * what a full disk or somebody else left there is not loaded. Runs where a module is being loaded, so everything here is synchronous.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { readAttachment } from "./attachment.ts";
import { comparedName, readStamps, stampOf, writeStamps } from "./compared.ts";
import type { LibraryFile } from "./library.ts";

const hashedAtOnceBytes = 1024 * 1024;

/** Where {@linkcode unpack} takes from and puts to. */
interface Unpacking {
  /** The folder with `files.json`, and the files that are not attached. */
  readonly from: string;
  /** The executable that the others are attached to. */
  readonly executable: string;
  /** The folder that gets a folder for this version. */
  readonly cache: string;
}

/**
 * Sees that the files of the library lie unpacked in the cache, unharmed.
 *
 * @returns The folder with them.
 * @throws When they cannot be put there, or could be changed there by others; the message says what to do.
 */
export function unpack({ from, executable, cache }: Unpacking): string {
  const files: readonly LibraryFile[] = JSON.parse(Deno.readTextFileSync(join(from, "files.json")));
  const hash = createHash("sha256").update(files.map(({ sha256 }) => sha256).join()).digest("hex");
  const name = `duckdb-${hash.slice(0, 16)}`;
  const directory = join(cache, name);
  try {
    makeDirectory(directory);
    const compared = readStamps(directory);
    const stamp = (file: LibraryFile) => stampOf(join(directory, file.name), file);
    const unknown = files.filter((file) => !compared.has(stamp(file) ?? ""));
    const missing = unknown.filter((file) => !isUnharmed(join(directory, file.name), file));
    for (const file of missing) {
      const { name, attached } = file;
      const stored = attached === null ? Deno.readFileSync(join(from, name)) : readAttachment(executable, attached);
      put(join(directory, name), file, stored);
    }
    if (missing.length > 0) {
      removeOthers(cache, name);
      removeDrafts(directory, files);
    } else if (unknown.length > 0) {
      writeStamps(directory, files.flatMap((file) => stamp(file) ?? []));
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`its library cannot be unpacked into ${directory}: ${reason}`, { cause });
  }
  return directory;
}

/** Whoever can write where a library is loaded from, or put another directory in its place, runs what he likes as this user. */
function makeDirectory(directory: string): void {
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const path of [directory, dirname(directory)]) {
    const { uid, mode } = Deno.lstatSync(path);
    if (Deno.build.os === "windows" || uid === null || mode === null) return;
    const isOurs = uid === Deno.uid() || uid === 0;
    const isSticky = path !== directory && (mode & 0o1000) !== 0;
    if (!isOurs || ((mode & 0o022) !== 0 && !isSticky)) {
      throw new Error(`another user of this machine could change ${path}`);
    }
  }
}

function isUnharmed(path: string, { bytes, sha256 }: LibraryFile): boolean {
  try {
    if (Deno.lstatSync(path).size !== bytes) return false;
    using file = Deno.openSync(path);
    const hash = createHash("sha256");
    const chunk = new Uint8Array(hashedAtOnceBytes);
    for (let read = file.readSync(chunk); read !== null; read = file.readSync(chunk)) {
      hash.update(chunk.subarray(0, read));
    }
    return hash.digest("hex") === sha256;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Under its name there is the whole file or none; others may put it there at the same time. */
function put(path: string, file: LibraryFile, stored: Uint8Array<ArrayBuffer>): void {
  // Processes of several containers may share the cache, and have the same number.
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    Deno.writeFileSync(draft, file.isPacked ? zstdDecompressSync(stored) : stored, {
      mode: 0o600,
      createNew: true,
    });
    if (!isUnharmed(draft, file)) throw new Error(`${file.name} came out damaged`);
    Deno.renameSync(draft, path);
  } catch (error) {
    try {
      Deno.removeSync(draft);
    } catch {
      // It may not even have been made.
    }
    // Windows does not replace a library that is in use: then another process put it there just now.
    if (!isUnharmed(path, file)) throw error;
  }
}

/** Removes what was left by processes that were killed while they unpacked; nobody takes an hour for it. */
function removeDrafts(directory: string, files: readonly LibraryFile[]): void {
  for (const { name } of Deno.readDirSync(directory)) {
    const path = join(directory, name);
    const ageMs = Date.now() - (Deno.lstatSync(path).mtime?.getTime() ?? Infinity);
    const isOurs = name === comparedName || files.some((file) => file.name === name);
    if (!isOurs && ageMs > 3_600_000) Deno.removeSync(path);
  }
}

/** Removes what earlier versions unpacked. Where a process still uses it, the system keeps it until its end. */
function removeOthers(cache: string, name: string): void {
  for (const entry of Deno.readDirSync(cache)) {
    if (!/^duckdb-[0-9a-f]{16}$/.test(entry.name) || entry.name === name) continue;
    try {
      Deno.removeSync(join(cache, entry.name), { recursive: true });
    } catch {
      // It costs room, no more.
    }
  }
}
