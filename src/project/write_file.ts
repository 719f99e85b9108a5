/** Files that are there as a whole or not at all. */
import { basename, dirname, join } from "node:path";
import { CdktrError, messageOf } from "../core/mod.ts";

const roomHint = "Check permissions and free space there, or name another directory.";

/** How a file is to be written. */
export interface WriteOptions {
  /** Whether a file that exists is overwritten. */
  readonly force: boolean;
  /** Its permissions; without it, what the umask leaves of 0644. */
  readonly mode?: number;
}

/**
 * Writes a file under another name beside it and gives it its own when it is complete, so that no reader ever sees half of
 * it. Directories above it are made.
 *
 * @returns Whether it was written: one that exists, be it a link to nothing, is kept without `force`.
 * @throws {CdktrError} STORAGE.
 */
export async function writeFile(path: string, text: string, { force, mode }: WriteOptions): Promise<boolean> {
  const directory = dirname(path);
  await makeDirectory(directory);
  if (!force && await exists(path)) return false;
  const draft = join(directory, `.${basename(path)}.${Deno.pid}.new`);
  try {
    await Deno.writeTextFile(draft, text, { createNew: true, mode: mode ?? 0o644 });
    if (force) await Deno.rename(draft, path);
    else return await nameOnce(draft, path);
    return true;
  } catch (error) {
    throw new CdktrError("STORAGE", `${path} cannot be written: ${messageOf(error)}.`, {
      hint: roomHint,
      cause: error,
    });
  } finally {
    await Deno.remove(draft).catch(() => {});
  }
}

/** Gives `draft` the name `path` too, unless there is something of that name by now. */
async function nameOnce(draft: string, path: string): Promise<boolean> {
  try {
    await Deno.link(draft, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // Some file systems know no second names. There the look above has to do.
    await Deno.rename(draft, path);
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new CdktrError("STORAGE", `${path} cannot be looked at: ${messageOf(error)}.`, {
      hint: roomHint,
      cause: error,
    });
  }
}

/** @throws {CdktrError} STORAGE. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    const isInTheWay = error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotADirectory;
    throw new CdktrError("STORAGE", `The directory ${path} cannot be made: ${messageOf(error)}.`, {
      hint: isInTheWay ? "A file is in the way: move it, or name another directory." : roomHint,
      cause: error,
    });
  }
}
