/** Runs tries as processes, each with a file for its outputs and one with those of the tasks above. */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../core/mod.ts";
import type { Executor, TaskTry, TryOutcome } from "../executor.ts";
import { outputLimits, type ParsedOutputs, parseOutputs } from "../outputs.ts";
import { type ProcessLimits, remark, runTask } from "../run_task.ts";
import { taskEnvironment } from "./environment.ts";

/** The files of a try are named after its task run. They are there for as long as the try goes on. */
export const tryFilePattern = /^([\w-]+)\.(?:output|inputs\.json)$/;
const privateFile = 0o600;
const privateDirectory = 0o700;

/**
 * See the top of this file. All calls on the files are synchronous, because each takes some 10 µs and the way to a thread
 * and back takes more. For the same reason a try has no directory of its own: to remove one can take milliseconds.
 */
export class ProcessExecutor implements Executor {
  readonly #directory: string;
  readonly #limits: ProcessLimits;

  /**
   * @param directory Absolute path of the directory for the files, which nobody else should be able to look into.
   * @param limits Limits of each process. @default those of {@linkcode ProcessLimits}
   */
  constructor(directory: string, limits: ProcessLimits = {}) {
    this.#directory = directory;
    this.#limits = limits;
  }

  async run(taskTry: TaskTry): Promise<TryOutcome> {
    let paths: Paths;
    try {
      paths = this.#lay(taskTry);
    } catch (error) {
      return await fail(taskTry, `its files could not be made: ${messageOf(error)}`, null);
    }
    try {
      const env = taskEnvironment({ ...taskTry, ...paths });
      const outcome = await runTask({ ...taskTry, env, limits: this.#limits });
      if (outcome.kind !== "succeeded") return outcome;
      const read = readOutputs(paths.outputPath);
      if ("outputs" in read) return { kind: "succeeded", outputs: read.outputs };
      return await fail(taskTry, `its outputs cannot be used: ${read.problem}`, 0);
    } finally {
      for (const path of Object.values(paths)) removeAll(path);
    }
  }

  #lay({ taskRunId, inputs }: TaskTry): Paths {
    const outputPath = join(this.#directory, `${taskRunId}.output`);
    const inputsPath = join(this.#directory, `${taskRunId}.inputs.json`);
    // A task may have removed the directory, which must not be the end of all others.
    Deno.mkdirSync(this.#directory, { recursive: true, mode: privateDirectory });
    Deno.writeTextFileSync(inputsPath, JSON.stringify(Object.fromEntries(inputs)), { mode: privateFile });
    Deno.writeFileSync(outputPath, new Uint8Array(0), { mode: privateFile });
    return { outputPath, inputsPath };
  }
}

interface Paths {
  readonly outputPath: string;
  readonly inputsPath: string;
}

async function fail(taskTry: TaskTry, reason: string, exitCode: number | null): Promise<TryOutcome> {
  await taskTry.emit([remark(taskTry, reason)]);
  return { kind: "failed", reason, exitCode, signal: null };
}

/**
 * Reads the file as it was opened: what the task left in the background may put something else in its place at any time,
 * and a pipe there must not hold the agent up, nor a file that grows fill its memory.
 */
function readOutputs(path: string): ParsedOutputs {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT") return { outputs: null };
    return code === "ELOOP" ? replaced : { problem: messageOf(error) };
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return replaced;
    if (stat.size > outputLimits.maxTaskBytes) {
      return { problem: `they have ${stat.size} bytes, at most ${outputLimits.maxTaskBytes} are taken` };
    }
    const bytes = new Uint8Array(stat.size);
    return parseOutputs(bytes.subarray(0, readSync(file, bytes)));
  } catch (error) {
    return { problem: messageOf(error) };
  } finally {
    closeSync(file);
  }
}

const replaced = { problem: "CDKTR_OUTPUT is no regular file any more" };

/** A task can do with its files what it likes; that they cannot be removed then is no reason for it to fail. */
function removeAll(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch { /* gone, or guarded */ }
}
