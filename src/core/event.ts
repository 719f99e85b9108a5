/** What the principal decided, as the journal keeps it. Times are Unix milliseconds; `reason` is a sentence for people. */
import type { FinalRunState, Run, RunPolicy, TaskRun, TaskState, TriggerKind } from "./run.ts";

/** A definition that runs refer to by its hash. Written once for as long as it is in use. */
export interface DefinitionStored {
  readonly type: "definition_stored";
  readonly atMs: number;
  readonly hash: string;
  readonly workflowId: string;
  readonly workflowName: string;
  readonly body: string;
}

/** A trigger was accepted: the run exists and waits in the queue. */
export interface RunTriggered extends RunPolicy {
  readonly type: "run_triggered";
  readonly atMs: number;
  readonly runId: string;
  readonly workflowId: string;
  readonly definitionHash: string;
  readonly trigger: TriggerKind;
  readonly params: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
  /** The time its schedule was due; null when no schedule triggered it. */
  readonly dueMs: number | null;
  readonly requires: readonly string[];
  readonly reason: string;
}

/** A trigger led to no run, because another run of the workflow has not ended and its overlap policy is `skip`. */
export interface TriggerSkipped {
  readonly type: "trigger_skipped";
  readonly atMs: number;
  readonly workflowId: string;
  readonly trigger: TriggerKind;
  readonly idempotencyKey: string | null;
  readonly dueMs: number | null;
  readonly blockingRunId: string;
  readonly reason: string;
}

/** The run left the queue for an agent; opens an attempt. */
export interface RunAssigned {
  readonly type: "run_assigned";
  readonly atMs: number;
  readonly runId: string;
  readonly attempt: number;
  readonly agentId: string;
  readonly session: string | null;
  readonly reason: string;
}

/** The agent never took the run up: it goes back to its place in the queue. */
export interface RunReturned {
  readonly type: "run_returned";
  readonly atMs: number;
  readonly runId: string;
  readonly attempt: number;
  readonly reason: string;
}

/** The run waits once more, for an attempt after the one that ended. */
export interface RunRequeued {
  readonly type: "run_requeued";
  readonly atMs: number;
  readonly runId: string;
  /** The attempt that ended. */
  readonly attempt: number;
  /** `crash`: its agent was lost, and its policy is to try again. `retry`: a person asked. */
  readonly cause: "crash" | "retry";
  /** Tasks that completed and are not run again. */
  readonly kept: readonly string[];
  /** The run as it had ended, and its tasks, when it is a person who brings it back. */
  readonly restored: { readonly run: Run; readonly tasks: readonly TaskRun[] } | null;
  readonly reason: string;
}

/** The agent said that it has begun. */
export interface RunStarted {
  readonly type: "run_started";
  readonly atMs: number;
  readonly runId: string;
  readonly attempt: number;
  /** The id an original agent calls the run by. */
  readonly instanceId: string | null;
}

/** A task run reached a state. */
export interface TaskChanged {
  readonly type: "task_changed";
  readonly atMs: number;
  readonly runId: string;
  readonly attempt: number;
  readonly taskId: string;
  readonly taskRunId: string;
  readonly tryNumber: number;
  readonly state: TaskState;
  /** When it happened, by the agent's clock. */
  readonly happenedAtMs: number;
  readonly exitCode: number | null;
  readonly reason: string | null;
  readonly outputs: Readonly<Record<string, string>> | null;
}

/** Somebody asked for the end of a run that an agent holds. */
export interface CancelRequested {
  readonly type: "cancel_requested";
  readonly atMs: number;
  readonly runId: string;
  readonly reason: string;
}

/** Somebody asked for the end of one task of a run. */
export interface TaskCancelRequested {
  readonly type: "task_cancel_requested";
  readonly atMs: number;
  readonly runId: string;
  readonly taskId: string;
  readonly reason: string;
}

/** The run is not handed out, and starts no further task. */
export interface RunPaused {
  readonly type: "run_paused";
  readonly atMs: number;
  readonly runId: string;
  readonly reason: string;
}

/** The run goes on. */
export interface RunResumed {
  readonly type: "run_resumed";
  readonly atMs: number;
  readonly runId: string;
  readonly reason: string;
}

/** The run reached a final state. */
export interface RunFinished {
  readonly type: "run_finished";
  readonly atMs: number;
  readonly runId: string;
  readonly attempt: number;
  readonly state: FinalRunState;
  readonly reason: string | null;
}

/** A report that came too late or from the wrong side; it moved nothing. */
export interface ReportIgnored {
  readonly type: "report_ignored";
  readonly atMs: number;
  readonly runId: string;
  readonly attempt: number;
  readonly agentId: string;
  readonly report: string;
  readonly reason: string;
}

/** When a workflow is due, from now on. */
export interface ScheduleNoted {
  readonly type: "schedule_noted";
  readonly atMs: number;
  readonly workflowId: string;
  /** Null: it has no schedule any more, or is gone. */
  readonly schedule: ScheduleText | null;
  readonly reason: string;
}

/** A schedule as a workflow file gives it. */
export interface ScheduleText {
  readonly cron: string;
  readonly timezone: string;
  readonly startTime: string | null;
}

/** A principal took over the journal. */
export interface PrincipalStarted {
  readonly type: "principal_started";
  readonly atMs: number;
  readonly version: string;
}

/** The principal ended in good order. */
export interface PrincipalStopped {
  readonly type: "principal_stopped";
  readonly atMs: number;
}

/** An agent asked for work for the first time. */
export interface AgentJoined {
  readonly type: "agent_joined";
  readonly atMs: number;
  readonly agentId: string;
  /** Null for an agent of the original, as is its version. */
  readonly session: string | null;
  readonly version: string | null;
  readonly slots: number | null;
  readonly offers: readonly string[];
}

/** An agent left, or was given up. */
export interface AgentLeft {
  readonly type: "agent_left";
  readonly atMs: number;
  readonly agentId: string;
  readonly session: string | null;
  readonly reason: string;
}

/** Something that happened around the runs, and changes none of them. */
export type Occurrence = PrincipalStarted | PrincipalStopped | AgentJoined | AgentLeft;

/** One decision. */
export type Event =
  | DefinitionStored
  | RunTriggered
  | TriggerSkipped
  | RunAssigned
  | RunReturned
  | RunRequeued
  | RunStarted
  | TaskChanged
  | CancelRequested
  | TaskCancelRequested
  | RunPaused
  | RunResumed
  | RunFinished
  | ReportIgnored
  | ScheduleNoted
  | Occurrence;

/** The run an event is about; null for one that is about none. */
export function runIdOf(event: Event): string | null {
  return "runId" in event ? event.runId : null;
}
