/** The tasks of a run: what its definition says of them, and what was reported. */
import { CdktrError, type TaskRun } from "../core/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";
import { type Task, topologicalOrder, workflowFromJson } from "../workflow/definition.ts";

/** A task of the run's definition, and what is known of its execution; null while nothing is. */
export type ShownTask =
  & {
    readonly taskId: string;
    readonly name: string | null;
    readonly depends: readonly string[];
    /** An earlier attempt completed it, and this one did not run it. */
    readonly isKept: boolean;
  }
  & { readonly [Key in keyof Omit<TaskRun, "runId" | "attempt" | "taskId">]: TaskRun[Key] | null };

const unreported = {
  taskRunId: null,
  state: null,
  tryNumber: null,
  startedAtMs: null,
  finishedAtMs: null,
  exitCode: null,
  reason: null,
  outputs: null,
} as const;

/**
 * The tasks in topological order. Those of a definition that cannot be read are known by their reports only; then `problem`
 * says why.
 */
export function shownTasks(
  { tasks: reports, kept, workflow }: ReplyTo<"SHOWRUN">,
): { tasks: ShownTask[]; problem: string | null } {
  let defined: readonly Task[] = [];
  let problem: string | null = null;
  try {
    defined = topologicalOrder(workflowFromJson(workflow).tasks);
  } catch (error) {
    if (!(error instanceof CdktrError)) throw error;
    problem = error.message;
  }
  const left = new Map(reports.map((report) => [report.taskId, report]));
  const tasks = defined.map(({ id, name, depends }) => {
    const report = left.get(id);
    left.delete(id);
    const isKept = kept.includes(id);
    return { taskId: id, name, depends, isKept, ...report === undefined ? unreported : factsOf(report) };
  });
  const undefinedTasks = [...left.values()].map((report) => ({
    taskId: report.taskId,
    name: null,
    depends: [],
    isKept: kept.includes(report.taskId),
    ...factsOf(report),
  }));
  return { tasks: [...tasks, ...undefinedTasks], problem };
}

function factsOf({ runId: _, attempt: __, taskId: ___, ...facts }: TaskRun) {
  return facts;
}
