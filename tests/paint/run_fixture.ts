/** Runs for pictures, with times in seconds. */
import type { Run, TaskRun, TaskState } from "../../src/core/mod.ts";
import type { TimelineInput } from "../../src/paint/mod.ts";

/** When the runs here were triggered. */
export const zeroMs = Date.UTC(2026, 2, 1, 12);

/** A run that was triggered at 0 s, assigned at 2 s, and is over or not. */
export function runOf(state: Run["state"], finishedS: number | null = null): Run {
  return {
    runId: "0198c7a2-3f41-7c10-8d6e-0242ac120002",
    workflowId: "etl",
    workflowName: "ETL",
    definitionHash: "",
    trigger: "manual",
    params: {},
    idempotencyKey: null,
    dueMs: null,
    requires: [],
    priority: 0,
    overlap: "allow",
    onCrash: "fail",
    state,
    attempt: 1,
    agentId: "ada@lab/AG",
    session: "s",
    instanceId: null,
    cancelReason: null,
    cancelTasks: [],
    paused: false,
    crashRetries: 0,
    reason: null,
    triggeredAtMs: zeroMs,
    assignedAtMs: state === "PENDING" ? null : zeroMs + 2000,
    startedAtMs: state === "PENDING" ? null : zeroMs + 2000,
    finishedAtMs: finishedS === null ? null : zeroMs + finishedS * 1000,
  };
}

/** What is known of a task that ran from `startS` to `endS`. */
export function taskRunOf(
  taskId: string,
  state: TaskState,
  startS: number | null,
  endS: number | null,
  tryNumber = 1,
): TaskRun {
  return {
    runId: "0198c7a2-3f41-7c10-8d6e-0242ac120002",
    attempt: 1,
    taskId,
    taskRunId: `${taskId}-${tryNumber}`,
    state,
    tryNumber,
    startedAtMs: startS === null ? null : zeroMs + startS * 1000,
    finishedAtMs: endS === null ? null : zeroMs + endS * 1000,
    exitCode: null,
    reason: null,
    outputs: null,
  };
}

/** A run that ended after 32 s: load, then clean and check, then publish. */
export function finishedRun(): TimelineInput {
  return {
    run: runOf("COMPLETED", 32),
    tasks: [
      { id: "load", name: "Load", depends: [] },
      { id: "clean", name: "Clean", depends: ["load"] },
      { id: "check", name: "Check the whole of what was loaded yesterday", depends: ["load"] },
      { id: "publish", name: "Publish", depends: ["clean", "check"] },
      { id: "tidy", name: "Tidy", depends: [] },
    ],
    taskRuns: [
      taskRunOf("load", "COMPLETED", 2, 12),
      taskRunOf("clean", "COMPLETED", 14, 26, 2),
      taskRunOf("check", "COMPLETED", 12, 16),
      taskRunOf("publish", "COMPLETED", 26, 32),
      taskRunOf("tidy", "FAILED", 2, 5),
    ],
    earlier: [],
    waitingSinceMs: zeroMs,
    kept: [],
    nowMs: zeroMs + 60_000,
  };
}
