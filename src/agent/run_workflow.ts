/**
 * Runs the tasks of one attempt: {@linkcode RunGraph} says what may start, this file starts it, tries again, reports,
 * and stops.
 *
 * Each try of a task is a task run of its own, with its own id, and is reported as
 *
 * ```
 * PENDING ──► RUNNING ──► COMPLETED
 *    │           ├──────► FAILED ──► PENDING (of the next try, while `retries` last)
 *    └───────────┴──────► CANCELLED
 * ```
 *
 * A task that never gets its turn because of a task above it is reported once, as SKIPPED.
 */

import { type Clock, sleep } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import type { Task, Workflow } from "../workflow/mod.ts";
import { taskEnvironment } from "./executors/environment.ts";
import { RunGraph } from "./run_graph.ts";
import { type EmitLines, inWords, type ProcessLimits, remark, runTask, type TryOutcome } from "./run_task.ts";

/** Tasks of one run that have a process at the same time; the default of CDKTR_AGENT_MAX_CONCURRENCY. */
const defaultMaxParallelTasks = 5;

/** Pause before the second try of a task; it doubles with each further one. */
const firstRetryDelayMs = 1_000;

/** Longest pause between two tries. */
const longestRetryDelayMs = 60_000;

/** What may happen to a task run. */
type Happening =
  | { readonly state: "PENDING" | "RUNNING" | "COMPLETED" }
  | {
    readonly state: "FAILED";
    /** Why, as part of a sentence: `exited with code 3`. */
    readonly reason: string;
    /** `null` when the process did not exit by itself. */
    readonly exitCode: number | null;
    /** Name of the signal that ended the process; `null` when none did. */
    readonly signal: string | null;
  }
  /** `because`: id of the task above that failed or was cancelled. */
  | { readonly state: "SKIPPED"; readonly because: string }
  | { readonly state: "CANCELLED"; readonly reason: string };

/** What happened to a task run, and when. */
export type TaskEvent = Happening & {
  readonly taskId: string;
  readonly taskRunId: string;
  /** Which try at the task this is, from 1. */
  readonly try: number;
  /** Wall time in Unix milliseconds. */
  readonly atMs: number;
};

/** What the attempt came to. `reason`: a sentence for people; `null` when all went well. */
export interface RunOutcome {
  readonly state: "COMPLETED" | "FAILED" | "CANCELLED" | "TIMED_OUT";
  readonly reason: string | null;
}

/** What {@linkcode runWorkflow} takes. */
export interface RunWorkflowOptions {
  readonly workflow: Workflow;
  readonly runId: string;
  /** From 1. */
  readonly attempt: number;
  /** Parameters of the run; its tasks see them as `CDKTR_PARAM_<KEY>`. */
  readonly params: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly newTaskRunId: () => string;
  /** Aborts to cancel the run; its reason is told to people. */
  readonly signal: AbortSignal;
  /** Takes each event. Called one at a time, in order; the tasks do not wait for it, the end of the run does. */
  readonly report: (event: TaskEvent) => void | Promise<void>;
  /** Takes the lines of all tasks. Those of a task run were all taken before its last event is reported. */
  readonly emit: EmitLines;
  /** At least 1. @default 5 */
  readonly maxParallelTasks?: number | undefined;
  /** Limits of each task's process. @default those of {@linkcode ProcessLimits} */
  readonly limits?: ProcessLimits | undefined;
}

/**
 * Runs the tasks of a workflow, as parallel as their dependencies and `maxParallelTasks` allow, and waits for the last.
 *
 * A task that failed for good takes all that depends on it along; independent branches go on. On cancel, and when the
 * workflow's own `timeoutMs` is over, running tasks are ended and nothing new is started.
 *
 * @throws CdktrError `INVALID_WORKFLOW` for a graph that cannot be run, `INVALID_ARGUMENT` for a `maxParallelTasks` that
 *   starts nothing. What `report` or `emit` threw, once everything was ended.
 */
export async function runWorkflow(options: RunWorkflowOptions): Promise<RunOutcome> {
  return await new WorkflowRun(options).run();
}

/** The pause before a try, in milliseconds: 1 s before the second, then twice as long each time, 60 s at most. */
export function retryDelayMs(tryNumber: number): number {
  return Math.min(firstRetryDelayMs * 2 ** (tryNumber - 2), longestRetryDelayMs);
}

/** One try at a task. */
interface TaskRun {
  readonly task: Task;
  readonly taskRunId: string;
  readonly try: number;
}

class WorkflowRun {
  readonly #options: RunWorkflowOptions;
  readonly #maxParallelTasks: number;
  readonly #tasks: ReadonlyMap<string, Task>;
  readonly #graph: RunGraph;
  /** Task runs in the order they may start; those before `#nextReady` have had their turn. */
  readonly #ready: TaskRun[] = [];
  #nextReady = 0;
  #running = 0;
  /** All that goes on: processes, and pauses before another try. None of these promises rejects. */
  readonly #underWay = new Set<Promise<void>>();
  #changed = Promise.withResolvers<void>();
  /** Ends when every event so far was taken. Does not reject. */
  #reported: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  /** Why the run ends before its tasks are done; the first cause stands. */
  #stopped: { readonly state: "CANCELLED" | "TIMED_OUT"; readonly reason: string } | undefined;
  #firstFailure: string | null = null;
  /** What `report` or `emit` threw. */
  #defect: { readonly error: unknown } | undefined;

  constructor(options: RunWorkflowOptions) {
    this.#options = options;
    this.#maxParallelTasks = options.maxParallelTasks ?? defaultMaxParallelTasks;
    if (!(this.#maxParallelTasks >= 1)) {
      throw new CdktrError("INVALID_ARGUMENT", `maxParallelTasks must be at least 1, got ${this.#maxParallelTasks}.`);
    }
    this.#tasks = new Map(options.workflow.tasks.map((task) => [task.id, task]));
    this.#graph = new RunGraph(options.workflow.tasks);
  }

  async run(): Promise<RunOutcome> {
    const { signal, clock, workflow: { timeoutMs } } = this.#options;
    const onAbort = () => this.#stop("CANCELLED", messageOf(signal.reason));
    const onTimeout = () => this.#stop("TIMED_OUT", `the run took longer than ${inWords(timeoutMs ?? 0)}`);
    const cancelTimeout = timeoutMs === null ? () => {} : clock.setTimer(timeoutMs, onTimeout);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();

    for (const id of this.#graph.start()) this.#announce(id, 1);
    while (!this.#graph.finished && this.#defect === undefined) {
      this.#changed = Promise.withResolvers();
      this.#startReady();
      if (!this.#graph.finished) await this.#changed.promise;
    }

    cancelTimeout();
    signal.removeEventListener("abort", onAbort);
    await Promise.all(this.#underWay);
    await this.#reported;
    if (this.#defect !== undefined) throw this.#defect.error;
    return this.#outcome();
  }

  #outcome(): RunOutcome {
    if (this.#stopped !== undefined && this.#graph.counts.cancelled > 0) return this.#stopped;
    return { state: this.#graph.outcome === "done" ? "COMPLETED" : "FAILED", reason: this.#firstFailure };
  }

  /** Starts what may start; once the run is stopped, cancels it instead. */
  #startReady(): void {
    while (this.#stopped !== undefined || this.#running < this.#maxParallelTasks) {
      const taskRun = this.#ready[this.#nextReady];
      if (taskRun === undefined) return;
      this.#nextReady += 1;
      if (this.#stopped !== undefined) this.#cancelled(taskRun, this.#stopped.reason);
      else this.#keep(this.#execute(taskRun));
    }
  }

  async #execute(taskRun: TaskRun): Promise<void> {
    const { task, taskRunId } = taskRun;
    const { workflow, runId, attempt, params, clock, emit, limits = {} } = this.#options;
    if (taskRun.try === 1) this.#graph.begin(task.id);
    this.#running += 1;
    this.#report(taskRun, { state: "RUNNING" });
    try {
      const env = taskEnvironment({ workflow, task, runId, attempt, params });
      const signal = this.#stopping.signal;
      await this.#settle(taskRun, await runTask({ task, taskRunId, env, signal, clock, emit, limits }));
    } finally {
      this.#running -= 1;
    }
  }

  async #settle(taskRun: TaskRun, outcome: TryOutcome): Promise<void> {
    const { task } = taskRun;
    switch (outcome.kind) {
      case "succeeded":
        this.#report(taskRun, { state: "COMPLETED" });
        for (const id of this.#graph.succeeded(task.id)) this.#announce(id, 1);
        return;
      case "cancelled": {
        const reason = this.#stopped?.reason ?? "the run was stopped";
        await this.#remark(taskRun, `ended because the run was stopped: ${reason}`);
        return this.#cancelled(taskRun, reason);
      }
      case "failed": {
        const { reason, exitCode, signal } = outcome;
        const next = taskRun.try + 1;
        const again = taskRun.try <= task.retries && this.#stopped === undefined;
        if (again) {
          await this.#remark(taskRun, `try ${next} of ${task.retries + 1} starts in ${inWords(retryDelayMs(next))}`);
        }
        this.#report(taskRun, { state: "FAILED", reason, exitCode, signal });
        if (again) return this.#announce(task.id, next);
        this.#firstFailure ??= `task "${task.id}" failed: ${reason}`;
        return this.#skip(this.#graph.failed(task.id), task.id);
      }
      default:
        return outcome satisfies never;
    }
  }

  /** A try is to come: at once for the first one, after a pause for those that follow. */
  #announce(taskId: string, tryNumber: number): void {
    const taskRun = this.#taskRun(taskId, tryNumber);
    this.#report(taskRun, { state: "PENDING" });
    if (tryNumber === 1) this.#ready.push(taskRun);
    else this.#keep(this.#pause(taskRun));
  }

  async #pause(taskRun: TaskRun): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    try {
      await sleep(clock, retryDelayMs(taskRun.try), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    this.#ready.push(taskRun);
  }

  #cancelled(taskRun: TaskRun, reason: string): void {
    this.#report(taskRun, { state: "CANCELLED", reason });
    this.#skip(this.#graph.cancelled(taskRun.task.id), taskRun.task.id);
  }

  #skip(taskIds: readonly string[], because: string): void {
    for (const id of taskIds) this.#report(this.#taskRun(id, 1), { state: "SKIPPED", because });
  }

  #taskRun(taskId: string, tryNumber: number): TaskRun {
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw new CdktrError("INTERNAL", `The workflow has no task "${taskId}".`);
    return { task, taskRunId: this.#options.newTaskRunId(), try: tryNumber };
  }

  async #remark(taskRun: TaskRun, text: string): Promise<void> {
    const { clock, emit } = this.#options;
    await emit([remark({ ...taskRun, clock }, text)]);
  }

  #report({ task, taskRunId, try: tryNumber }: TaskRun, happening: Happening): void {
    const { clock, report } = this.#options;
    const event: TaskEvent = { taskId: task.id, taskRunId, try: tryNumber, atMs: clock.nowMs(), ...happening };
    this.#reported = this.#reported.then(() => report(event)).catch((error: unknown) => this.#giveUp(error));
  }

  #keep(work: Promise<void>): void {
    const kept = work.catch((error: unknown) => this.#giveUp(error)).finally(() => {
      this.#underWay.delete(kept);
      this.#changed.resolve();
    });
    this.#underWay.add(kept);
  }

  #stop(state: "CANCELLED" | "TIMED_OUT", reason: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = { state, reason };
    this.#stopping.abort();
    this.#changed.resolve();
  }

  #giveUp(error: unknown): void {
    this.#defect ??= { error };
    this.#stop("CANCELLED", `the agent failed: ${messageOf(error)}`);
    this.#changed.resolve();
  }
}
