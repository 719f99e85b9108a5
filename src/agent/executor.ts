/** What runs single tries of tasks: processes of this machine, or whatever a test puts in their place. */

import type { Clock } from "../clock/mod.ts";
import type { Task, Workflow } from "../workflow/mod.ts";
import type { Outputs } from "./outputs.ts";
import type { EmitLines, TaskOutcome } from "./run_task.ts";

/** One try at a task. */
export interface TaskTry {
  readonly workflow: Workflow;
  readonly runId: string;
  /** Attempt of the run, from 1. */
  readonly attempt: number;
  readonly params: Readonly<Record<string, string>>;
  readonly task: Task;
  /** Identifies the try. */
  readonly taskRunId: string;
  /** From 1 in each attempt. */
  readonly tryNumber: number;
  /** Outputs of the tasks above, by task id. */
  readonly inputs: ReadonlyMap<string, Outputs>;
  /** Aborts to end the try. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly emit: EmitLines;
}

/** How a try ended. */
export type TryOutcome =
  | { readonly kind: "succeeded"; readonly outputs: Outputs | null }
  | Exclude<TaskOutcome, { readonly kind: "succeeded" }>;

/** Runs tries. */
export interface Executor {
  /**
   * Runs one try. When the promise settles, nothing of it runs any more and all its lines were taken, among them one that
   * says why it failed.
   *
   * @throws What `emit` threw.
   */
  run(taskTry: TaskTry): Promise<TryOutcome>;
}

/** Where an agent's tasks run. */
export interface Workplace extends Executor {
  /**
   * Prepares it; ends what an earlier agent has left running in it.
   *
   * @param session Names the agent's process.
   * @returns Sessions of agents that were killed, of which nothing runs here any more.
   * @throws {CdktrError} STORAGE when it cannot be prepared.
   */
  open(session: string): Promise<readonly string[]>;
  /** Nothing runs in it any more. Does not throw. */
  close(): void;
}
