/** What happens to a task run, as the agent tells its principal. */

import type { TaskReport } from "../core/mod.ts";
import type { Outputs } from "./outputs.ts";

/** What may happen to a task run. Reasons are parts of sentences: `exited with code 3`. */
export type Happening =
  /** `reason`: why there is a further try, and when; null for the first one. */
  | { readonly state: "PENDING"; readonly reason: string | null }
  | { readonly state: "RUNNING" }
  | { readonly state: "COMPLETED"; readonly outputs: Outputs | null }
  | {
    readonly state: "FAILED";
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

/** The event as a report about an attempt of a run. */
export function toTaskReport(runId: string, attempt: number, event: TaskEvent): TaskReport {
  const { taskId, taskRunId, state } = event;
  const report = {
    ...{ kind: "task", runId, attempt, taskId, taskRunId, state } as const,
    ...{ tryNumber: event.try, happenedAtMs: event.atMs, exitCode: null, reason: null, outputs: null },
  };
  switch (event.state) {
    case "PENDING":
    case "CANCELLED":
      return { ...report, reason: event.reason };
    case "RUNNING":
      return report;
    case "COMPLETED":
      return { ...report, exitCode: 0, outputs: event.outputs };
    case "FAILED":
      return { ...report, exitCode: event.exitCode, reason: event.reason };
    case "SKIPPED":
      return { ...report, reason: `task ${event.because} did not complete` };
  }
}
