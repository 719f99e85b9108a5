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
 * A task that never gets its turn because of a task above it is reported once, as SKIPPED; one that is cancelled before
 * its turn once, as CANCELLED. Of kept tasks nothing is reported.
 */

import { type Clock, type Random, sleep } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import type { Task, Workflow } from "../workflow/mod.ts";
import { judgeFailure } from "./backoff.ts";
import type { Wish } from "./dispatcher.ts";
import type { Executor, TryOutcome } from "./executor.ts";
import { type KeptTask, type Outputs, RunOutputs } from "./outputs.ts";
import { RunGraph } from "./run_graph.ts";
import { type EmitLines, inWords, remark } from "./run_task.ts";
import type { Happening, TaskEvent } from "./task_event.ts";

/** Why a single task ends. Who asked for it and why, the principal knows. */
const taskCancelReason = "the end of this task was asked for";

/** What the attempt came to. `reason`: a sentence for people; `null` when all went well. */
export interface RunOutcome {
  readonly state: "COMPLETED" | "FAILED" | "CANCELLED" | "TIMED_OUT";
  readonly reason: string | null;
}

/** What a {@linkcode WorkflowRun} takes. */
export interface WorkflowRunOptions {
  readonly workflow: Workflow;
  readonly runId: string;
  /** From 1. */
  readonly attempt: number;
  /** Parameters of the run; its tasks see them as `CDKTR_PARAM_<KEY>`. */
  readonly params: Readonly<Record<string, string>>;
  /** Tasks that are not run again. @default none */
  readonly kept?: readonly KeptTask[];
  /** What is wished from the start. @default nothing */
  readonly wish?: Wish;
  /** Runs the tries. Closed by its owner. */
  readonly executor: Executor;
  readonly clock: Clock;
  readonly random: Random;
  readonly newTaskRunId: () => string;
  /** Aborts to cancel the run; its reason is told to people. */
  readonly signal: AbortSignal;
  /** Takes each event. Called one at a time, in order; the tasks do not wait for it, the end of the run does. */
  readonly report: (event: TaskEvent) => void | Promise<void>;
  /** Takes the lines of all tasks. Those of a task run were all taken before its last event is reported. */
  readonly emit: EmitLines;
  /** Tasks of the run that have a process at the same time; at least 1. */
  readonly maxParallelTasks: number;
}

/** One try at a task, from its announcement to its end. */
interface TaskRun {
  readonly task: Task;
  readonly taskRunId: string;
  readonly try: number;
  /** Ends its process, or its pause before the try. */
  readonly canceller: AbortController;
  phase: "waiting" | "running" | "ended";
}

/** See the top of this file. */
export class WorkflowRun {
  readonly #options: WorkflowRunOptions;
  readonly #maxParallelTasks: number;
  readonly #tasks: ReadonlyMap<string, Task>;
  readonly #graph: RunGraph;
  readonly #outputs: RunOutputs;
  /** Task runs in the order they may start; those before `#nextReady` have had their turn. */
  readonly #ready: TaskRun[] = [];
  #nextReady = 0;
  #running = 0;
  /** The present try of each task that is ready or running, by task id. */
  readonly #present = new Map<string, TaskRun>();
  /** All that goes on: processes, and pauses before another try. None of these promises rejects. */
  readonly #underWay = new Set<Promise<void>>();
  #changed = Promise.withResolvers<void>();
  /** Ends when every event so far was taken. Does not reject. */
  #reported: Promise<void> = Promise.resolve();
  #hasBegun = false;
  #wish: Wish;
  /** Tasks that were cancelled by themselves, not with the run. */
  readonly #cancelledAlone = new Set<string>();
  /** Why the run ends before its tasks are done; the first cause stands. */
  #stopped: { readonly state: "CANCELLED" | "TIMED_OUT"; readonly reason: string } | undefined;
  /** Whether the stop came before the last task had ended. */
  #stopTookEffect = false;
  #firstFailure: string | null = null;
  /** What `report` or `emit` threw. */
  #defect: { readonly error: unknown } | undefined;

  /**
   * @throws CdktrError `INVALID_WORKFLOW` for a graph that cannot be run, `INVALID_ARGUMENT` for a `maxParallelTasks` that
   *   starts nothing.
   */
  constructor(options: WorkflowRunOptions) {
    const { workflow: { tasks }, kept = [], wish = { paused: false, cancelTasks: [] } } = options;
    this.#options = options;
    this.#maxParallelTasks = options.maxParallelTasks;
    if (!(this.#maxParallelTasks >= 1)) {
      throw new CdktrError("INVALID_ARGUMENT", `maxParallelTasks must be at least 1, got ${this.#maxParallelTasks}.`);
    }
    this.#tasks = new Map(tasks.map((task) => [task.id, task]));
    this.#graph = new RunGraph(tasks, kept.map(({ taskId }) => taskId));
    this.#outputs = new RunOutputs(tasks, kept);
    this.#wish = wish;
  }

  /**
   * Runs the tasks, as parallel as their dependencies and `maxParallelTasks` allow, and waits for the last.
   *
   * A task that failed for good takes all that depends on it along; independent branches go on. On cancel, and when the
   * workflow's own `timeoutMs` is over, running tasks are ended and nothing new is started.
   *
   * @throws What `report` or `emit` threw, once everything was ended.
   */
  async run(): Promise<RunOutcome> {
    const { signal, clock, workflow: { timeoutMs } } = this.#options;
    const onAbort = () => this.#stop("CANCELLED", messageOf(signal.reason));
    const onTimeout = () => this.#stop("TIMED_OUT", `the run took longer than ${inWords(timeoutMs ?? 0)}`);
    const cancelTimeout = timeoutMs === null ? () => {} : clock.setTimer(timeoutMs, onTimeout);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();

    for (const id of this.#graph.start()) this.#announce(id);
    this.#hasBegun = true;
    this.steer(this.#wish);
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

  /**
   * Takes a wish in the place of the one before.
   *
   * While it is paused, no task starts and no further try of one; what runs goes on, and so do timeouts. A task that is to
   * be cancelled ends at once, whether it runs, waits for another try, or for tasks above it; what depends on it is
   * skipped, the rest goes on, and the run will have failed. The end of a task cannot be taken back.
   */
  steer(wish: Wish): void {
    this.#wish = wish;
    if (!this.#hasBegun) return;
    for (const taskId of wish.cancelTasks) this.#cancelTask(taskId);
    this.#changed.resolve();
  }

  #outcome(): RunOutcome {
    if (this.#stopped !== undefined && this.#stopTookEffect) return this.#stopped;
    return { state: this.#graph.outcome === "done" ? "COMPLETED" : "FAILED", reason: this.#firstFailure };
  }

  /** Starts what may start; once the run is stopped, cancels it instead. */
  #startReady(): void {
    while (this.#stopped !== undefined || (!this.#wish.paused && this.#running < this.#maxParallelTasks)) {
      const taskRun = this.#ready[this.#nextReady];
      if (taskRun === undefined) return;
      this.#nextReady += 1;
      if (taskRun.phase === "ended") continue;
      if (this.#stopped !== undefined) this.#cancelled(taskRun, this.#stopped.reason);
      else this.#keep(this.#execute(taskRun));
    }
  }

  async #execute(taskRun: TaskRun): Promise<void> {
    const { task, taskRunId, try: tryNumber, canceller: { signal } } = taskRun;
    const { workflow, runId, attempt, params, clock, emit, executor } = this.#options;
    if (tryNumber === 1) this.#graph.begin(task.id);
    taskRun.phase = "running";
    this.#running += 1;
    this.#report(taskRun, { state: "RUNNING" });
    const inputs = this.#outputs.seenBy(task.id);
    const whose = { workflow, runId, attempt, params, task, taskRunId, tryNumber };
    try {
      await this.#settle(taskRun, await executor.run({ ...whose, inputs, signal, clock, emit }));
    } finally {
      this.#running -= 1;
    }
  }

  async #settle(taskRun: TaskRun, outcome: TryOutcome): Promise<void> {
    switch (outcome.kind) {
      case "succeeded":
        return await this.#succeeded(taskRun, outcome.outputs);
      case "cancelled": {
        const reason = this.#reasonToEnd(taskRun.task.id);
        const why = this.#cancelledAlone.has(taskRun.task.id) ? reason : `the run was stopped: ${reason}`;
        await this.#remark(taskRun, `ended because ${why}`);
        return this.#cancelled(taskRun, reason);
      }
      case "failed":
        return await this.#failed(taskRun, outcome);
      default:
        return outcome satisfies never;
    }
  }

  async #succeeded(taskRun: TaskRun, outputs: Outputs | null): Promise<void> {
    const problem = this.#outputs.add(taskRun.task.id, outputs);
    if (problem !== undefined) {
      const reason = `its outputs cannot be used: ${problem}`;
      await this.#remark(taskRun, reason);
      return await this.#failed(taskRun, { reason, exitCode: 0, signal: null });
    }
    this.#end(taskRun, { state: "COMPLETED", outputs });
    for (const id of this.#graph.succeeded(taskRun.task.id)) this.#announce(id);
  }

  async #failed(
    taskRun: TaskRun,
    failure: { readonly reason: string; readonly exitCode: number | null; readonly signal: string | null },
  ): Promise<void> {
    const { task, canceller } = taskRun;
    const { reason, exitCode, signal } = failure;
    const verdict = judgeFailure(exitCode, taskRun.try, task.retry, this.#options.random);
    if (verdict.again && !canceller.signal.aborted) {
      const next = taskRun.try + 1;
      const what = `try ${next} of ${task.retry.max + 1} in ${inWords(verdict.pauseMs)}`;
      await this.#remark(taskRun, what);
      if (canceller.signal.aborted) return this.#cancelled(taskRun, this.#reasonToEnd(task.id));
      this.#end(taskRun, { state: "FAILED", reason, exitCode, signal });
      return this.#announce(task.id, { number: next, pauseMs: verdict.pauseMs, reason: `${what}: ${reason}` });
    }
    const why = verdict.again ? null : verdict.why;
    if (why !== null) await this.#remark(taskRun, `not tried again: ${why}`);
    this.#end(taskRun, { state: "FAILED", reason: why === null ? reason : `${reason}; ${why}`, exitCode, signal });
    this.#firstFailure ??= `task "${task.id}" failed: ${reason}`;
    this.#skip(this.#graph.failed(task.id), task.id);
  }

  /** A try is to come: at once for the first one, after a pause for those that follow. */
  #announce(
    taskId: string,
    again?: { readonly number: number; readonly pauseMs: number; readonly reason: string },
  ): void {
    const taskRun = this.#taskRun(taskId, again?.number ?? 1);
    this.#present.set(taskId, taskRun);
    this.#report(taskRun, { state: "PENDING", reason: again?.reason ?? null });
    if (again === undefined) this.#ready.push(taskRun);
    else this.#keep(this.#pause(taskRun, again.pauseMs));
  }

  async #pause(taskRun: TaskRun, pauseMs: number): Promise<void> {
    const { signal } = taskRun.canceller;
    try {
      await sleep(this.#options.clock, pauseMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    this.#ready.push(taskRun);
  }

  /** Ends one task by itself, if it has not ended. A run that is stopped ends all of them anyway. */
  #cancelTask(taskId: string): void {
    if (this.#stopped !== undefined || this.#cancelledAlone.has(taskId) || !this.#tasks.has(taskId)) return;
    const isWaiting = this.#graph.stateOf(taskId) === "waiting";
    const taskRun = isWaiting ? this.#taskRun(taskId, 1) : this.#present.get(taskId);
    if (taskRun === undefined) return;
    this.#cancelledAlone.add(taskId);
    taskRun.canceller.abort();
    if (taskRun.phase === "waiting") this.#cancelled(taskRun, taskCancelReason);
  }

  #reasonToEnd(taskId: string): string {
    return this.#cancelledAlone.has(taskId) ? taskCancelReason : this.#stopped?.reason ?? "the run was stopped";
  }

  #cancelled(taskRun: TaskRun, reason: string): void {
    const { task: { id } } = taskRun;
    if (this.#cancelledAlone.has(id)) this.#firstFailure ??= `task "${id}" was cancelled`;
    else this.#stopTookEffect = true;
    this.#end(taskRun, { state: "CANCELLED", reason });
    this.#skip(this.#graph.cancelled(id), id);
  }

  #skip(taskIds: readonly string[], because: string): void {
    for (const id of taskIds) this.#report(this.#taskRun(id, 1), { state: "SKIPPED", because });
  }

  #taskRun(taskId: string, tryNumber: number): TaskRun {
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw new CdktrError("INTERNAL", `The workflow has no task "${taskId}".`);
    const canceller = new AbortController();
    if (this.#stopped !== undefined) canceller.abort();
    return { task, taskRunId: this.#options.newTaskRunId(), try: tryNumber, canceller, phase: "waiting" };
  }

  async #remark(taskRun: TaskRun, text: string): Promise<void> {
    const { clock, emit } = this.#options;
    await emit([remark({ ...taskRun, clock }, text)]);
  }

  /** The last event of a task run. */
  #end(taskRun: TaskRun, happening: Happening): void {
    taskRun.phase = "ended";
    this.#present.delete(taskRun.task.id);
    this.#report(taskRun, happening);
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
    for (const { canceller } of this.#present.values()) canceller.abort();
    this.#changed.resolve();
  }

  #giveUp(error: unknown): void {
    this.#defect ??= { error };
    this.#stop("CANCELLED", `the agent failed: ${messageOf(error)}`);
    this.#changed.resolve();
  }
}
