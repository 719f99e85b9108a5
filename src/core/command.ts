/** What the principal can be asked to decide, and what it answers. */
import type { Occurrence, ScheduleText } from "./event.ts";
import type { Definition, FinalRunState, Run, RunPolicy, TaskRun, TaskState, TriggerKind } from "./run.ts";

/** Put a new run into the queue. */
export interface Trigger {
  /** The id of the run, if there will be a new one. */
  readonly runId: string;
  readonly definition: Definition;
  readonly trigger: TriggerKind;
  readonly params: Readonly<Record<string, string>>;
  /** A second trigger with the same key within a day starts nothing and answers the first one's run. */
  readonly idempotencyKey: string | null;
  /** The time its schedule was due, Unix milliseconds; null when no schedule asks. */
  readonly dueMs: number | null;
  /** What an agent must be able to do to get the run. */
  readonly requires: readonly string[];
  readonly policy: RunPolicy;
  /** Who or what asked, as a sentence. */
  readonly reason: string;
}

/** The run a trigger led to. */
export interface TriggerReply {
  /** The new run; or the one found by the idempotency key; or the one in whose favour the trigger was skipped. */
  readonly runId: string;
  /** Whether the trigger was taken before, found by its idempotency key. */
  readonly duplicate: boolean;
  /** Why the trigger led to no run; null when it led to one. */
  readonly skipped: string | null;
}

/** Have a run that has ended run again. */
export interface Retry {
  /** The run and the tasks of its last attempt, as they ended. */
  readonly run: Run;
  readonly tasks: readonly TaskRun[];
  readonly definition: Definition;
  /** Tasks to run again although they completed. */
  readonly rerun: readonly string[];
  /** Who asked, as a sentence. */
  readonly reason: string;
}

/** What a retry leads to. */
export interface RetryReply {
  /** The attempt that will be made. */
  readonly attempt: number;
  /** Tasks that are not run again. */
  readonly kept: readonly string[];
}

/** An attempt that an agent says it holds. */
export interface Holding {
  readonly runId: string;
  readonly attempt: number;
  /** It is ending the attempt already and need not be told again. */
  readonly cancelling: boolean;
  /** It knows that the run is paused. */
  readonly paused: boolean;
  /** Tasks that it was told to end. */
  readonly cancelTasks: readonly string[];
}

/** What is wished of an attempt while it goes on. */
export interface Steering {
  readonly runId: string;
  readonly attempt: number;
  readonly paused: boolean;
  readonly cancelTasks: readonly string[];
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
  /** The wishes that the agent does not know yet, whole for each attempt. */
  readonly steer: readonly Steering[];
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
  readonly outputs: Readonly<Record<string, string>> | null;
}

/** One thing an agent reports. */
export type Report = RunReport | TaskReport;

/** Take down what an agent reports. Saying the same again changes nothing. */
export interface TakeReport {
  readonly agentId: string;
  readonly session: string | null;
  readonly report: Report;
}

/** End a run, or one task of it. */
export interface Cancel {
  readonly runId: string;
  /** Null for the whole run. */
  readonly taskId: string | null;
  readonly reason: string;
}

/** What became of a wish about a run: done, passed on to the agent, or why it cannot be fulfilled. */
export type WishReply = "done" | "requested" | "cannot_reach_agent" | "not_in_progress" | "task_has_ended";

/** What became of the wish for a pause or its end; `unchanged` where it was as wished before. */
export type PauseReply = WishReply | "unchanged";

/** Have a run stand still, or go on. */
export interface Pause {
  readonly runId: string;
  readonly paused: boolean;
  readonly reason: string;
}

/** An agent fell silent or left: what it held has crashed. */
export interface LoseAgent {
  readonly agentId: string;
  readonly session: string | null;
  readonly reason: string;
}

/** What became of the runs of a lost agent. */
export interface LoseAgentReply {
  readonly crashed: number;
  /** So many wait for another attempt. */
  readonly requeued: number;
}

/** An assignment did not reach its agent, or an original agent never said that it had begun: the run waits again. */
export interface ReturnRun {
  readonly runId: string;
  readonly attempt: number;
  readonly reason: string;
}

/** Remember when workflows are due. */
export interface NoteSchedules {
  /** Every workflow that has a schedule. */
  readonly schedules: ReadonlyMap<string, ScheduleText>;
  /** Why the others have none any more, as a sentence. */
  readonly reason: string;
}

/** What happened, without the time. */
export type Noted = { [T in Occurrence["type"]]: Omit<Extract<Occurrence, { type: T }>, "atMs"> }[Occurrence["type"]];

/** Any command, with what it is answered. */
export interface CommandReplies {
  trigger: [Trigger, TriggerReply];
  retry: [Retry, RetryReply];
  pause: [Pause, PauseReply];
  note_schedules: [NoteSchedules, { readonly changed: number }];
  note: [Noted, null];
  request_work: [RequestWork, WorkReply];
  take_report: [TakeReport, { readonly taken: boolean }];
  cancel: [Cancel, WishReply];
  lose_agent: [LoseAgent, LoseAgentReply];
  return_run: [ReturnRun, { readonly returned: boolean }];
}
/** The kind of a command. */
export type CommandType = keyof CommandReplies;
/** A command of a kind. */
export type CommandOf<T extends CommandType> = CommandReplies[T][0];
/** What a command of a kind is answered. */
export type ReplyOf<T extends CommandType> = CommandReplies[T][1];
