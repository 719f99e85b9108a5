/** What the principal can be asked to decide, and what it answers. */
import type { Definition, FinalRunState, TaskState, TriggerKind } from "./run.ts";

/** Put a new run into the queue. */
export interface Trigger {
  /** The id of the run, if there will be a new one. */
  readonly runId: string;
  readonly definition: Definition;
  readonly trigger: TriggerKind;
  readonly params: Readonly<Record<string, string>>;
  /** A second trigger with the same key within a day starts nothing and answers the first one's run. */
  readonly idempotencyKey: string | null;
  /** What an agent must be able to do to get the run. */
  readonly requires: readonly string[];
  /** Who or what asked, as a sentence. */
  readonly reason: string;
}

/** The run a trigger led to. */
export interface TriggerReply {
  readonly runId: string;
  /** Whether the run was there already, found by its idempotency key. */
  readonly duplicate: boolean;
}

/** An attempt that an agent says it holds. */
export interface Holding {
  readonly runId: string;
  readonly attempt: number;
  /** It is ending the attempt already and need not be told again. */
  readonly cancelling: boolean;
}

/** Give an agent work for its free slots, and tell it what to stop. */
export interface RequestWork {
  readonly agentId: string;
  /** Null for an agent of the original, which cannot say what it holds. */
  readonly session: string | null;
  readonly slots: number;
  /** What the agent can do beyond plain commands. */
  readonly offers: readonly string[];
  readonly holding: readonly Holding[];
  /** When set, no other run is handed out. */
  readonly onlyRunId: string | null;
}

/** What an agent is to begin and to end. */
export interface WorkReply {
  readonly begin: readonly { readonly runId: string; readonly attempt: number }[];
  readonly end: readonly { readonly runId: string; readonly attempt: number; readonly reason: string }[];
}

/** An agent's word on a whole attempt. */
export interface RunReport {
  readonly kind: "run";
  readonly runId: string;
  readonly attempt: number;
  readonly state: "RUNNING" | FinalRunState;
  readonly reason: string | null;
  /** The id by which an original agent calls the run. */
  readonly instanceId: string | null;
}

/** An agent's word on one task of an attempt. */
export interface TaskReport {
  readonly kind: "task";
  readonly runId: string;
  readonly attempt: number;
  readonly taskId: string;
  readonly taskRunId: string;
  readonly tryNumber: number;
  readonly state: TaskState;
  readonly happenedAtMs: number;
  readonly exitCode: number | null;
  readonly reason: string | null;
}

/** One thing an agent reports. */
export type Report = RunReport | TaskReport;

/** Take down what an agent reports. Saying the same again changes nothing. */
export interface TakeReport {
  readonly agentId: string;
  readonly session: string | null;
  readonly report: Report;
}

/** End a run. */
export interface Cancel {
  readonly runId: string;
  readonly reason: string;
}

/** What became of a cancellation: done, passed on to the agent, or too late because the run is not in progress. */
export type CancelReply = "cancelled" | "requested" | "cannot_reach_agent" | "not_in_progress";

/** An agent fell silent or left: what it held has crashed. */
export interface LoseAgent {
  readonly agentId: string;
  readonly session: string | null;
  readonly reason: string;
}

/** An assignment did not reach its agent, or an original agent never said that it had begun: the run waits again. */
export interface ReturnRun {
  readonly runId: string;
  readonly attempt: number;
  readonly reason: string;
}

/** Any command, with what it is answered. */
export interface CommandReplies {
  trigger: [Trigger, TriggerReply];
  request_work: [RequestWork, WorkReply];
  take_report: [TakeReport, { readonly taken: boolean }];
  cancel: [Cancel, CancelReply];
  lose_agent: [LoseAgent, { readonly crashed: number }];
  return_run: [ReturnRun, { readonly returned: boolean }];
}
/** The kind of a command. */
export type CommandType = keyof CommandReplies;
/** A command of a kind. */
export type CommandOf<T extends CommandType> = CommandReplies[T][0];
/** What a command of a kind is answered. */
export type ReplyOf<T extends CommandType> = CommandReplies[T][1];
