/** What an attempt leaves to the next one. */
import type { TaskRun } from "./run.ts";

/** The tasks of an attempt that the next one need not run: those that completed, but for the ones to run again. */
export function tasksKept(tasks: readonly TaskRun[], rerun: readonly string[]): string[] {
  const again = new Set(rerun);
  return tasks.filter(({ taskId, state }) => state === "COMPLETED" && !again.has(taskId)).map(({ taskId }) => taskId);
}
