/**
 * Graphs that agents of the original execute rightly.
 *
 * Such an agent starts a task when *any* of its dependencies is done, and once for each of them; a run with a fan-in then
 * usually never ends. It is right only where every task has at most one dependency.
 */
import { CdktrError } from "../core/mod.ts";

/** A task as far as the order is concerned. */
export interface GraphNode {
  readonly id: string;
  readonly depends: readonly string[];
}

/**
 * The same tasks with dependencies changed so that none has more than one.
 *
 * Tasks that are connected, in whatever direction, form a component. A component that holds a task with more than one
 * dependency becomes a chain in topological order; the others, which are trees, stay as they are. What it costs: the tasks
 * of a chain run one after the other, and when one fails all later ones are skipped, also those that did not depend on it.
 *
 * @throws {CdktrError} INVALID_WORKFLOW for a cycle or a dependency that no task defines.
 */
export function lineariseFanIn<Node extends GraphNode>(tasks: readonly Node[]): Node[] {
  const order = topologicalOrder(tasks);
  const componentOf = components(tasks);
  const withFanIn = new Set(tasks.filter((task) => task.depends.length > 1).map((task) => componentOf(task.id)));

  const chained = new Map<string, readonly string[]>();
  const lastOfChain = new Map<string, string>();
  for (const id of order) {
    const component = componentOf(id);
    if (!withFanIn.has(component)) continue;
    const previous = lastOfChain.get(component);
    chained.set(id, previous === undefined ? [] : [previous]);
    lastOfChain.set(component, id);
  }
  return tasks.map((task) => ({ ...task, depends: chained.get(task.id) ?? task.depends }));
}

/**
 * Task ids with every dependency before its dependents; ids that are free to go at the same time keep the order of `tasks`
 * (Kahn's algorithm).
 *
 * @throws {CdktrError} INVALID_WORKFLOW for a cycle or a dependency that no task defines.
 */
export function topologicalOrder(tasks: readonly GraphNode[]): string[] {
  const dependents = new Map(tasks.map((task): [string, string[]] => [task.id, []]));
  const waitingFor = new Map<string, number>();
  for (const task of tasks) {
    waitingFor.set(task.id, task.depends.length);
    for (const dependency of task.depends) {
      const known = dependents.get(dependency);
      if (known === undefined) {
        throw new CdktrError("INVALID_WORKFLOW", `Task '${task.id}' depends on '${dependency}', which is not defined.`);
      }
      known.push(task.id);
    }
  }

  const order = tasks.map((task) => task.id).filter((id) => waitingFor.get(id) === 0);
  // The loop also goes over what it appends.
  for (const id of order) {
    for (const dependent of dependents.get(id) ?? []) {
      const left = (waitingFor.get(dependent) ?? 0) - 1;
      waitingFor.set(dependent, left);
      if (left === 0) order.push(dependent);
    }
  }
  if (order.length === dependents.size) return order;
  const stuck = tasks.map((task) => task.id).filter((id) => (waitingFor.get(id) ?? 0) > 0);
  throw new CdktrError("INVALID_WORKFLOW", `The dependencies of task '${stuck[0]}' lead in a circle.`);
}

/** Tells of each task which component it belongs to, by the id of one of its tasks (union-find with path halving). */
function components(tasks: readonly GraphNode[]): (id: string) => string {
  const parents = new Map(tasks.map((task) => [task.id, task.id]));
  const rootOf = (id: string): string => {
    let at = id;
    for (;;) {
      const parent = parents.get(at) ?? at;
      if (parent === at) return at;
      const grandparent = parents.get(parent) ?? parent;
      parents.set(at, grandparent);
      at = grandparent;
    }
  };
  for (const task of tasks) {
    for (const dependency of task.depends) parents.set(rootOf(dependency), rootOf(task.id));
  }
  return rootOf;
}
