/** What each kind of task starts. A new kind is one more case here. */

import type { TaskConfig } from "../../workflow/mod.ts";

/** A program with its arguments, started without a shell. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  /** Working directory; `null` for the agent's own. */
  readonly cwd: string | null;
  /** What to do when the command cannot be started, as the end of a sentence. */
  readonly hint: string | null;
}

/**
 * The command line of a task.
 *
 * - `subprocess`: the command as given, in the agent's working directory.
 * - `uv_python`: `uv run [--with PACKAGE]... SCRIPT` in the task's working directory, which the script's path is
 *   relative to; for a uv project the packages are the project's, and those of the task are ignored.
 */
export function commandLineOf(config: TaskConfig): CommandLine {
  switch (config.type) {
    case "subprocess":
      return { command: config.cmd, args: config.args, cwd: null, hint: null };
    case "uv_python": {
      const packages = config.isUvProject ? [] : config.packages;
      return {
        command: config.uvPath ?? "uv",
        args: ["run", ...packages.flatMap((name) => ["--with", name]), config.scriptPath],
        cwd: config.workingDirectory,
        hint: config.uvPath === null
          ? "install uv where the agent runs (https://docs.astral.sh/uv/), or name the program in uv_path"
          : "correct uv_path, or leave it out to have uv looked up in PATH",
      };
    }
    default:
      return config satisfies never;
  }
}
