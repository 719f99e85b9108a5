/** What an attempt has of the one before it. */
import type { TaskRun } from "../core/mod.ts";
import type { Journal } from "../journal/mod.ts";

/** The tasks of an attempt that an earlier one completed: they are the same task runs. */
export async function carriedOver(
  journal: Pick<Journal, "tasks">,
  runId: string,
  attempt: number,
): Promise<TaskRun[]> {
  if (attempt < 2) return [];
  const before = new Set((await journal.tasks(runId, attempt - 1)).map(({ taskRunId }) => taskRunId));
  return (await journal.tasks(runId, attempt)).filter(({ taskRunId }) => before.has(taskRunId));
}
