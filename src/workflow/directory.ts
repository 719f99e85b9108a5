/** The workflow files of a directory, without reading them. */

import { CdktrError, messageOf } from "../core/mod.ts";
import { directoryLimits } from "./limits.ts";

/** A workflow file as the directory lists it. */
export interface FoundFile {
  /** Path below the directory, with `/` between folders. */
  readonly relativePath: string;
  /** The relative path without its extension, joined with dots. */
  readonly id: string;
  /** Changes whenever the content may have changed: time of change, size and inode. */
  readonly stamp: string;
}

/** See {@linkcode Listing.unreadable}; `message` is a sentence. */
interface Unreadable {
  readonly relativePath: string;
  readonly message: string;
}

/** A look at a directory. */
export interface Listing {
  /** In the order of their paths. */
  readonly files: readonly FoundFile[];
  /** Folders that could not be listed just now, and links that lead to nothing: what is there is unknown. */
  readonly unreadable: readonly Unreadable[];
  /** Named pipes, by their relative paths. They are passed over, but nobody can watch a folder that has one. */
  readonly pipes: readonly string[];
}

/** A folder still to be listed. */
interface Folder {
  readonly relativePath: string;
  /** Real paths of the folder and of those it was reached through, to notice links that lead back. */
  readonly chain: readonly string[];
}

/** Whether `name` is that of a workflow file. Extensions count in lower case only, as in the original. */
function isWorkflowFileName(name: string): boolean {
  return /.\.ya?ml$/.test(name) && !name.startsWith(".");
}

/** The id of the workflow in the file at `relativePath`: `etl/daily.yml` is `etl.daily`. */
export function workflowId(relativePath: string): string {
  return relativePath.replace(/\.[^./\\]*$/, "").replaceAll(/[/\\]/g, ".");
}

/** A text that changes whenever the file may have been written to. */
export function stampOf(info: Deno.FileInfo): string {
  return `${info.mtime?.getTime() ?? 0}/${info.ctime?.getTime() ?? 0}/${info.size}/${info.ino ?? 0}`;
}

/**
 * Lists the workflow files in `directory` and its folders. Files and folders whose name begins with a dot are passed
 * over: they belong to editors and version control. Links are followed, except where they lead back into themselves.
 *
 * @throws {CdktrError} NOT_FOUND or STORAGE when `directory` itself cannot be listed; LIMIT_EXCEEDED.
 */
export async function listWorkflowFiles(directory: string): Promise<Listing> {
  const files: FoundFile[] = [];
  const unreadable: Unreadable[] = [];
  const pipes: string[] = [];
  const folders: Folder[] = [{ relativePath: "", chain: [await realDirectory(directory)] }];

  for (let next = 0; next < folders.length; next++) {
    const folder = folders[next];
    if (folder === undefined) break;
    const found = await listFolder(directory, folder).catch((error: unknown) => {
      if (folder.relativePath === "") throw unlistable(directory, error);
      // A folder deleted since its parent was listed is gone with all that was in it.
      if (!(error instanceof Deno.errors.NotFound)) {
        const message = `The folder cannot be listed: ${messageOf(error)}`;
        unreadable.push({ relativePath: folder.relativePath, message });
      }
      return { files: [], folders: [], deadLinks: [], pipes: [] };
    });
    for (const file of found.files) files.push(file);
    for (const inner of found.folders) folders.push(inner);
    for (const pipe of found.pipes) pipes.push(pipe);
    for (const relativePath of found.deadLinks) {
      unreadable.push({ relativePath, message: "The link leads to nothing; mend it, or remove it." });
    }
    refuseAbove(files.length, directoryLimits.maxFiles, "workflow files", directory);
    refuseAbove(folders.length, directoryLimits.maxFolders, "folders", directory);
  }
  files.sort((a, b) => a.relativePath < b.relativePath ? -1 : 1);
  return { files, unreadable, pipes };
}

async function listFolder(
  directory: string,
  folder: Folder,
): Promise<{ files: FoundFile[]; folders: Folder[]; deadLinks: string[]; pipes: string[] }> {
  if (folder.chain.length > directoryLimits.maxFolderDepth) {
    throw new CdktrError("LIMIT_EXCEEDED", `it is nested more than ${directoryLimits.maxFolderDepth} folders deep`);
  }
  const files: FoundFile[] = [];
  const folders: Folder[] = [];
  const deadLinks: string[] = [];
  const pipes: string[] = [];
  const path = folder.relativePath === "" ? directory : `${directory}/${folder.relativePath}`;
  for await (const { name, isFile, isDirectory, isSymlink } of Deno.readDir(path)) {
    const isSpecial = !isFile && !isDirectory && !isSymlink;
    if (name.startsWith(".") && !isSpecial) continue;
    if (isFile && !isWorkflowFileName(name)) continue;
    const relativePath = folder.relativePath === "" ? name : `${folder.relativePath}/${name}`;
    const info = await statIfThere(`${directory}/${relativePath}`);
    if (info === null) {
      if (isSymlink && isWorkflowFileName(name)) deadLinks.push(relativePath);
      continue;
    }
    if (info.isFile && isWorkflowFileName(name)) {
      files.push({ relativePath, id: workflowId(relativePath), stamp: stampOf(info) });
    } else if (info.isFifo === true) {
      pipes.push(relativePath);
    } else if (info.isDirectory) {
      const here = isSymlink ? await Deno.realPath(`${directory}/${relativePath}`) : `${folder.chain.at(-1)}/${name}`;
      if (!folder.chain.includes(here)) folders.push({ relativePath, chain: [...folder.chain, here] });
    }
  }
  return { files, folders, deadLinks, pipes };
}

/** What is at `path`, or `null` for a link to nothing, a link to itself, or a file that was just deleted. */
async function statIfThere(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.FilesystemLoop) return null;
    throw error;
  }
}

async function realDirectory(directory: string): Promise<string> {
  try {
    return await Deno.realPath(directory);
  } catch (error) {
    throw unlistable(directory, error);
  }
}

function unlistable(directory: string, cause: unknown): CdktrError {
  if (cause instanceof Deno.errors.NotFound) {
    return new CdktrError("NOT_FOUND", `The workflow directory ${directory} does not exist.`, {
      hint: "Create it, or set CDKTR_WORKFLOW_DIR to the directory of your workflow files.",
      cause,
    });
  }
  if (cause instanceof Deno.errors.NotADirectory) {
    return new CdktrError("STORAGE", `The workflow directory ${directory} is not a directory.`, {
      hint: "Set CDKTR_WORKFLOW_DIR to the directory of your workflow files.",
      cause,
    });
  }
  return new CdktrError("STORAGE", `The workflow directory ${directory} cannot be listed: ${messageOf(cause)}`, {
    hint: "Let the user that cdktr runs as read it, or set CDKTR_WORKFLOW_DIR to another one.",
    cause,
  });
}

function refuseAbove(count: number, max: number, what: string, directory: string): void {
  if (count <= max) return;
  throw new CdktrError("LIMIT_EXCEEDED", `The workflow directory ${directory} has more than ${max} ${what}.`);
}
