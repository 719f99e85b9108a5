/** The checks on a file that concern several tasks at once. They work on the tree, so they need no valid tasks. */

import { cycleText, findCycles, type GraphNode } from "./dag.ts";
import { pathText } from "./problem.ts";
import type { Source } from "./source.ts";
import { didYouMean } from "./suggestion.ts";
import type { Place, Tree } from "./tree.ts";

/** Reports dependencies on tasks that do not exist, on the task itself, and cycles. */
export function checkDependencies(file: Tree, root: Place, source: Source): void {
  const tasksPlace = root.parts.get("tasks");
  const tasks = file !== null && typeof file === "object" && !Array.isArray(file) ? file["tasks"] : null;
  if (tasksPlace === undefined || tasks === null || typeof tasks !== "object" || Array.isArray(tasks)) return;

  const ids = [...tasksPlace.parts.keys()].map(String);
  const known = new Set(ids);
  const nodes: GraphNode[] = [];
  for (const id of ids) {
    const task = tasks[id];
    const written = task !== null && typeof task === "object" && !Array.isArray(task) ? task["depends"] : null;
    const depends: string[] = [];
    for (const [index, dependency] of (Array.isArray(written) ? written : []).entries()) {
      if (typeof dependency !== "string") continue;
      const fault = dependency === id
        ? `The task ${JSON.stringify(id)} depends on itself.`
        : known.has(dependency)
        ? null
        : `The task ${JSON.stringify(id)} depends on ${JSON.stringify(dependency)}, which does not exist.` +
          (source.isFull ? "" : didYouMean(dependency, known));
      if (fault === null) {
        depends.push(dependency);
        continue;
      }
      source.report(dependsOffset(tasksPlace, id, index), {
        code: dependency === id ? "cycle" : "unknown-dependency",
        path: pathText(["tasks", id, "depends", index]),
        value: dependency,
        expected: "the id of another task of this file",
        message: fault,
      });
    }
    nodes.push({ id, depends });
  }

  for (const cycle of findCycles(nodes)) {
    const [id = ""] = cycle;
    source.report(dependsOffset(tasksPlace, id, null), {
      code: "cycle",
      path: pathText(["tasks", id, "depends"]),
      value: cycleText(cycle),
      message: `Tasks wait for each other, so none of them can start: ${cycleText(cycle)}.`,
    });
  }
}

/** Where an entry of a task's `depends` stands, or the list when `index` is `null`. */
function dependsOffset(tasks: Place, id: string, index: number | null): number {
  const depends = tasks.parts.get(id)?.parts.get("depends");
  const entry = index === null ? undefined : depends?.parts.get(index);
  return entry?.offset ?? depends?.offset ?? tasks.offset;
}
