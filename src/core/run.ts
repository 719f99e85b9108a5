/**
 * A run and its life.
 *
 * ```
 *            .-------------requeued (on_crash: retry, or a person retries)-----------.
 *            v                                                                       |
 * PENDING --assigned--> ASSIGNED --started--> RUNNING --finished--> COMPLETED | FAILED | CRASHED | CANCELLED
 *    ^                     |
 *    +------returned-------+      (the agent could not be told, or an original one never began)
 * ```
 *
 * A run that waits can be cancelled at once; one on an agent ends when its agent says so or falls silent (CRASHED).
 * Every assignment opens a new attempt, numbered from 1. What an older attempt reports is recorded and moves nothing.
 * An attempt that follows another keeps the tasks that had completed: they are not run again.
 */

/** Every state of a run. The last four are final. */
export const runStates = ["PENDING", "ASSIGNED", "RUNNING", "COMPLETED", "FAILED", "CRASHED", "CANCELLED"] as const;
/** A state of a run. */
export type RunState = typeof runStates[number];

/** The states a run ends in. */
export const finalRunStates = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"] as const;
/** A state a run ends in. */
export type FinalRunState = typeof finalRunStates[number];

/** Every state of a task run. The last five are final. */
export const taskStates = ["PENDING", "RUNNING", "COMPLETED", "FAILED", "SKIPPED", "CANCELLED", "CRASHED"] as const;
/** A state of a task run. */
export type TaskState = typeof taskStates[number];

/** What caused a run. */
export const triggerKinds = ["manual", "cron", "event", "retry", "backfill"] as const;
/** What caused a run. */
export type TriggerKind = typeof triggerKinds[number];

/** What becomes of a trigger while another run of its workflow has not ended. */
export const overlaps = ["allow", "skip", "queue", "replace"] as const;
/** What becomes of a trigger while another run of its workflow has not ended. */
export type Overlap = typeof overlaps[number];

/** What becomes of a run whose agent was lost. */
export const crashPolicies = ["fail", "retry"] as const;
/** What becomes of a run whose agent was lost. */
export type CrashPolicy = typeof crashPolicies[number];

/** How often a run starts again after its agent was lost, if its policy is `retry`. */
export const crashRetriesMax = 3;

/** What a run's definition asks of the principal. */
export interface RunPolicy {
  /** Higher first. */
  readonly priority: number;
  readonly overlap: Overlap;
  readonly onCrash: CrashPolicy;
}

/** The latest execution of one task within an attempt of a run. */
export interface TaskRun {
  readonly runId: string;
  readonly attempt: number;
  readonly taskId: string;
  /** Identifies this try of the task; log lines carry it. */
  readonly taskRunId: string;
  readonly state: TaskState;
  /** 1 for the first try of the task in this attempt. */
  readonly tryNumber: number;
  /** By the agent's clock, as is the end. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly exitCode: number | null;
  /** Why it is in this state, as a sentence. */
  readonly reason: string | null;
  /** What the task left for those after it; null when it left nothing. */
  readonly outputs: Readonly<Record<string, string>> | null;
}

/** One execution of a workflow. Times are the principal's wall clock in Unix milliseconds. */
export interface Run extends RunPolicy {
  readonly runId: string;
  readonly workflowId: string;
  readonly workflowName: string;
  /** Names the exact definition that runs; see {@linkcode Definition}. */
  readonly definitionHash: string;
  readonly trigger: TriggerKind;
  readonly params: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
  /** The time its schedule was due, Unix milliseconds; null when no schedule triggered it. */
  readonly dueMs: number | null;
  /** What an agent must be able to do to get this run. */
  readonly requires: readonly string[];
  readonly state: RunState;
  /** 0 until it is first assigned. */
  readonly attempt: number;
  readonly agentId: string | null;
  /** The agent's process that holds the run; null for agents of the original, which have no such thing. */
  readonly session: string | null;
  /** The id an original agent made up for this run. */
  readonly instanceId: string | null;
  /** Why someone asked for its end; null when nobody did. */
  readonly cancelReason: string | null;
  /** Tasks whose end someone asked for. */
  readonly cancelTasks: readonly string[];
  /** While true it is not handed out, and on an agent no further task of it starts. */
  readonly paused: boolean;
  /** How often it started again because its agent was lost. */
  readonly crashRetries: number;
  /** Why it is in this state, as a sentence. */
  readonly reason: string | null;
  readonly triggeredAtMs: number;
  readonly assignedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
}

/** The exact definition a run executes, kept by the hash of its content. The core never looks inside. */
export interface Definition {
  readonly hash: string;
  readonly workflowId: string;
  readonly workflowName: string;
  /** The workflow as JSON text. */
  readonly body: string;
}

/** Whether a run in this state can change no more. */
export function isFinal(state: RunState): state is FinalRunState {
  return finalRunStates.some((final) => final === state);
}

const nextRunStates: Readonly<Record<RunState, readonly RunState[]>> = {
  PENDING: ["ASSIGNED", "CANCELLED"],
  ASSIGNED: ["PENDING", "RUNNING", "COMPLETED", "FAILED", "CRASHED", "CANCELLED"],
  RUNNING: ["PENDING", "COMPLETED", "FAILED", "CRASHED", "CANCELLED"],
  COMPLETED: [],
  FAILED: [],
  CRASHED: [],
  CANCELLED: [],
};

/** Whether a run may go from one state to the other. */
export function canMove(from: RunState, to: RunState): boolean {
  return nextRunStates[from].includes(to);
}

const taskRank: Readonly<Record<TaskState, number>> = {
  PENDING: 0,
  RUNNING: 1,
  COMPLETED: 2,
  FAILED: 2,
  SKIPPED: 2,
  CANCELLED: 2,
  CRASHED: 2,
};

/** Whether a report of `next` about a task run says something new: a later try, or a later state of the same try. */
export function taskAdvances(
  current: TaskRun | undefined,
  next: { readonly tryNumber: number; readonly state: TaskState },
): boolean {
  if (current === undefined || next.tryNumber > current.tryNumber) return true;
  return next.tryNumber === current.tryNumber && taskRank[next.state] > taskRank[current.state];
}
