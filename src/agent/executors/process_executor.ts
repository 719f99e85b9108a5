/** Runs tries as processes, each with a file for its outputs and one with those of the tasks above. */

import { join } from "node:path";
import { messageOf } from "../../core/mod.ts";
import type { Executor, TaskTry, TryOutcome } from "../executor.ts";
import { outputLimits, type Outputs, type ParsedOutputs, parseOutputs } from "../outputs.ts";
import { type ProcessLimits, remark, runTask } from "../run_task.ts";
import { taskEnvironment } from "./environment.ts";

/** The file of a try's outputs is named after its task run. It is there for as long as the try goes on. */
export const outputSuffix = ".output";
const inputsSuffix = ".inputs.json";
const privateFile = 0o600;

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
    const outputPath = join(this.#directory, taskRunId + outputSuffix);
    const inputsPath = join(this.#directory, taskRunId + inputsSuffix);
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

function readOutputs(path: string): ParsedOutputs {
  try {
    const { isFile, size } = Deno.lstatSync(path);
    if (!isFile) return { problem: "CDKTR_OUTPUT is no regular file any more" };
    if (size === 0) return nothing;
    if (size > outputLimits.maxTaskBytes) {
      return { problem: `they have ${size} bytes, at most ${outputLimits.maxTaskBytes} are taken` };
    }
    return parseOutputs(Deno.readFileSync(path));
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? nothing : { problem: messageOf(error) };
  }
}

const nothing: { readonly outputs: Outputs | null } = { outputs: null };

/** A task can do with its files what it likes; that they cannot be removed then is no reason for it to fail. */
function removeAll(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch { /* gone, or guarded */ }
}
