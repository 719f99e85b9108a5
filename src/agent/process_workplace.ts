/**
 * Where an agent's tasks run as processes: a directory of its session with the files of what runs.
 *
 * ```
 * <directory>/<session>.lock          locked while the agent lives
 * <directory>/<session>/<task run>.…  there while the try goes on
 * ```
 *
 * A session whose lock can be taken belongs to an agent that was killed. The files it left tell which tries went on then:
 * their processes may still run, and are ended before any new work begins, so that no two attempts of a run go on at the
 * same time on a machine.
 */

import { join } from "node:path";
import type { Clock } from "../clock/mod.ts";
import { CdktrError, messageOf, type OperatorLog } from "../core/mod.ts";
import { type FileLock, tryLockFile } from "../lock/mod.ts";
import type { TaskTry, TryOutcome, Workplace } from "./executor.ts";
import { canFindOrphans, endOrphans } from "./executors/orphans.ts";
import { ProcessExecutor, tryFilePattern } from "./executors/process_executor.ts";
import { defaultGraceMs } from "./executors/run_process.ts";
import type { ProcessLimits } from "./run_task.ts";

const lockSuffix = ".lock";
const privateDirectory = 0o700;

/** What a {@linkcode ProcessWorkplace} needs. */
export interface ProcessWorkplaceOptions {
  /** Absolute path; shared by all agents of one owner on a machine. Made if it is not there. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: OperatorLog;
  /** Limits of each process. @default those of {@linkcode ProcessLimits} */
  readonly limits?: ProcessLimits;
}

interface Session {
  readonly path: string;
  readonly lock: FileLock;
  readonly executor: ProcessExecutor;
}

/** See the top of this file. */
export class ProcessWorkplace implements Workplace {
  readonly #options: ProcessWorkplaceOptions;
  #session: Session | undefined;

  constructor(options: ProcessWorkplaceOptions) {
    this.#options = options;
  }

  async open(session: string): Promise<readonly string[]> {
    const { directory, log, limits } = this.#options;
    const path = join(directory, session);
    try {
      Deno.mkdirSync(directory, { recursive: true, mode: privateDirectory });
      // Locked before the directory is there: a directory without a locked lock has lost its agent.
      const lock = tryLockFile(path + lockSuffix);
      if (lock === null) throw new Error(`${path + lockSuffix} is locked by another process`);
      this.#session = { path, lock, executor: new ProcessExecutor(path, limits) };
      Deno.mkdirSync(path, { mode: privateDirectory });
    } catch (cause) {
      this.close();
      throw new CdktrError("STORAGE", `The agent cannot use its directory ${directory}: ${messageOf(cause)}.`, {
        hint: "Name another data directory in CDKTR_APP_DATA_DIRECTORY.",
        cause,
      });
    }
    const outlived: string[] = [];
    for (const { name, isDirectory } of [...Deno.readDirSync(directory)]) {
      if (!isDirectory || name === session) continue;
      try {
        if (await this.#clearUp(join(directory, name))) outlived.push(name);
      } catch (error) {
        log.warn(`cannot clear up what an earlier agent left in ${join(directory, name)}: ${messageOf(error)}`);
      }
    }
    return outlived;
  }

  run(taskTry: TaskTry): Promise<TryOutcome> {
    if (this.#session === undefined) throw new CdktrError("INTERNAL", "The agent's workplace is not open.");
    return this.#session.executor.run(taskTry);
  }

  close(): void {
    if (this.#session === undefined) return;
    const { path, lock } = this.#session;
    this.#session = undefined;
    removeAll(path);
    removeAll(lock.path);
    lock[Symbol.dispose]();
  }

  /**
   * Ends what a killed agent left running, and removes its files.
   *
   * @returns Whether its processes are known to be gone; not where they cannot be found, nor while the agent lives.
   */
  async #clearUp(path: string): Promise<boolean> {
    const { clock, log, limits } = this.#options;
    using lock = tryLockFile(path + lockSuffix);
    if (lock === null) return false;
    const taskRuns = taskRunsIn(path);
    const groups = await endOrphans(taskRuns, clock, limits?.graceMs ?? defaultGraceMs);
    if (groups > 0) {
      const what = groups === 1 ? "a process group" : `${groups} process groups`;
      log.warn(`ended ${what} that an agent had left running when it was killed`);
    }
    removeAll(path);
    removeAll(lock.path);
    return canFindOrphans || taskRuns.length === 0;
  }
}

/**
 * The tries whose files are still there, or one of them, as a task may remove what it likes. A file that is none of ours
 * must not name processes that are none either.
 */
function taskRunsIn(session: string): string[] {
  try {
    const ids = [...Deno.readDirSync(session)].map(({ name }) => tryFilePattern.exec(name)?.[1] ?? "");
    return [...new Set(ids)].filter((id) => id !== "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return []; // Another agent that starts now was faster.
    throw error;
  }
}

function removeAll(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch { /* gone, or a task has put something into it that only others may remove */ }
}
