/** The files of a folder that others put files into, without reading them. */
import { basename, dirname, join, relative } from "node:path";
import { CdktrError, messageOf } from "../core/mod.ts";

/** What is at a path. The stamp of a file changes when the file was written to, or replaced by another one. */
export type Found = { readonly isFolder: true } | { readonly isFolder: false; readonly stamp: string };

/** A look at the whole folder. */
export interface FolderListing {
  /** Paths below the folder, in order. */
  readonly paths: readonly string[];
  /** Named pipes, and links to some, as absolute paths. None of them counts. */
  readonly pipes: readonly string[];
  /** What an operator should know. */
  readonly problems: readonly string[];
  /** Whether every part could be listed. */
  readonly isComplete: boolean;
}

/** Which files count. */
export interface DropFolderOptions {
  /** Shell patterns for names, of which one must fit: `*`, `?` and `[a-z]`. */
  readonly patterns: readonly string[];
  readonly isRecursive: boolean;
  /** Absolute path of the folder that files are moved to; nothing in it counts. Null leaves files where they are. */
  readonly moveTo: string | null;
}

/** What `name` has in place of bytes that are not UTF-8. No such file can be opened by its name. */
const replaced = "\uFFFD";

/** See the top of this file. Names that begin with a dot and symbolic links are passed over. */
export class DropFolder {
  /** Absolute, without symbolic links. */
  readonly root: string;
  readonly isRecursive: boolean;
  /** Likewise. */
  readonly moveTo: string | null;
  readonly #patterns: readonly RegExp[];

  private constructor(root: string, moveTo: string | null, { patterns, isRecursive }: DropFolderOptions) {
    this.root = root;
    this.isRecursive = isRecursive;
    this.moveTo = moveTo;
    this.#patterns = patterns.map(patternOf);
  }

  /**
   * The folder to move files to is made where there is none.
   *
   * @throws {CdktrError} NOT_FOUND when there is none, STORAGE when it cannot be listed, INVALID_ARGUMENT when files cannot
   * be moved from the one to the other or a pattern cannot be read.
   */
  static async open(directory: string, options: DropFolderOptions): Promise<DropFolder> {
    const root = await realFolder(directory);
    if (options.moveTo === null) return new DropFolder(root, null, options);
    await Deno.mkdir(options.moveTo, { recursive: true }).catch(() => {}); // What is wrong with it is told next.
    const moveTo = await realFolder(options.moveTo);
    if (moveTo === root) {
      throw new CdktrError("INVALID_ARGUMENT", `Files cannot be moved to ${moveTo}, where they are already.`, {
        hint: "Name another directory with --move-to, or leave it out.",
      });
    }
    if ((await Deno.stat(root)).dev !== (await Deno.stat(moveTo)).dev) {
      throw new CdktrError(
        "INVALID_ARGUMENT",
        `Files cannot be moved from ${root} to another file system, ${moveTo}.`,
        {
          hint: "Choose a directory on the same one: what is copied is not there all at once.",
        },
      );
    }
    return new DropFolder(root, moveTo, options);
  }

  /** Where a path below the folder is. */
  absolute(path: string): string {
    return join(this.root, path);
  }

  /** The path below the folder of an absolute one; null for what is elsewhere, hidden, or does not count. */
  inside(absolutePath: string): string | null {
    const path = relative(this.root, absolutePath);
    const parts = path.split("/");
    if (path === "" || parts.some((part) => part.startsWith("."))) return null;
    if (parts.length > 1 && !this.isRecursive) return null;
    return this.#isExcepted(absolutePath) ? null : path;
  }

  /**
   * What is at a path; null when nothing is, or nothing that counts.
   *
   * @throws What the system says, for any other reason.
   */
  async look(path: string): Promise<Found | null> {
    const absolutePath = this.absolute(path);
    try {
      const info = await Deno.lstat(absolutePath);
      // A link further up may lead out of the folder.
      const above = dirname(absolutePath);
      if (above !== this.root && await Deno.realPath(above) !== above) return null;
      if (info.isDirectory) return this.isRecursive ? { isFolder: true } : null;
      return info.isFile && this.#fits(path) ? { isFolder: false, stamp: stampOf(info) } : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
      throw error;
    }
  }

  /**
   * Lists a folder below this one, or this one, with all in it that counts.
   *
   * @throws What the system says, when `start` itself cannot be listed.
   */
  async list(start = ""): Promise<FolderListing> {
    const paths: string[] = [];
    const pipes: string[] = [];
    const problems: string[] = [];
    let isComplete = true;
    const folders = [start];
    for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
      const folder = next;
      try {
        for await (const { name, isFile, isDirectory } of Deno.readDir(this.absolute(folder))) {
          const path = join(folder, name);
          if (!isFile && !isDirectory && await isPipe(this.absolute(path))) pipes.push(this.absolute(path));
          if (name.startsWith(".") || this.#isExcepted(this.absolute(path))) continue;
          if (name.includes(replaced) && await this.look(path) === null) {
            problems.push(`${this.absolute(path)} is passed over: its name is not UTF-8`);
          } else if (isDirectory && this.isRecursive) folders.push(path);
          else if (isFile && this.#fits(path)) paths.push(path);
        }
      } catch (error) {
        if (folder === start) throw error;
        // A folder that was just deleted is gone with all that was in it.
        if (error instanceof Deno.errors.NotFound) continue;
        isComplete = false;
        problems.push(`${this.absolute(folder)} cannot be listed: ${messageOf(error)}`);
      }
    }
    return { paths: paths.sort(), pipes, problems, isComplete };
  }

  #fits(path: string): boolean {
    const name = basename(path);
    return this.#patterns.some((pattern) => pattern.test(name));
  }

  #isExcepted(absolutePath: string): boolean {
    const { moveTo } = this;
    return moveTo !== null && (absolutePath === moveTo || absolutePath.startsWith(`${moveTo}/`));
  }
}

async function realFolder(directory: string): Promise<string> {
  try {
    const path = await Deno.realPath(directory);
    for await (const _ of Deno.readDir(path)) break;
    return path;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new CdktrError("NOT_FOUND", `The directory ${directory} does not exist.`, {
        hint: "Make it, or name the directory that files are put into.",
        cause,
      });
    }
    throw new CdktrError("STORAGE", `The directory ${directory} cannot be listed: ${messageOf(cause)}.`, {
      hint: "Name a directory that the user of the listener may read.",
      cause,
    });
  }
}

function isPipe(path: string): Promise<boolean> {
  return Deno.stat(path).then(({ isFifo }) => isFifo === true, () => false);
}

/** Time of change, size and inode. */
function stampOf({ mtime, size, ino }: Deno.FileInfo): string {
  return `${mtime?.getTime() ?? 0}/${size}/${ino ?? 0}`;
}

/** `*`, `?` and `[a-z]` as shells have them; everything else stands for itself. */
function patternOf(glob: string): RegExp {
  const source = glob.replace(/\[([!^]?)([^\]]+)\]|[^]/gu, (char, not?: string, set?: string) => {
    if (set !== undefined) return `[${not ? "^" : ""}${set.replaceAll(/[\\[^]/g, "\\$&")}]`;
    if (char === "*") return "[^/]*";
    return char === "?" ? "[^/]" : char.replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
  });
  try {
    return new RegExp(`^${source.replaceAll(/(?:\[\^\/\]\*)+/g, "[^/]*")}$`, "u");
  } catch (cause) {
    throw new CdktrError("INVALID_ARGUMENT", `The pattern ${glob} cannot be read.`, {
      hint: "It takes *, ? and sets such as [a-z].",
      cause,
    });
  }
}
