/** An agent's dealings with its principal, in the principal's dialect. */
import type { Workflow } from "../workflow/mod.ts";
import type { KeptTask } from "./outputs.ts";
import type { Pulse } from "./pulse.ts";
import type { ReportOutbox } from "./report_outbox.ts";

/** What is wished of an attempt while it goes on. */
export interface Wish {
  /** While true, no task starts. */
  readonly paused: boolean;
  /** Ids of tasks that are to end. */
  readonly cancelTasks: readonly string[];
}

/** Work that the principal gave. */
export interface Assignment extends Wish {
  readonly runId: string;
  /** From 1; grows with each try at the run. */
  readonly attempt: number;
  readonly params: Readonly<Record<string, string>>;
  readonly workflow: Workflow;
  /** Tasks that an earlier attempt completed. */
  readonly kept: readonly KeptTask[];
}

/** What the lines of an attempt have to say whose they are. */
export type LoggedAttempt = Pick<Assignment, "runId" | "attempt" | "workflow">;

/** An attempt the agent holds, from its assignment until the principal has taken its end, and the wish it knows of. */
export interface HeldAttempt extends Wish {
  readonly runId: string;
  readonly attempt: number;
  readonly cancelling: boolean;
}

/** What a dispatcher knows of and does to its agent. */
export interface AgentSide {
  /** How many more runs the agent can begin now. */
  freeSlots(): number;
  /** How many it can have at a time. */
  readonly slotsTotal: number;
  /** Whether it takes no more. */
  readonly isStopping: boolean;
  /** How many runs have not ended. */
  readonly running: number;
  /** What it runs. */
  held(): readonly HeldAttempt[];
  /** Begins a run. An assignment that is held already is no news. */
  begin(assignment: Assignment): void;
  /** Cancels an attempt, if it is held. */
  end(runId: string, attempt: number, reason: string): void;
  /** Passes the whole present wish on to an attempt, if it is held. */
  steer(runId: string, attempt: number, wish: Wish): void;
}

/** Asks for work and reports. There is one for each dialect. */
export interface Dispatcher {
  /**
   * Asks for work, hands it to the agent and shows signs of life, until `signal` aborts.
   *
   * @throws {CdktrError} UNREACHABLE when the principal did not answer for too long.
   */
  run(signal: AbortSignal): Promise<void>;
  /** To be told when the agent's free slots change. */
  readonly slotsChanged: Pulse;
  /** Reports to this principal: sent in order, and kept until it has taken them. */
  readonly outbox: ReportOutbox;
  /**
   * Tells that the agent takes nothing more and only has lines left to deliver, if the dialect has a word for it. To be
   * called after {@linkcode Dispatcher.run}. Never throws.
   */
  windUp(): Promise<void>;
  /** Says good-bye, if the dialect has a word for it. Only for an agent that has nothing left to report. Never throws. */
  leave(reason: string): Promise<void>;
}
