/** What the principal knows while deciding: the runs that are not finished, their queue, and what must not happen twice. */
import type {
  Event,
  RunRequeued,
  RunTriggered,
  ScheduleNoted,
  ScheduleText,
  TaskChanged,
  TriggerSkipped,
} from "./event.ts";
import { RunQueue } from "./queue.ts";
import { canMove, type Definition, isFinal, type Run, type RunState, type TaskRun } from "./run.ts";
import { RunsByWorkflow } from "./runs_by_workflow.ts";

/** How long a repeated idempotency key finds its run. */
export const idempotencyWindowMs = 24 * 3_600_000;
/** How many idempotency keys are remembered; the oldest go first. */
export const idempotencyKeysMax = 200_000;

/** Workflows whose newest definition is kept although nothing runs it; of one that is used again it is written again. */
export const newestDefinitionsMax = 10_000;

/** What one event changed, as it is after it. */
export interface Change {
  readonly definition?: Definition;
  readonly run?: Run;
  readonly tasks?: readonly TaskRun[];
}

/** When a workflow is due, and since when that is known. */
export interface NotedSchedule extends ScheduleText {
  readonly workflowId: string;
  /** Up to here nothing was missed: the newest due time that was triggered, or when the schedule came into force. */
  readonly watermarkMs: number;
}

const noTasks: ReadonlyMap<string, TaskRun> = new Map();

type RememberedTrigger = Pick<
  RunTriggered | TriggerSkipped,
  "type" | "workflowId" | "idempotencyKey" | "dueMs" | "atMs"
>;

/** What a run has that no agent holds. */
const notOnAgent = { agentId: null, session: null, assignedAtMs: null } as const;
/** What a run has that waits for an attempt of which nothing is known yet. */
const notBegun = {
  ...notOnAgent,
  state: "PENDING",
  instanceId: null,
  cancelReason: null,
  cancelTasks: [],
  paused: false,
  startedAtMs: null,
  finishedAtMs: null,
} as const;

/** What became of a trigger with an idempotency key. */
export interface RememberedKey {
  /** The run it led to, or the one in whose favour it was skipped. */
  readonly runId: string;
  readonly isSkipped: boolean;
  readonly atMs: number;
}

/** The decider's state. Only {@linkcode State.evolve} changes it. */
export class State {
  /** Runs that are not final, by id, in the order they were triggered or brought back. */
  readonly runs = new Map<string, Run>();
  /** Runs that an agent may have. One that is paused or waits for another of its workflow is not among them. */
  readonly queue = new RunQueue();
  readonly #ofWorkflow = new RunsByWorkflow();
  readonly #schedules = new Map<string, NotedSchedule>();
  readonly #definitions = new Map<string, Definition>();
  /** The newest definition of each workflow, the one stored longest ago first; it stays although nothing runs it. */
  readonly #newestHashes = new Map<string, string>();
  readonly #usesOfHash = new Map<string, number>();
  readonly #keys = new Map<string, RememberedKey>();
  readonly #runsOfAgent = new Map<string, Set<string>>();
  readonly #runsOfInstance = new Map<string, string>();
  /** By run id, then by task id: what was reported about the present attempt, and what was kept of the one before. */
  readonly #tasks = new Map<string, Map<string, TaskRun>>();

  /** The definition of that hash, if a run or a workflow still uses it. */
  definition(hash: string): Definition | undefined {
    return this.#definitions.get(hash);
  }

  /** What became of the trigger with an idempotency key, while it is remembered. */
  triggerOfKey(key: string, nowMs: number): RememberedKey | undefined {
    const remembered = this.#keys.get(key);
    return remembered !== undefined && nowMs - remembered.atMs < idempotencyWindowMs ? remembered : undefined;
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

  /** The runs of a workflow that have not ended, in the order they were triggered or brought back. */
  runsOfWorkflow(workflowId: string): readonly Run[] {
    return [...this.#ofWorkflow.ids(workflowId)].flatMap((id) => this.runs.get(id) ?? []);
  }

  /** The first of those runs. */
  firstRunOf(workflowId: string): Run | undefined {
    return this.runs.get(this.#ofWorkflow.first(workflowId) ?? "");
  }

  /** The run that a waiting one has to see ended first, by its overlap policy; `undefined` when there is none. */
  runAheadOf({ runId, workflowId, overlap }: Run): Run | undefined {
    if (overlap === "allow") return undefined;
    const first = this.firstRunOf(workflowId);
    return first?.runId === runId ? undefined : first;
  }

  /** When each workflow is due, by what was noted last. */
  get schedules(): ReadonlyMap<string, NotedSchedule> {
    return this.#schedules;
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
      case "trigger_skipped":
        this.#rememberTrigger(event, event.blockingRunId);
        return {};
      case "run_assigned": {
        const { runId, attempt, agentId, session, reason, atMs } = event;
        const run = this.#change(runId, {
          ...{ state: "ASSIGNED", attempt, agentId, session, reason },
          instanceId: null,
          assignedAtMs: atMs,
        });
        this.#holdings(agentId, session).add(runId);
        return { run, tasks: this.#carryOver(runId, attempt) };
      }
      case "run_returned": {
        const { state } = this.#runById(event.runId);
        if (state !== "ASSIGNED") throw new Error(`run ${event.runId} cannot go back to the queue from ${state}`);
        return { run: this.#letGo(event.runId, { state: "PENDING", reason: event.reason, ...notOnAgent }) };
      }
      case "run_requeued":
        return { run: this.#requeue(event) };
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
        return { tasks: [this.#changeTask(event)] };
      case "cancel_requested":
        return { run: this.#change(event.runId, { cancelReason: event.reason }) };
      case "task_cancel_requested": {
        const { cancelTasks } = this.#runById(event.runId);
        return { run: this.#change(event.runId, { cancelTasks: [...cancelTasks, event.taskId] }) };
      }
      case "run_paused":
      case "run_resumed":
        return { run: this.#change(event.runId, { paused: event.type === "run_paused" }) };
      case "run_finished":
        return {
          run: this.#finish(event.runId, { state: event.state, reason: event.reason, finishedAtMs: event.atMs }),
        };
      case "schedule_noted":
        this.#noteSchedule(event);
        return {};
      case "report_ignored":
      case "principal_started":
      case "principal_stopped":
      case "agent_joined":
      case "agent_left":
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
      runsOfWorkflows: [...this.#ofWorkflow.entries()],
      schedules: [...this.#schedules.values()],
      definitions: [...this.#definitions.values()],
      newestHashes: [...this.#newestHashes],
      keys: [...this.#keys].map(([key, { runId, atMs, isSkipped }]) => [key, runId, atMs, isSkipped]),
    };
  }

  /** The state that {@linkcode State.toSnapshot} described. */
  static fromSnapshot(snapshot: Snapshot): State {
    const state = new State();
    for (const definition of snapshot.definitions) state.#definitions.set(definition.hash, definition);
    for (const [workflowId, hash] of snapshot.newestHashes) state.#newestHashes.set(workflowId, hash);
    for (const [key, runId, atMs, isSkipped] of snapshot.keys) state.#keys.set(key, { runId, atMs, isSkipped });
    for (const run of snapshot.runs) {
      state.runs.set(run.runId, run);
      state.#countUse(run.definitionHash, 1);
      if (run.agentId !== null) state.#holdings(run.agentId, run.session).add(run.runId);
      if (run.instanceId !== null) state.#runsOfInstance.set(instanceKey(run.agentId, run.instanceId), run.runId);
    }
    for (const [workflowId, runIds] of snapshot.runsOfWorkflows) {
      for (const runId of runIds) state.#ofWorkflow.add(workflowId, runId);
    }
    for (const task of snapshot.tasks) state.#tasksToChange(task.runId).set(task.taskId, task);
    for (const schedule of snapshot.schedules) state.#schedules.set(schedule.workflowId, schedule);
    for (const run of snapshot.runs) state.#queueIfReady(run);
    return state;
  }

  #storeDefinition({ hash, workflowId, workflowName, body }: Definition): Definition {
    const definition = { hash, workflowId, workflowName, body };
    this.#definitions.set(hash, definition);
    const previous = this.#newestHashes.get(workflowId);
    this.#newestHashes.delete(workflowId);
    this.#newestHashes.set(workflowId, hash);
    if (previous !== undefined && previous !== hash) this.#countUse(previous, 0);
    const [oldest] = this.#newestHashes;
    if (this.#newestHashes.size > newestDefinitionsMax && oldest !== undefined) {
      this.#newestHashes.delete(oldest[0]);
      this.#countUse(oldest[1], 0);
    }
    return definition;
  }

  #trigger(event: RunTriggered): Run {
    if (this.runs.has(event.runId)) throw new Error(`run ${event.runId} is there already`);
    const definition = this.#definitions.get(event.definitionHash);
    if (definition === undefined) throw new Error(`run ${event.runId} refers to an unknown definition`);
    const { runId, workflowId, definitionHash, trigger, params, idempotencyKey, dueMs, requires, reason } = event;
    const { priority, overlap, onCrash } = event;
    const run: Run = {
      ...{ runId, workflowId, workflowName: definition.workflowName, definitionHash },
      ...{ trigger, params, idempotencyKey, dueMs, requires, priority, overlap, onCrash },
      ...notBegun,
      attempt: 0,
      crashRetries: 0,
      reason,
      triggeredAtMs: event.atMs,
    };
    this.#rememberTrigger(event, runId);
    this.#admit(run);
    return run;
  }

  /** A run joins those in progress, behind the others of its workflow. */
  #admit(run: Run): void {
    this.runs.set(run.runId, run);
    this.#countUse(run.definitionHash, 1);
    this.#ofWorkflow.add(run.workflowId, run.runId);
    this.#queueIfReady(run);
  }

  #requeue({ runId, kept, restored, reason }: RunRequeued): Run {
    if (restored === null) {
      // What people wished of the run goes on to hold: nobody of them asked for another attempt.
      const { crashRetries, paused, cancelTasks } = this.#runById(runId);
      const tasks = kept.flatMap((taskId) => this.#tasks.get(runId)?.get(taskId) ?? []);
      this.#release(runId);
      this.#keepTasks(runId, tasks);
      return this.#change(runId, { ...notBegun, paused, cancelTasks, reason, crashRetries: crashRetries + 1 });
    }
    if (this.runs.has(runId) || !isFinal(restored.run.state)) throw new Error(`run ${runId} has not ended`);
    const run = { ...restored.run, ...notBegun, reason };
    this.#admit(run);
    this.#keepTasks(runId, restored.tasks.filter(({ taskId }) => kept.includes(taskId)));
    return run;
  }

  #keepTasks(runId: string, tasks: readonly TaskRun[]): void {
    if (tasks.length === 0) this.#tasks.delete(runId);
    else this.#tasks.set(runId, new Map(tasks.map((task) => [task.taskId, task])));
  }

  /** Makes what was kept of the attempt before part of this one. */
  #carryOver(runId: string, attempt: number): TaskRun[] {
    const kept = [...this.tasksOf(runId).values()].map((task) => ({ ...task, attempt }));
    this.#keepTasks(runId, kept);
    return kept;
  }

  #noteSchedule({ workflowId, schedule, atMs }: ScheduleNoted): void {
    if (schedule === null) this.#schedules.delete(workflowId);
    else this.#schedules.set(workflowId, { ...schedule, workflowId, watermarkMs: atMs });
  }

  #rememberTrigger(event: RememberedTrigger, runId: string): void {
    const { type, workflowId, idempotencyKey, dueMs, atMs } = event;
    const isSkipped = type === "trigger_skipped";
    if (idempotencyKey !== null) this.#remember(idempotencyKey, { runId, isSkipped, atMs });
    const schedule = this.#schedules.get(workflowId);
    if (schedule === undefined || dueMs === null || dueMs <= schedule.watermarkMs) return;
    this.#schedules.set(workflowId, { ...schedule, watermarkMs: dueMs });
  }

  #remember(key: string, trigger: RememberedKey): void {
    this.#keys.delete(key);
    this.#keys.set(key, trigger);
    for (const [oldest, remembered] of this.#keys) {
      const isYoung = trigger.atMs - remembered.atMs < idempotencyWindowMs;
      if (this.#keys.size <= idempotencyKeysMax && isYoung) break;
      this.#keys.delete(oldest);
    }
  }

  #changeTask(event: TaskChanged): TaskRun {
    const tasks = this.#tasksToChange(event.runId);
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
      outputs: event.outputs,
    };
    tasks.set(event.taskId, task);
    return task;
  }

  #tasksToChange(runId: string): Map<string, TaskRun> {
    let tasks = this.#tasks.get(runId);
    if (tasks === undefined) this.#tasks.set(runId, tasks = new Map());
    return tasks;
  }

  #finish(runId: string, change: Partial<Run> & { state: RunState }): Run {
    const run = this.#letGo(runId, change);
    this.#tasks.delete(runId);
    this.runs.delete(runId);
    this.#ofWorkflow.remove(run.workflowId, runId);
    this.#countUse(run.definitionHash, -1);
    const next = this.firstRunOf(run.workflowId);
    if (next !== undefined) this.#queueIfReady(next);
    return run;
  }

  /** Changes a run that its agent no longer holds afterwards; a final run keeps the agent's name as a record. */
  #letGo(runId: string, change: Partial<Run> & { state: RunState }): Run {
    this.#release(runId);
    return this.#change(runId, change);
  }

  /** The agent of a run holds it no longer. */
  #release(runId: string): void {
    const { agentId, session, instanceId } = this.#runById(runId);
    if (agentId !== null) {
      const key = holderKey(agentId, session);
      const holdings = this.#runsOfAgent.get(key);
      holdings?.delete(runId);
      if (holdings?.size === 0) this.#runsOfAgent.delete(key);
    }
    // An original agent may use an instance id again after its restart: then the id is the newer run's.
    const instance = instanceId === null ? null : instanceKey(agentId, instanceId);
    if (instance !== null && this.#runsOfInstance.get(instance) === runId) this.#runsOfInstance.delete(instance);
  }

  #change(runId: string, change: Partial<Run>): Run {
    const run = this.#runById(runId);
    if (change.state !== undefined && !canMove(run.state, change.state)) {
      throw new Error(`run ${runId} cannot go from ${run.state} to ${change.state}`);
    }
    const changed = { ...run, ...change };
    this.runs.set(runId, changed);
    this.#queueIfReady(changed);
    return changed;
  }

  /** Has a run stand in the queue if, and only if, an agent may have it. */
  #queueIfReady(run: Run): void {
    const isReady = run.state === "PENDING" && !run.paused && this.runAheadOf(run) === undefined;
    if (isReady === this.queue.has(run.runId)) return;
    if (isReady) this.queue.add(run);
    else this.queue.remove(run.runId);
  }

  /** An event is about the present attempt of its run; an assignment opens the next one. */
  #checkAttempt({ type, runId, attempt }: { type: Event["type"]; runId: string; attempt: number }): void {
    if (type === "run_requeued" && !this.runs.has(runId)) return; // It is brought back as it had ended.
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
  /** By workflow, in the order in which those with an overlap policy wait for one another. */
  readonly runsOfWorkflows: readonly (readonly [workflowId: string, runIds: readonly string[]])[];
  readonly schedules: readonly NotedSchedule[];
  readonly definitions: readonly Definition[];
  readonly newestHashes: readonly (readonly [workflowId: string, hash: string])[];
  readonly keys: readonly (readonly [key: string, runId: string, atMs: number, isSkipped: boolean])[];
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
