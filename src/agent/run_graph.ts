/**
 * Which task of a run may start, and what becomes of the rest: the pure half of running a workflow.
 *
 * ```
 * waiting ──► ready ──► running ──► done
 *    │          │          ├──────► failed
 *    ├──────────┴──────────┴──────► cancelled
 *    └──► skipped
 * ```
 *
 * A task waits until all its dependencies are done, and is then ready. It is skipped as soon as one task above it has
 * failed or was cancelled. Branches without such a task go on. `done`, `failed`, `cancelled` and `skipped` are final.
 * A kept task, which an earlier attempt completed, is done from the start.
 */

import { CdktrError } from "../core/mod.ts";

/** Where a task of a run stands. */
export type TaskState = "waiting" | "ready" | "running" | "done" | "failed" | "cancelled" | "skipped";

/** What all tasks together come to. `failed` wins over `cancelled`. */
export type GraphOutcome = "done" | "failed" | "cancelled";

/** Every move there is; any other is a defect of the caller. */
const moves: Readonly<Record<TaskState, readonly TaskState[]>> = {
  waiting: ["ready", "cancelled", "skipped"],
  ready: ["running", "cancelled"],
  running: ["done", "failed", "cancelled"],
  done: [],
  failed: [],
  cancelled: [],
  skipped: [],
};

/** A task as the graph sees it: a name and what must be done before it. */
export interface GraphTask {
  readonly id: string;
  /** Ids of the tasks that must be done first. One named twice counts once. */
  readonly depends: readonly string[];
}

interface Node {
  readonly id: string;
  readonly dependents: Node[];
  state: TaskState;
  /** Dependencies that are not done yet. */
  openDependencies: number;
}

/** The state of one run's tasks. Every step is linear in the tasks and dependencies it touches; nothing recurses. */
export class RunGraph {
  readonly #nodes = new Map<string, Node>();
  readonly #counts: Record<TaskState, number> = {
    waiting: 0,
    ready: 0,
    running: 0,
    done: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
  };

  /**
   * @param tasks The tasks of a workflow, in any order.
   * @param kept Ids of those that are done already, whatever became of the tasks above them.
   * @throws CdktrError `INVALID_WORKFLOW` for an id given twice, a dependency on an unknown task, a cycle, or an unknown
   *   task to keep. A workflow file was checked long before; a document from a foreign principal may not have been.
   */
  constructor(tasks: readonly GraphTask[], kept: Iterable<string> = []) {
    for (const { id } of tasks) {
      if (this.#nodes.has(id)) throw new CdktrError("INVALID_WORKFLOW", `Two tasks have the id "${id}".`);
      this.#nodes.set(id, { id, dependents: [], state: "waiting", openDependencies: 0 });
    }
    this.#counts.waiting = tasks.length;
    for (const { id, depends } of tasks) {
      const node = this.#node(id);
      for (const dependency of new Set(depends)) {
        const upstream = this.#nodes.get(dependency);
        if (upstream === undefined) {
          throw new CdktrError("INVALID_WORKFLOW", `Task "${id}" depends on "${dependency}", which does not exist.`);
        }
        upstream.dependents.push(node);
        node.openDependencies += 1;
      }
    }
    this.#refuseCycles();
    for (const id of new Set(kept)) this.#keep(id);
  }

  /** Makes every task whose dependencies are done ready. Call it once, first. Returns their ids, in the order given. */
  start(): string[] {
    const ready: string[] = [];
    for (const node of this.#nodes.values()) {
      if (node.openDependencies > 0 || node.state === "done") continue;
      this.#move(node, "ready");
      ready.push(node.id);
    }
    return ready;
  }

  /** A ready task now runs. */
  begin(taskId: string): void {
    this.#move(this.#node(taskId), "running");
  }

  /** A running task succeeded. Returns the tasks that became ready by it. */
  succeeded(taskId: string): string[] {
    const node = this.#node(taskId);
    this.#move(node, "done");
    const ready: string[] = [];
    for (const dependent of node.dependents) {
      dependent.openDependencies -= 1;
      if (dependent.openDependencies > 0 || dependent.state !== "waiting") continue;
      this.#move(dependent, "ready");
      ready.push(dependent.id);
    }
    return ready;
  }

  /** A running task failed. Returns what is skipped because of it: all that hangs on it and was not skipped before. */
  failed(taskId: string): string[] {
    return this.#endWithout(taskId, "failed");
  }

  /** A task that had not ended was cancelled. Returns what is skipped because of it, as {@linkcode failed} does. */
  cancelled(taskId: string): string[] {
    return this.#endWithout(taskId, "cancelled");
  }

  /** The state of one task. */
  stateOf(taskId: string): TaskState {
    return this.#node(taskId).state;
  }

  /** True when every task is in a final state. */
  get finished(): boolean {
    const { waiting, ready, running } = this.#counts;
    return waiting + ready + running === 0;
  }

  /** What the run came to. Meaningful once {@linkcode finished}; a graph without tasks is done. */
  get outcome(): GraphOutcome {
    if (this.#counts.failed > 0) return "failed";
    return this.#counts.cancelled > 0 ? "cancelled" : "done";
  }

  /** How many tasks are in each state. */
  get counts(): Readonly<Record<TaskState, number>> {
    return { ...this.#counts };
  }

  #keep(taskId: string): void {
    const node = this.#nodes.get(taskId);
    if (node === undefined) {
      throw new CdktrError("INVALID_WORKFLOW", `Task "${taskId}" is to be kept, and the workflow has no such task.`);
    }
    // No move of the diagram: nothing happened to it in this attempt.
    this.#counts.waiting -= 1;
    this.#counts.done += 1;
    node.state = "done";
    for (const dependent of node.dependents) dependent.openDependencies -= 1;
  }

  #endWithout(taskId: string, state: "failed" | "cancelled"): string[] {
    const node = this.#node(taskId);
    this.#move(node, state);
    const skipped: string[] = [];
    const open = [node];
    for (let upstream = open.pop(); upstream !== undefined; upstream = open.pop()) {
      for (const dependent of upstream.dependents) {
        if (dependent.state !== "waiting") continue; // reached before, by another path or another failure
        this.#move(dependent, "skipped");
        skipped.push(dependent.id);
        open.push(dependent);
      }
    }
    return skipped;
  }

  #node(taskId: string): Node {
    const node = this.#nodes.get(taskId);
    if (node === undefined) throw new CdktrError("INTERNAL", `The run has no task "${taskId}".`);
    return node;
  }

  #move(node: Node, to: TaskState): void {
    if (!moves[node.state].includes(to)) {
      throw new CdktrError("INTERNAL", `Task "${node.id}" is ${node.state} and cannot become ${to}.`);
    }
    this.#counts[node.state] -= 1;
    this.#counts[to] += 1;
    node.state = to;
  }

  /** Kahn's topological sort, without its result: what it cannot reach lies on a cycle or behind one. */
  #refuseCycles(): void {
    const open = new Map<Node, number>();
    const reachable: Node[] = [];
    for (const node of this.#nodes.values()) {
      if (node.openDependencies === 0) reachable.push(node);
      else open.set(node, node.openDependencies);
    }
    for (let node = reachable.pop(); node !== undefined; node = reachable.pop()) {
      for (const dependent of node.dependents) {
        const left = (open.get(dependent) ?? 0) - 1;
        if (left > 0) open.set(dependent, left);
        else {
          open.delete(dependent);
          reachable.push(dependent);
        }
      }
    }
    if (open.size === 0) return;
    const named = [...open.keys()].slice(0, 5).map(({ id }) => `"${id}"`).join(", ");
    throw new CdktrError(
      "INVALID_WORKFLOW",
      `The dependencies of ${open.size} tasks form a cycle, so none of them can start: ${named}${
        open.size > 5 ? ", ..." : ""
      }.`,
    );
  }
}
