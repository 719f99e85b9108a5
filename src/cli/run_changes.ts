/** What changed about a run between two looks at it, as lines and as JSON. */
import { isoInstant } from "../clock/mod.ts";
import type { Run } from "../core/mod.ts";
import { printable } from "../paint/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";
import { durationText } from "./run_view.ts";
import type { ShownTask } from "./shown_tasks.ts";

/** A run with its tasks, as it was at one look. */
export interface RunView {
  readonly run: Run;
  readonly tasks: readonly ShownTask[];
  readonly shown: ReplyTo<"SHOWRUN">;
}

/** One change, when it happened as far as that is known, in Unix milliseconds. */
export type RunChange =
  | { readonly type: "run"; readonly atMs: number; readonly run: Run }
  | { readonly type: "task"; readonly atMs: number; readonly runId: string; readonly task: ShownTask };

/** What is different, the run's end last. @param before Null: everything that is known is new. */
export function changesBetween(before: RunView | null, after: RunView, nowMs: number): RunChange[] {
  const known = new Map(before?.tasks.map((task) => [task.taskId, taskKey(before.run, task)]));
  const tasks = after.tasks
    .filter((task) => task.state !== null && known.get(task.taskId) !== taskKey(after.run, task))
    .map((task): RunChange => ({
      type: "task",
      atMs: task.finishedAtMs ?? task.startedAtMs ?? nowMs,
      runId: after.run.runId,
      task,
    }))
    .toSorted((a, b) => a.atMs - b.atMs);
  const run = runChange(before?.run, after.run, nowMs);
  if (run === null) return tasks;
  return after.run.finishedAtMs === null ? [run, ...tasks] : [...tasks, run];
}

/** What is different about a run itself; null for nothing that is told. */
export function runChange(before: Run | undefined, run: Run, nowMs: number): RunChange | null {
  if (before !== undefined && runKey(before) === runKey(run)) return null;
  const atMs = run.state === "PENDING"
    ? run.attempt === 0 && !run.paused ? run.triggeredAtMs : nowMs
    : run.finishedAtMs ?? (run.state === "ASSIGNED" ? run.assignedAtMs : run.startedAtMs) ?? nowMs;
  return { type: "run", atMs, run };
}

function runKey({ state, attempt, paused, cancelReason }: Run): string {
  return JSON.stringify([state, attempt, paused, cancelReason]);
}

function taskKey({ attempt }: Run, { state, tryNumber }: ShownTask): string {
  return JSON.stringify([attempt, state, tryNumber]);
}

/** A change as one line such as `12:00:01 task load COMPLETED in 2.0 s`; the time is in UTC. */
export function changeText(change: RunChange, isAmongOthers: boolean): string {
  const time = isoInstant(change.atMs).slice(11, 19);
  if (change.type === "task") return printable(`${time} task ${taskText(change.task)}`);
  const { run } = change;
  const name = isAmongOthers ? `run ${run.runId} of ${run.workflowId}` : `run ${run.runId}`;
  return printable(`${time} ${name} ${runText(run)}`);
}

function taskText({ taskId, state, startedAtMs, finishedAtMs, tryNumber, reason }: ShownTask): string {
  const took = durationText(startedAtMs, finishedAtMs);
  const again = tryNumber !== null && tryNumber > 1 && state === "RUNNING" ? `, try ${tryNumber}` : "";
  return `${taskId} ${state ?? "waiting"}${again}${took === "" ? "" : ` in ${took}`}${
    reason === null ? "" : `: ${reason}`
  }`;
}

function runText(run: Run): string {
  const { state, attempt, agentId, paused, cancelReason, reason, startedAtMs, finishedAtMs } = run;
  const took = durationText(startedAtMs, finishedAtMs);
  const facts = [
    ...agentId !== null && (state === "ASSIGNED" || state === "RUNNING") ? [` on ${agentId}`] : [],
    ...attempt > 1 ? [`, attempt ${attempt}`] : [],
    ...finishedAtMs === null && paused ? [", paused"] : [],
    ...finishedAtMs === null && cancelReason !== null ? [", being cancelled"] : [],
    ...finishedAtMs !== null && took !== "" ? [` in ${took}`] : [],
    ...reason === null ? [] : [`: ${reason}`],
  ];
  return state + facts.join("");
}

/** A change as one JSON document on a line. */
export function changeJson(change: RunChange): unknown {
  return change.type === "run"
    ? { type: "run", atMs: change.atMs, ...change.run }
    : { type: "task", atMs: change.atMs, runId: change.runId, ...change.task };
}
