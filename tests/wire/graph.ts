/** Graphs as tests write them, and what a graph promises. */
import fc from "fast-check";
import { noRetry, type Task, type Workflow, workflowDefaults } from "../../src/workflow/mod.ts";

/** A task that runs `true`. */
export function task(id: string, ...depends: string[]): Task {
  return {
    id,
    name: id.toUpperCase(),
    description: null,
    depends,
    env: {},
    timeoutMs: null,
    retry: noRetry,
    config: { type: "subprocess", cmd: "true", args: [] },
  };
}

/** A workflow of these tasks with nothing else set. */
export function workflow(...tasks: Task[]): Workflow {
  return {
    id: "etl.daily",
    name: "Daily ETL",
    description: null,
    path: "workflows/etl/daily.yml",
    cron: null,
    timezone: "UTC",
    startTime: null,
    env: {},
    timeoutMs: null,
    ...workflowDefaults,
    tasks,
  };
}

/** Ids that trip objects used as maps, among ordinary ones. */
const idPrefixes = ["t", "", "10", "__proto__", "constructor", "é"] as const;

/** Acyclic graphs of up to 12 tasks, listed in any order. */
export const anyTasks: fc.Arbitrary<Task[]> = fc.array(
  fc.tuple(fc.constantFrom(...idPrefixes), fc.array(fc.nat(11), { maxLength: 3 })),
  { minLength: 1, maxLength: 12 },
).map((rows) => {
  // A prefix alone for its first task, so that `__proto__` itself occurs.
  const seen = new Set<string>();
  const ids = rows.map(([prefix], index) => {
    const id = seen.has(prefix) || prefix === "" ? `${prefix}${index}.` : prefix;
    seen.add(prefix);
    return id;
  });
  return rows.map(([, picks], index) => {
    const earlier = picks.filter((pick) => pick < index).map((pick) => ids[pick] ?? "");
    return task(ids[index] ?? "", ...new Set(earlier));
  });
}).chain((tasks) => fc.shuffledSubarray(tasks, { minLength: tasks.length }));
