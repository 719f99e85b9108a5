/** What the principal decided, as the journal keeps it. Times are Unix milliseconds; `reason` is a sentence for people. */
import type { FinalRunState, TaskState, TriggerKind } from "./run.ts";

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
export interface RunTriggered {
  readonly type: "run_triggered";
  readonly atMs: number;
  readonly runId: string;
  readonly workflowId: string;
  readonly definitionHash: string;
  readonly trigger: TriggerKind;
  readonly params: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
  readonly requires: readonly string[];
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

/** The agent never took the run up: it goes back to the head of the queue. */
export interface RunReturned {
  readonly type: "run_returned";
  readonly atMs: number;
  readonly runId: string;
  readonly attempt: number;
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
}

/** Somebody asked for the end of a run that an agent holds. */
export interface CancelRequested {
  readonly type: "cancel_requested";
  readonly atMs: number;
  readonly runId: string;
  readonly reason: string;
}

/** The run reached its one final state. */
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

/** One decision. */
export type Event =
  | DefinitionStored
  | RunTriggered
  | RunAssigned
  | RunReturned
  | RunStarted
  | TaskChanged
  | CancelRequested
  | RunFinished
  | ReportIgnored;

/** The run an event is about; null for one that is about none. */
export function runIdOf(event: Event): string | null {
  return event.type === "definition_stored" ? null : event.runId;
}
