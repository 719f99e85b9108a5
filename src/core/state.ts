/** What the principal knows while deciding: the runs that are not finished, their queue, and what must not happen twice. */
import type { Event, RunTriggered, TaskChanged } from "./event.ts";
import { RunQueue } from "./queue.ts";
import { canMove, type Definition, isFinal, type Run, type RunState, type TaskRun } from "./run.ts";

/** How long a repeated idempotency key finds its run. */
export const idempotencyWindowMs = 24 * 3_600_000;
/** How many idempotency keys are remembered; the oldest go first. */
export const idempotencyKeysMax = 200_000;

/** What one event changed, as it is after it. */
export interface Change {
  readonly definition?: Definition;
  readonly run?: Run;
  readonly task?: TaskRun;
}

const noTasks: ReadonlyMap<string, TaskRun> = new Map();

interface RememberedKey {
  readonly runId: string;
  readonly atMs: number;
}

/** The decider's state. Only {@linkcode State.evolve} changes it. */
export class State {
  /** Runs that are not final, by id, oldest first. */
  readonly runs = new Map<string, Run>();
  readonly queue = new RunQueue();
  readonly #definitions = new Map<string, Definition>();
  /** The newest definition of each workflow; it stays although nothing runs it. */
  readonly #newestHashes = new Map<string, string>();
  readonly #usesOfHash = new Map<string, number>();
  readonly #keys = new Map<string, RememberedKey>();
  readonly #runsOfAgent = new Map<string, Set<string>>();
  readonly #runsOfInstance = new Map<string, string>();
  /** By run id, then by task id: what was reported about the present attempt. */
  readonly #tasks = new Map<string, Map<string, TaskRun>>();

  /** The definition of that hash, if a run or a workflow still uses it. */
  definition(hash: string): Definition | undefined {
    return this.#definitions.get(hash);
  }

  /** The run that an idempotency key stands for, while it is remembered. */
  runOfKey(key: string, nowMs: number): string | undefined {
    const remembered = this.#keys.get(key);
    return remembered !== undefined && nowMs - remembered.atMs < idempotencyWindowMs ? remembered.runId : undefined;
  }

  /** The runs that an agent holds, oldest first: by its process's session or, for an original agent, by its id. */
  runsOf(agentId: string, session: string | null): Run[] {
    const ids = this.#runsOfAgent.get(holderKey(agentId, session)) ?? [];
    return [...ids].sort().flatMap((id) => this.runs.get(id) ?? []);
  }

  /** Everyone who holds a run. */
  *holders(): Generator<{ agentId: string; session: string | null }> {
    for (const ids of this.#runsOfAgent.values()) {
      for (const id of ids) {
        const run = this.runs.get(id);
        if (run !== undefined && run.agentId !== null) yield { agentId: run.agentId, session: run.session };
        break;
      }
    }
  }

  /** What was reported about the tasks of a run's present attempt, by task id. */
  tasksOf(runId: string): ReadonlyMap<string, TaskRun> {
    return this.#tasks.get(runId) ?? noTasks;
  }

  /** The run that an original agent calls by this instance id. */
  runOfInstance(agentId: string, instanceId: string): Run | undefined {
    const runId = this.#runsOfInstance.get(instanceKey(agentId, instanceId));
    return runId === undefined ? undefined : this.runs.get(runId);
  }

  /**
   * Applies one event.
   *
   * @returns What changed, as it is now, for the journal's tables.
   * @throws When the event does not fit the state: the journal is not of this program or damaged.
   */
  evolve(event: Event): Change {
    if ("attempt" in event && event.type !== "report_ignored") this.#checkAttempt(event);
    switch (event.type) {
      case "definition_stored":
        return { definition: this.#storeDefinition(event) };
      case "run_triggered":
        return { run: this.#trigger(event) };
      case "run_assigned":
        return {
          run: this.#assign(event.runId, {
            state: "ASSIGNED",
            attempt: event.attempt,
            agentId: event.agentId,
            session: event.session,
            instanceId: null,
            reason: event.reason,
            assignedAtMs: event.atMs,
          }),
        };
      case "run_returned": {
        const run = this.#letGo(event.runId, {
          state: "PENDING",
          reason: event.reason,
          agentId: null,
          session: null,
          assignedAtMs: null,
        });
        this.queue.pushFront(event.runId);
        return { run };
      }
      case "run_started": {
        const run = this.#change(event.runId, {
          state: "RUNNING",
          instanceId: event.instanceId,
          startedAtMs: event.atMs,
          reason: null,
        });
        if (event.instanceId !== null) this.#runsOfInstance.set(instanceKey(run.agentId, event.instanceId), run.runId);
        return { run };
      }
      case "task_changed":
        return { task: this.#changeTask(event) };
      case "cancel_requested":
        return { run: this.#change(event.runId, { cancelReason: event.reason }) };
      case "run_finished":
        return {
          run: this.#finish(event.runId, { state: event.state, reason: event.reason, finishedAtMs: event.atMs }),
        };
      case "report_ignored":
        return {};
      default:
        return unknownEvent(event);
    }
  }

  /** Everything as plain JSON, from which {@linkcode State.fromSnapshot} makes an equal state. */
  toSnapshot(): Snapshot {
    return {
      runs: [...this.runs.values()],
      tasks: [...this.#tasks.values()].flatMap((tasks) => [...tasks.values()]),
      queue: [...this.queue.ids()],
      definitions: [...this.#definitions.values()],
      newestHashes: [...this.#newestHashes],
      keys: [...this.#keys].map(([key, { runId, atMs }]) => [key, runId, atMs]),
    };
  }

  /** The state that {@linkcode State.toSnapshot} described. */
  static fromSnapshot(snapshot: Snapshot): State {
    const state = new State();
    for (const definition of snapshot.definitions) state.#definitions.set(definition.hash, definition);
    for (const [workflowId, hash] of snapshot.newestHashes) state.#newestHashes.set(workflowId, hash);
    for (const [key, runId, atMs] of snapshot.keys) state.#keys.set(key, { runId, atMs });
    for (const run of snapshot.runs) {
      state.runs.set(run.runId, run);
      state.#countUse(run.definitionHash, 1);
      if (run.agentId !== null) state.#holdings(run.agentId, run.session).add(run.runId);
      if (run.instanceId !== null) state.#runsOfInstance.set(instanceKey(run.agentId, run.instanceId), run.runId);
    }
    for (const task of snapshot.tasks) {
      const tasks = state.#tasks.get(task.runId);
      if (tasks === undefined) state.#tasks.set(task.runId, new Map([[task.taskId, task]]));
      else tasks.set(task.taskId, task);
    }
    for (const runId of snapshot.queue) state.queue.push(runId);
    return state;
  }

  #storeDefinition({ hash, workflowId, workflowName, body }: Definition): Definition {
    const definition = { hash, workflowId, workflowName, body };
    this.#definitions.set(hash, definition);
    const previous = this.#newestHashes.get(workflowId);
    this.#newestHashes.set(workflowId, hash);
    if (previous !== undefined && previous !== hash) this.#countUse(previous, 0);
    return definition;
  }

  #trigger(event: RunTriggered): Run {
    if (this.runs.has(event.runId)) throw new Error(`run ${event.runId} is there already`);
    const definition = this.#definitions.get(event.definitionHash);
    if (definition === undefined) throw new Error(`run ${event.runId} refers to an unknown definition`);
    const run: Run = {
      runId: event.runId,
      workflowId: event.workflowId,
      workflowName: definition.workflowName,
      definitionHash: event.definitionHash,
      trigger: event.trigger,
      params: event.params,
      idempotencyKey: event.idempotencyKey,
      requires: event.requires,
      state: "PENDING",
      attempt: 0,
      agentId: null,
      session: null,
      instanceId: null,
      cancelReason: null,
      reason: event.reason,
      triggeredAtMs: event.atMs,
      assignedAtMs: null,
      startedAtMs: null,
      finishedAtMs: null,
    };
    this.runs.set(run.runId, run);
    this.#countUse(run.definitionHash, 1);
    this.queue.push(run.runId);
    if (event.idempotencyKey !== null) this.#remember(event.idempotencyKey, run.runId, event.atMs);
    return run;
  }

  #remember(key: string, runId: string, atMs: number): void {
    this.#keys.delete(key);
    this.#keys.set(key, { runId, atMs });
    for (const [oldest, remembered] of this.#keys) {
      if (this.#keys.size <= idempotencyKeysMax && atMs - remembered.atMs < idempotencyWindowMs) break;
      this.#keys.delete(oldest);
    }
  }

  #assign(runId: string, change: Partial<Run> & { agentId: string; session: string | null }): Run {
    const run = this.#change(runId, change);
    this.queue.remove(runId);
    this.#holdings(change.agentId, change.session).add(runId);
    return run;
  }

  #changeTask(event: TaskChanged): TaskRun {
    let tasks = this.#tasks.get(event.runId);
    if (tasks === undefined) this.#tasks.set(event.runId, tasks = new Map());
    const before = tasks.get(event.taskId);
    const sameTry = before?.tryNumber === event.tryNumber;
    const task: TaskRun = {
      runId: event.runId,
      attempt: event.attempt,
      taskId: event.taskId,
      taskRunId: event.taskRunId,
      tryNumber: event.tryNumber,
      state: event.state,
      startedAtMs: event.state === "RUNNING" ? event.happenedAtMs : sameTry ? before.startedAtMs : null,
      finishedAtMs: event.state === "PENDING" || event.state === "RUNNING" ? null : event.happenedAtMs,
      exitCode: event.exitCode,
      reason: event.reason,
    };
    tasks.set(event.taskId, task);
    return task;
  }

  #finish(runId: string, change: Partial<Run> & { state: RunState }): Run {
    const run = this.#letGo(runId, change);
    this.queue.remove(runId);
    this.runs.delete(runId);
    this.#countUse(run.definitionHash, -1);
    return run;
  }

  /** Changes a run that its agent no longer holds afterwards; a final run keeps the agent's name as a record. */
  #letGo(runId: string, change: Partial<Run> & { state: RunState }): Run {
    const { agentId, session, instanceId } = this.#runById(runId);
    const run = this.#change(runId, change);
    if (agentId !== null) {
      const key = holderKey(agentId, session);
      const holdings = this.#runsOfAgent.get(key);
      holdings?.delete(runId);
      if (holdings?.size === 0) this.#runsOfAgent.delete(key);
    }
    // An original agent may use an instance id again after its restart: then the id is the newer run's.
    const instance = instanceId === null ? null : instanceKey(agentId, instanceId);
    if (instance !== null && this.#runsOfInstance.get(instance) === runId) this.#runsOfInstance.delete(instance);
    this.#tasks.delete(runId);
    return run;
  }

  #change(runId: string, change: Partial<Run>): Run {
    const run = this.#runById(runId);
    if (change.state !== undefined && !canMove(run.state, change.state)) {
      throw new Error(`run ${runId} cannot go from ${run.state} to ${change.state}`);
    }
    const changed = { ...run, ...change };
    this.runs.set(runId, changed);
    return changed;
  }

  /** An event is about the present attempt of its run; an assignment opens the next one. */
  #checkAttempt({ type, runId, attempt }: { type: Event["type"]; runId: string; attempt: number }): void {
    const present = this.#runById(runId).attempt;
    if (attempt === (type === "run_assigned" ? present + 1 : present)) return;
    throw new Error(`${type} of run ${runId} names attempt ${attempt}, but the present one is ${present}`);
  }

  #runById(runId: string): Run {
    const run = this.runs.get(runId);
    if (run === undefined || isFinal(run.state)) throw new Error(`run ${runId} is not in progress`);
    return run;
  }

  #holdings(agentId: string, session: string | null): Set<string> {
    const key = holderKey(agentId, session);
    let holdings = this.#runsOfAgent.get(key);
    if (holdings === undefined) this.#runsOfAgent.set(key, holdings = new Set());
    return holdings;
  }

  /** Counts the runs that use a definition; one that nobody uses goes, unless it is its workflow's newest. */
  #countUse(hash: string, change: number): void {
    const uses = (this.#usesOfHash.get(hash) ?? 0) + change;
    if (uses > 0) {
      this.#usesOfHash.set(hash, uses);
      return;
    }
    this.#usesOfHash.delete(hash);
    const definition = this.#definitions.get(hash);
    if (definition !== undefined && this.#newestHashes.get(definition.workflowId) !== hash) {
      this.#definitions.delete(hash);
    }
  }
}

/** A {@linkcode State} as plain JSON. */
export interface Snapshot {
  readonly runs: readonly Run[];
  readonly tasks: readonly TaskRun[];
  readonly queue: readonly string[];
  readonly definitions: readonly Definition[];
  readonly newestHashes: readonly (readonly [workflowId: string, hash: string])[];
  readonly keys: readonly (readonly [key: string, runId: string, atMs: number])[];
}

/** Names who holds runs: a process by its session, an original agent, which has none, by its id. */
export function holderKey(agentId: string, session: string | null): string {
  return session === null ? `original\x01${agentId}` : `session\x01${session}`;
}

function instanceKey(agentId: string | null, instanceId: string): string {
  return `${agentId ?? ""}\x01${instanceId}`;
}

function unknownEvent(event: never): never {
  throw new Error(`unknown event ${JSON.stringify(event)}`);
}
