/**
 * Moving a file to where it is kept once a run has it. The run is told the new path before the file has left the old one:
 * so it gets its new name first, as a second (hard) link to the same file, and loses the old one when the run is certain.
 *
 * Others write to the folder it comes from, and may put a symbolic link in place of a subdirectory at any time: that is
 * looked at right before each step. Between the look and the step an instant is left.
 */
import { dirname, extname } from "node:path";
import { messageOf } from "../core/mod.ts";

/** Names that are tried beside the first. */
const suffixesMax = 10_000;

/** Where a file will be. */
export interface NewPlace {
  readonly path: string;
  /** The file that gets there. */
  readonly file: FileIdentity;
  /** Why it is not there yet, beside its old place; null when it is. */
  readonly missing: string | null;
}

interface FileIdentity {
  readonly dev: number;
  readonly ino: number | null;
}

/**
 * Gives a file a name in its new place: `wanted`, or one with a number where another file has that.
 *
 * @param source Without symbolic links.
 * @throws What the system says, when no place can be found.
 */
export async function giveNewName(source: string, wanted: string): Promise<NewPlace> {
  await Deno.mkdir(dirname(wanted), { recursive: true });
  const file = await Deno.lstat(source);
  for (let count = 1; count <= suffixesMax; count++) {
    const path = count === 1 ? wanted : numbered(wanted, count);
    const there = await lstatIfThere(path);
    if (isSame(there, file)) return { path, file, missing: null }; // From before a restart.
    if (there !== null) continue;
    await checkNoLinks(source);
    try {
      await Deno.link(source, path);
      return { path, file, missing: null };
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) continue;
      if (error instanceof Deno.errors.NotFound) throw error;
      // Some file systems have no such links, and the system may forbid them for files of others.
      return { path, file, missing: messageOf(error) };
    }
  }
  throw new Error(`${suffixesMax} files of this name are there already`);
}

/**
 * Takes the new name back, if it is still that of the file that got it. The old name may be gone by now, or another file's.
 *
 * @throws What the system says.
 */
export async function takeNewNameBack({ path, file }: NewPlace): Promise<void> {
  if (isSame(await lstatIfThere(path), file)) await Deno.remove(path);
}

/**
 * Takes the old name away. Where the file has no second one, it is moved.
 *
 * @param source Without symbolic links.
 * @throws What the system says.
 */
export async function leaveOldPlace(source: string, path: string): Promise<void> {
  const [old, there] = await Promise.all([lstatIfThere(source), lstatIfThere(path)]);
  await checkNoLinks(source);
  if (isSame(old, there)) await Deno.remove(source);
  else if (there === null) await Deno.rename(source, path);
  else throw new Error(`another file has taken the name ${path}`);
}

function isSame(one: FileIdentity | null, other: FileIdentity | null): boolean {
  return one !== null && other !== null && one.ino !== null && one.ino === other.ino && one.dev === other.dev;
}

async function checkNoLinks(path: string): Promise<void> {
  const folder = dirname(path);
  if (await Deno.realPath(folder) !== folder) throw new Error(`a symbolic link has taken the place of ${folder}`);
}

async function lstatIfThere(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** `report-2.csv` for `report.csv`. */
function numbered(path: string, count: number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${count}${extension}`;
}
