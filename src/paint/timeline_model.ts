/** When what happened in a run, on one clock: what a timeline shows. */
import { isFinal, type Run, type TaskRun } from "../core/mod.ts";
import { criticalPathOf } from "./critical_path.ts";
import { cleanGraph, type Node } from "./graph.ts";

/** An attempt of a run before its present one. */
export interface EarlierAttempt {
  readonly attempt: number;
  /** One of a run, or `RETURNED`: its agent never took it up. */
  readonly state: string;
  readonly assignedAtMs: number;
  readonly endedAtMs: number;
}

/** What is known of a run. */
export interface TimelineInput {
  readonly run: Run;
  /** Of its present attempt. */
  readonly taskRuns: readonly TaskRun[];
  /** What its definition says. Reports about other tasks are passed over. */
  readonly tasks: readonly (Node & { readonly name: string })[];
  readonly earlier: readonly EarlierAttempt[];
  /** Since when it waited for its present attempt, null when that is not known any more. */
  readonly waitingSinceMs: number | null;
  /** Ids of tasks that an earlier attempt completed and the present one did not run. */
  readonly kept: readonly string[];
  /** The clock that the run's times are of. */
  readonly nowMs: number;
}

/** One task on the timeline. Times are on the principal's clock, in order, and within the run. */
export interface TimelineTask extends Node {
  readonly name: string;
  /** Null while nothing was reported. */
  readonly report: TaskRun | null;
  readonly isKept: boolean;
  /** When all it depends on had ended, or the attempt had begun; null while that has not come. */
  readonly readyMs: number | null;
  /** Of its latest try; null for a task that did not run. */
  readonly startMs: number | null;
  /** Its end; now while it runs; null for a task that did not run. */
  readonly endMs: number | null;
  readonly isRunning: boolean;
  readonly isCritical: boolean;
  /** See {@linkcode CriticalPath.slackMs}; 0 for a task that did not run. */
  readonly slackMs: number;
}

/** A run on one clock. */
export interface TimelineModel {
  /** Tasks in topological order. */
  readonly tasks: readonly TimelineTask[];
  /** The critical path, first to last. */
  readonly criticalIds: readonly string[];
  readonly slackMs: ReadonlyMap<string, number>;
  /** When the present attempt waited, until it was given to an agent or ended; null where that is not known. */
  readonly queued: { readonly startMs: number; readonly endMs: number } | null;
  /** When its present attempt was given to an agent, or its waiting began. */
  readonly beginMs: number;
  /** Its end, or now. */
  readonly endMs: number;
}

/** Brings all times of a run onto one clock. */
export function timelineModel(input: TimelineInput): TimelineModel {
  const { run, waitingSinceMs, nowMs } = input;
  const { order, before } = cleanGraph(input.tasks);
  const isUnderWay = run.state === "ASSIGNED" || run.state === "RUNNING";
  // A run that waits has the times of its last attempt still, if it had one.
  const assignedMs = run.state === "PENDING" ? null : run.assignedAtMs;
  const firstMs = assignedMs ?? waitingSinceMs ?? run.triggeredAtMs;
  const endMs = Math.max(firstMs, isFinal(run.state) ? run.finishedAtMs ?? nowMs : nowMs);
  const reports = new Map(input.taskRuns.map((report) => [report.taskId, report]));
  const kept = new Set(input.kept);
  // What is told of a kept task is from the attempt that ran it.
  const ranTasks = order.flatMap(({ id }) => kept.has(id) ? [] : reports.get(id) ?? []);
  const shiftMs = clockShift(ranTasks, firstMs, endMs);
  const onClock = (atMs: number) => Math.min(Math.max(atMs + shiftMs, firstMs), endMs);

  const ends = new Map<string, number>();
  const timed = order.map((task) => {
    const report = reports.get(task.id) ?? null;
    const isRunning = report?.state === "RUNNING" && isUnderWay;
    const startedAtMs = kept.has(task.id) ? null : report?.startedAtMs ?? null;
    const startMs = startedAtMs === null || report?.state === "PENDING" ? null : onClock(startedAtMs);
    const reportedEndMs = report?.finishedAtMs ?? null;
    const taskEndMs = startMs === null
      ? null
      : Math.max(startMs, isRunning || reportedEndMs === null ? endMs : onClock(reportedEndMs));
    const dependencies = before.get(task.id) ?? [];
    const isReady = assignedMs !== null && dependencies.every((id) => ends.has(id));
    const readyMs = isReady ? dependencies.reduce((last, id) => Math.max(last, ends.get(id) ?? last), firstMs) : null;
    if (kept.has(task.id)) ends.set(task.id, firstMs);
    else if (taskEndMs !== null && !isRunning) ends.set(task.id, taskEndMs);
    return {
      id: task.id,
      name: task.name,
      depends: dependencies,
      report,
      isKept: kept.has(task.id),
      readyMs: startMs === null || readyMs === null ? readyMs : Math.min(readyMs, startMs),
      startMs,
      endMs: taskEndMs,
      isRunning,
    };
  });
  const { criticalIds, slackMs } = criticalPathOf(timed);
  const critical = new Set(criticalIds);
  return {
    tasks: timed.map((task) => ({
      ...task,
      isCritical: critical.has(task.id),
      slackMs: slackMs.get(task.id) ?? 0,
    })),
    criticalIds,
    slackMs,
    queued: waitingSinceMs === null
      ? null
      : { startMs: Math.min(waitingSinceMs, firstMs), endMs: assignedMs === null ? endMs : firstMs },
    beginMs: firstMs,
    endMs,
  };
}

/**
 * What the times of tasks, by the agent's clock, are to be moved by so that they lie within the run: as little as possible,
 * in most cases nothing. If they cannot, the first start counts.
 */
function clockShift(reports: readonly TaskRun[], firstMs: number, endMs: number): number {
  const starts = reports.flatMap(({ startedAtMs }) => startedAtMs ?? []);
  if (starts.length === 0) return 0;
  const ends = reports.flatMap(({ finishedAtMs }) => finishedAtMs ?? []);
  const least = starts.reduce((a, b) => Math.min(a, b));
  const most = [...starts, ...ends].reduce((a, b) => Math.max(a, b));
  if (least < firstMs) return firstMs - least;
  return most > endMs ? Math.max(endMs - most, firstMs - least) : 0;
}
