/** Workflow files from disk, one at a time or a directory of them. */

import { CdktrError, messageOf } from "../core/mod.ts";
import { listWorkflowFiles, workflowId } from "./directory.ts";
import { fileLimits } from "./limits.ts";
import { type ParsedWorkflow, parseWorkflow } from "./parse.ts";
import type { Problem } from "./problem.ts";

/** A workflow file and what came of reading it. */
export interface LoadedFile extends ParsedWorkflow {
  /** Path of the file, as given or below the directory as given. */
  readonly file: string;
  /** The id that follows from the path. */
  readonly id: string;
}

const missingHint = "Check the path; `cdktr validate` without one looks at all files in CDKTR_WORKFLOW_DIR.";

/** A problem of a whole file or folder. */
export function problemOf(file: string, code: Problem["code"], message: string): Problem {
  return { severity: "error", file, line: 1, column: 1, path: "", value: null, expected: null, message, code };
}

/** Reads a file, but no more of it than can be a workflow. Throws what the system throws. */
export async function readWorkflowBytes(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path, { read: true });
  const { size } = await file.stat();
  const maxBytes = fileLimits.maxFileBytes + 1;
  const bytes = new Uint8Array(Math.min(size + 1, maxBytes));
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

/**
 * Loads the workflow in one file; its id is the name of the file.
 *
 * @throws {CdktrError} NOT_FOUND or STORAGE, when there is no such file or it cannot be read. What is wrong with its
 * content is among the problems.
 */
export async function loadFile(path: string): Promise<LoadedFile> {
  const id = workflowId(path.replace(/^.*[/\\]/, ""));
  try {
    const bytes = await readWorkflowBytes(path);
    return { file: path, id, ...parseWorkflow(bytes, { id, path }) };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new CdktrError("NOT_FOUND", `The workflow file ${path} does not exist.`, { hint: missingHint, cause });
    }
    throw new CdktrError("STORAGE", `The workflow file ${path} cannot be read: ${messageOf(cause)}.`, {
      hint: "Name a file that this user may read.",
      cause,
    });
  }
}

/**
 * Loads a workflow file, or all those of a directory, to see what is wrong with them.
 *
 * @returns One result a file, in the order of their paths, and one without a workflow for each folder that cannot be
 * listed and each link to nothing. Two files with the same id both have that problem.
 * @throws {CdktrError} NOT_FOUND, STORAGE or LIMIT_EXCEEDED, when there is nothing at `path` that can be looked at.
 */
export async function validatePath(path: string): Promise<LoadedFile[]> {
  const info = await Deno.stat(path).catch((cause: unknown) => {
    if (cause instanceof Deno.errors.NotFound) {
      throw new CdktrError("NOT_FOUND", `There is no file or directory ${path}.`, { hint: missingHint, cause });
    }
    throw new CdktrError("STORAGE", `${path} cannot be looked at: ${messageOf(cause)}.`, {
      hint: "Name a file or directory that this user may read.",
      cause,
    });
  });
  if (!info.isDirectory) return [await loadFile(path)];

  const directory = path.replace(/(?<=.)[/\\]+$/, "");
  const { files, unreadable } = await listWorkflowFiles(directory);
  const results: LoadedFile[] = unreadable.map(({ relativePath, message }) => ({
    file: `${directory}/${relativePath}`,
    id: workflowId(relativePath),
    workflow: null,
    problems: [problemOf(`${directory}/${relativePath}`, "unreadable", message)],
  }));
  const clashes = sameIds(files.map(({ relativePath, id }) => ({ id, file: `${directory}/${relativePath}` })));
  for (const { relativePath, id } of files) {
    const file = `${directory}/${relativePath}`;
    const clash = clashes.get(file);
    try {
      const parsed = parseWorkflow(await readWorkflowBytes(file), { id, path: file });
      results.push(
        clash === undefined
          ? { file, id, ...parsed }
          : { file, id, workflow: null, problems: [clash, ...parsed.problems] },
      );
    } catch (error) {
      const problem = problemOf(file, "unreadable", `The file cannot be read: ${messageOf(error)}`);
      results.push({ file, id, workflow: null, problems: [problem] });
    }
  }
  return results;
}

/** For each of `files` whose id another one has too, the problem that says so. */
export function sameIds(files: Iterable<{ readonly id: string; readonly file: string }>): Map<string, Problem> {
  const byId = Map.groupBy(files, ({ id }) => id);
  const problems = new Map<string, Problem>();
  for (const [id, group] of byId) {
    if (group.length < 2) continue;
    for (const { file } of group) {
      const others = group.filter((other) => other.file !== file).map((other) => other.file).join(", ");
      const message = `The workflow id "${id}" is also that of ${others}; rename or remove one of them.`;
      problems.set(file, problemOf(file, "duplicate-id", message));
    }
  }
  return problems;
}
