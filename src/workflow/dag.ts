/** The graph of a workflow's tasks. Nothing here recurses: a chain may be as long as a workflow has tasks. */

import { CdktrError } from "../core/mod.ts";

/** What the graph needs of a task. */
export interface GraphNode {
  readonly id: string;
  /** Ids of the tasks that come before. */
  readonly depends: readonly string[];
}

/** A walk through the graph, dependencies first. */
interface Walk<Node> {
  /** Each node after all its dependencies, as near to the given order as that allows. Complete without cycles only. */
  readonly order: Node[];
  /** Cycles met, each as the ids along it with the first one repeated at the end. */
  readonly cycles: string[][];
}

/** Walks depth first in the given order. Dependencies on ids that do not exist are passed over. */
function walk<Node extends GraphNode>(nodes: readonly Node[], maxCycles: number): Walk<Node> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const order: Node[] = [];
  const cycles: string[][] = [];
  const state = new Map<string, "open" | "done">();

  for (const root of nodes) {
    if (state.has(root.id)) continue;
    state.set(root.id, "open");
    const stack = [{ node: root, nextDependency: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const dependencyId = top.node.depends[top.nextDependency++];
      if (dependencyId === undefined) {
        state.set(top.node.id, "done");
        order.push(top.node);
        stack.pop();
        continue;
      }
      const dependency = byId.get(dependencyId);
      if (dependency === undefined) continue;
      const seen = state.get(dependencyId);
      if (seen === "open") {
        const start = stack.findIndex(({ node }) => node.id === dependencyId);
        cycles.push([...stack.slice(start).map(({ node }) => node.id), dependencyId]);
        if (cycles.length >= maxCycles) return { order, cycles };
      } else if (seen === undefined) {
        state.set(dependencyId, "open");
        stack.push({ node: dependency, nextDependency: 0 });
      }
    }
  }
  return { order, cycles };
}

/**
 * Cycles of the graph, none when it can be ordered. Where cycles share tasks not each of them is listed.
 *
 * @param maxCycles How many to look for at most.
 * @returns Each as the ids along it, a task before what it depends on, with the first one repeated at the end.
 */
export function findCycles(nodes: readonly GraphNode[], maxCycles = 10): string[][] {
  return walk(nodes, maxCycles).cycles;
}

/** A cycle as `a -> b -> a`, with its middle left out when it is long. */
export function cycleText(cycle: readonly string[]): string {
  const maxShown = 12;
  const shown = cycle.length <= maxShown
    ? cycle
    : [...cycle.slice(0, maxShown - 2), `(${cycle.length - maxShown + 1} more)`, ...cycle.slice(-1)];
  return shown.join(" -> ");
}

/**
 * The tasks in an order in which each comes after all its dependencies. Tasks keep the given order as far as that
 * allows; a list that is in order already comes back unchanged.
 *
 * @throws {CdktrError} INVALID_WORKFLOW, when tasks depend on each other in a cycle or on a task that does not exist.
 */
export function topologicalOrder<Node extends GraphNode>(nodes: readonly Node[]): Node[] {
  const ids = new Set(nodes.map((node) => node.id));
  for (const node of nodes) {
    const unknown = node.depends.find((id) => !ids.has(id));
    if (unknown !== undefined) {
      throw new CdktrError("INVALID_WORKFLOW", `The task "${node.id}" depends on "${unknown}", which does not exist.`);
    }
  }
  const { order, cycles: [cycle] } = walk(nodes, 1);
  if (cycle !== undefined) {
    throw new CdktrError("INVALID_WORKFLOW", `The tasks wait for each other: ${cycleText(cycle)}.`);
  }
  return order;
}

/** For each id the ids of the tasks that depend on it directly, in the given order. */
export function dependents(nodes: readonly GraphNode[]): Map<string, string[]> {
  const result = new Map(nodes.map((node): [string, string[]] => [node.id, []]));
  for (const node of nodes) {
    for (const id of new Set(node.depends)) result.get(id)?.push(node.id);
  }
  return result;
}

/** The ids of all tasks that depend on `id`, directly or through others. */
export function descendants(nodes: readonly GraphNode[], id: string): Set<string> {
  const direct = dependents(nodes);
  const found = new Set<string>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const dependent of direct.get(next) ?? []) {
      if (found.has(dependent)) continue;
      found.add(dependent);
      waiting.push(dependent);
    }
  }
  return found;
}
