/**
 * Which files of a directory were compared with their hashes and not changed since: hashing DuckDB's library takes longer than many
 * a run. The system itself notes when a file is changed. Whoever can forge that can load what he likes as this user anyway.
 */
import { basename, join } from "node:path";
import type { LibraryFile } from "./library.ts";

/** The name of the file that remembers them. */
export const comparedName = "compared.json";

/** A file that was changed less than this ago may be changed again without its times showing it, in milliseconds. */
const settledMs = 2_000;

/** Says which file stands at `path`, and when it was changed; null where that cannot be relied on, or nothing stands there. */
export function stampOf(path: string, { sha256 }: LibraryFile): string | null {
  try {
    const { dev, ino, size, mtime, ctime } = Deno.lstatSync(path);
    if (ino === null || mtime === null || ctime === null || Date.now() - ctime.getTime() < settledMs) return null;
    return [basename(path), sha256, dev, ino, size, mtime.getTime(), ctime.getTime()].join(" ");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The stamps of those that were compared. */
export function readStamps(directory: string): ReadonlySet<string> {
  try {
    const stamps: unknown = JSON.parse(Deno.readTextFileSync(join(directory, comparedName)));
    return new Set(Array.isArray(stamps) ? stamps.filter((stamp) => typeof stamp === "string") : []);
  } catch {
    return new Set();
  }
}

/** Remembers those, if any. Never throws: where it cannot be written, they are compared each time. */
export function writeStamps(directory: string, stamps: readonly string[]): void {
  if (stamps.length === 0) return;
  const draft = join(directory, `${comparedName}.${crypto.randomUUID()}`);
  try {
    Deno.writeTextFileSync(draft, JSON.stringify(stamps), { mode: 0o600, createNew: true });
    Deno.renameSync(draft, join(directory, comparedName));
  } catch {
    // Such as a full disk, or a directory that this user may only read.
  }
}
