/** A state that is decided upon as the principal does it: decide, then apply every event in order. */
import {
  type CommandOf,
  type CommandType,
  decide,
  type Definition,
  type Event,
  type Holding,
  type ReplyOf,
  type Report,
  type Run,
  type RunReport,
  State,
  type TaskReport,
} from "../../src/core/mod.ts";

/** Who asks or reports; agents of the original have no session. */
export interface Party {
  readonly agentId: string;
  readonly session: string | null;
}

export const ann: Party = { agentId: "ann@host/AG", session: "s-ann" };
export const bob: Party = { agentId: "bob@host/AG", session: "s-bob" };
export const old: Party = { agentId: "old@host/AG", session: null };

/** The definition of a workflow as its `version`th edit left it. */
export function definitionOf(workflowId: string, version = 1): Definition {
  return {
    hash: `${workflowId}#${version}`,
    workflowId,
    workflowName: workflowId.toUpperCase(),
    body: `{"v":${version}}`,
  };
}

/** A trigger by hand, changed as told. */
export function triggerOf(runId: string, change: Partial<CommandOf<"trigger">> = {}): CommandOf<"trigger"> {
  return {
    runId,
    definition: definitionOf("etl"),
    trigger: "manual",
    params: {},
    idempotencyKey: null,
    dueMs: null,
    requires: [],
    policy: { priority: 0, overlap: "allow", onCrash: "fail" },
    reason: "asked on the command line",
    ...change,
  };
}

/** A word on an attempt, changed as told. */
export function runReport(runId: string, state: RunReport["state"], change: Partial<RunReport> = {}): RunReport {
  return { kind: "run", runId, attempt: 1, state, reason: null, instanceId: null, ...change };
}

/** A word on a task, changed as told. */
export function taskReport(runId: string, state: TaskReport["state"], change: Partial<TaskReport> = {}): TaskReport {
  return {
    kind: "task",
    runId,
    attempt: 1,
    taskId: "extract",
    taskRunId: "extract-1",
    tryNumber: 1,
    state,
    happenedAtMs: 500,
    exitCode: null,
    reason: null,
    outputs: null,
    ...change,
  };
}

/** The state, its clock, and everything decided so far. */
export class Scene {
  state = new State();
  nowMs = 1_800_000_000_000;
  readonly events: Event[] = [];

  /** Decides, applies and remembers. */
  command<T extends CommandType>(type: T, command: CommandOf<T>): { reply: ReplyOf<T>; events: readonly Event[] } {
    const { reply, events } = decide(this.state, type, command, this.nowMs);
    for (const event of events) this.apply(event);
    return { reply, events };
  }

  /** Applies one event. */
  apply(event: Event): void {
    this.state.evolve(event);
    this.events.push(event);
  }

  /** Queues runs in this order. */
  trigger(...runIds: string[]): void {
    for (const runId of runIds) this.command("trigger", triggerOf(runId));
  }

  /** Asks for work with one free slot, holding nothing, unless told otherwise. */
  request(by: Party, change: Partial<CommandOf<"request_work">> = {}) {
    return this.command("request_work", { ...by, slots: 1, offers: [], holding: [], onlyRunId: null, ...change });
  }

  /** Reports and tells what was decided about it. */
  report(by: Party, report: Report) {
    return this.command("take_report", { ...by, report });
  }

  /** Cancels a run, or one task of it. */
  cancel(runId: string, taskId: string | null = null, reason = "enough") {
    return this.command("cancel", { runId, taskId, reason });
  }

  /** Queues a run and has it assigned, and started unless told otherwise. */
  given(runId: string, by: Party, { started = true } = {}): void {
    this.command("trigger", triggerOf(runId));
    this.request(by, { onlyRunId: runId, holding: this.holdings(by) });
    if (started) {
      this.report(by, runReport(runId, "RUNNING", { instanceId: by.session === null ? `i-${runId}` : null }));
    }
  }

  /** What an agent holds, as it would say itself. */
  holdings({ agentId, session }: Party): Holding[] {
    const held = session === null ? [] : this.state.runsOf(agentId, session);
    return held.map(({ runId, attempt, cancelReason, paused, cancelTasks }) => {
      return { runId, attempt, cancelling: cancelReason !== null, paused, cancelTasks };
    });
  }

  /** A run in progress. */
  run(runId: string): Run {
    const run = this.state.runs.get(runId);
    if (run === undefined) throw new Error(`no run ${runId} is in progress`);
    return run;
  }

  /** The waiting runs, head first. */
  get queue(): string[] {
    return [...this.state.queue.ids()];
  }

  /** What was decided about a run, by kind; a run's end with the state it ended in. */
  story(runId: string): string[] {
    return this.events.flatMap((event) =>
      !("runId" in event) || event.runId !== runId
        ? []
        : event.type === "run_finished"
        ? `run_finished ${event.state}`
        : event.type === "task_changed"
        ? `task_changed ${event.taskId} ${event.state}`
        : event.type
    );
  }
}
