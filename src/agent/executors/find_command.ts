/** Finds out before a spawn whether it can work, so that the answer is a sentence a person can act on. */

import { accessSync, constants, existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** A command that can be started, or the sentence that says why not. */
export type FoundCommand = { readonly path: string } | { readonly reason: string };

/** Where `execvp` looks when PATH is not set: what the defaults of glibc and musl have in common. */
const defaultSearchPath = "/bin:/usr/bin";

/** A longer PATH is cut where a sentence shows it. */
const shownPathChars = 100;

type Executable = "yes" | "missing" | "denied" | "directory";

/**
 * Looks for a command as `execvp` (POSIX.1-2017, exec) will: a name with a slash is a path, relative to the working
 * directory; any other is searched in PATH, where an empty entry means the working directory.
 *
 * @param command Name or path.
 * @param searchPath The PATH of the process to be.
 * @param cwd Its working directory; `null` for the agent's own.
 */
export function findCommand(command: string, searchPath: string | undefined, cwd: string | null): FoundCommand {
  const directory = cwd ?? ".";
  const problem = directoryProblem(directory, cwd);
  if (problem !== undefined) return { reason: problem };
  if (command === "") return { reason: "the command is empty" };
  if (command.includes("/")) {
    const path = isAbsolute(command) ? command : join(Deno.realPathSync(directory), command);
    switch (executableAt(path)) {
      case "yes":
        return { path };
      case "directory":
        return { reason: `\`${command}\` is a directory, not a command` };
      case "denied":
        return { reason: `permission denied: \`${command}\` is not executable` };
      case "missing":
        return { reason: `command \`${command}\` does not exist${path === command ? "" : ` (looked for ${path})`}` };
    }
  }
  const searched = searchPath ?? defaultSearchPath;
  let denied: string | undefined;
  for (const entry of searched.split(":")) {
    const path = join(isAbsolute(entry) ? entry : join(directory, entry), command);
    const executable = executableAt(path);
    if (executable === "yes") return { path: isAbsolute(path) ? path : Deno.realPathSync(path) };
    if (executable === "denied") denied ??= path;
  }
  if (denied !== undefined) return { reason: `permission denied: \`${denied}\` is not executable` };
  return { reason: `command \`${command}\` not found in PATH (${shortened(searched)})` };
}

function shortened(path: string): string {
  return path.length <= shownPathChars ? path : `${path.slice(0, shownPathChars)}…`;
}

function directoryProblem(path: string, named: string | null): string | undefined {
  try {
    if (Deno.statSync(path).isDirectory) return undefined;
    return `working directory \`${path}\` is not a directory`;
  } catch (error) {
    if (named === null) return "the agent's own working directory does not exist any more";
    if (error instanceof Deno.errors.NotFound) return `working directory \`${path}\` does not exist`;
    return `working directory \`${path}\` cannot be entered: ${error instanceof Error ? error.message : error}`;
  }
}

function executableAt(path: string): Executable {
  // Asked first because it does not throw: most entries of PATH do not have the command.
  if (!existsSync(path)) return "missing";
  try {
    if (Deno.statSync(path).isDirectory) return "directory";
    accessSync(path, constants.X_OK);
    return "yes";
  } catch {
    return "denied";
  }
}
