/** Taking down what agents report. */
import type { Report, RunReport, TakeReport, TaskReport } from "./command.ts";
import type { Decision } from "./decision.ts";
import { finishRun } from "./end.ts";
import type { Event } from "./event.ts";
import { type Run, taskAdvances } from "./run.ts";
import type { State } from "./state.ts";

/**
 * Takes one report. One about another's attempt, an older attempt or a finished run is recorded and moves nothing; one
 * that says what is known already is dropped.
 */
export function takeReport(state: State, command: TakeReport, nowMs: number): Decision<{ taken: boolean }> {
  const { report } = command;
  const run = state.runs.get(report.runId);
  const objection = objectionTo(run, command);
  if (run !== undefined && objection === null) {
    const events = report.kind === "run" ? onRun(state, run, report, nowMs) : onTask(state, run, report, nowMs);
    return { events, reply: { taken: true } };
  }
  const ignored: Event = {
    type: "report_ignored",
    atMs: nowMs,
    runId: report.runId,
    attempt: report.attempt,
    agentId: command.agentId,
    report: describe(report),
    reason: objection ?? notInProgress,
  };
  return { events: [ignored], reply: { taken: false } };
}

const notInProgress = "the run is not in progress";

function describe(report: Report): string {
  return report.kind === "run" ? report.state : `task ${report.taskId} ${report.state}`;
}

function objectionTo(run: Run | undefined, { agentId, session, report }: TakeReport): string | null {
  if (run === undefined) return notInProgress;
  if (report.attempt !== run.attempt) return `attempt ${report.attempt} is not the present one (${run.attempt})`;
  const isHolder = run.session === null ? session === null && run.agentId === agentId : run.session === session;
  return isHolder ? null : `the attempt belongs to agent ${run.agentId ?? "(none)"}`;
}

function onRun(state: State, run: Run, report: RunReport, nowMs: number): Event[] {
  return [
    ...startOf(run, report.instanceId, nowMs),
    ...(report.state === "RUNNING" ? [] : finishRun(state, run, report.state, report.reason, nowMs)),
  ];
}

function onTask(state: State, run: Run, report: TaskReport, nowMs: number): Event[] {
  if (!taskAdvances(state.tasksOf(report.runId).get(report.taskId), report)) return [];
  const { kind: _, ...task } = report;
  return [...startOf(run, null, nowMs), { type: "task_changed", atMs: nowMs, ...task }];
}

/** Any word about an attempt proves that it has begun: from then on it is not handed out again. */
function startOf({ runId, attempt, state }: Run, instanceId: string | null, nowMs: number): Event[] {
  return state === "ASSIGNED" ? [{ type: "run_started", atMs: nowMs, runId, attempt, instanceId }] : [];
}
