/** Ending runs from the principal's side. */
import type { Cancel, LoseAgent, LoseAgentReply, WishReply } from "./command.ts";
import type { Decision } from "./decision.ts";
import type { Event } from "./event.ts";
import { crashRetriesMax, type FinalRunState, type Run, type TaskState } from "./run.ts";
import type { State } from "./state.ts";
import { tasksKept } from "./kept.ts";

/** Ends a run or one task of it. What waits ends at once; for what is on an agent the wish is kept and passed on. */
export function cancel(state: State, { runId, taskId, reason }: Cancel, nowMs: number): Decision<WishReply> {
  const run = state.runs.get(runId);
  if (run === undefined) return { events: [], reply: "not_in_progress" };
  if (run.state !== "PENDING" && run.session === null) return { events: [], reply: "cannot_reach_agent" };
  const reply = run.state === "PENDING" ? "done" : "requested";
  if (taskId === null) return { events: cancelRun(state, run, reason, nowMs), reply };

  const task = state.tasksOf(runId).get(taskId);
  const hasEnded = task !== undefined && task.finishedAtMs !== null;
  if (hasEnded && !mayBeTriedAgain(task.state)) return { events: [], reply: "task_has_ended" };
  if (run.cancelTasks.includes(taskId)) return { events: [], reply };
  return { events: [{ type: "task_cancel_requested", atMs: nowMs, runId, taskId, reason }], reply };
}

/** A task that failed may have tries left, of which the principal hears only when they begin. */
function mayBeTriedAgain(state: TaskState): boolean {
  return state === "FAILED";
}

/** What ends a run, or asks its agent to. An agent of the original, which takes no such order, goes on. */
export function cancelRun(state: State, run: Run, reason: string, nowMs: number): Event[] {
  if (run.state === "PENDING") return finishRun(state, run, "CANCELLED", reason, nowMs);
  if (run.session === null || run.cancelReason !== null) return [];
  return [{ type: "cancel_requested", atMs: nowMs, runId: run.runId, reason }];
}

/** Marks everything an agent held as crashed. What may start again by its definition waits once more. */
export function loseAgent(state: State, command: LoseAgent, nowMs: number): Decision<LoseAgentReply> {
  const { agentId, session, reason } = command;
  const held = state.runsOf(agentId, session);
  const again = held.filter(mayStartAgain);
  return {
    events: [
      ...held.flatMap((run) =>
        mayStartAgain(run)
          ? requeueCrashed(state, run, reason, nowMs)
          : finishRun(state, run, "CRASHED", reasonOfCrash(run, reason), nowMs)
      ),
      { type: "agent_left", atMs: nowMs, agentId, session, reason },
    ],
    reply: { crashed: held.length - again.length, requeued: again.length },
  };
}

function mayStartAgain({ onCrash, crashRetries, cancelReason }: Run): boolean {
  return onCrash === "retry" && crashRetries < crashRetriesMax && cancelReason === null;
}

function reasonOfCrash({ onCrash, crashRetries }: Run, reason: string): string {
  return onCrash === "retry" && crashRetries >= crashRetriesMax
    ? `${reason}; it had started again ${crashRetriesMax} times already`
    : reason;
}

function requeueCrashed(state: State, run: Run, reason: string, nowMs: number): Event[] {
  const { runId, attempt, session, crashRetries } = run;
  return [
    ...endOpenTasks(state, run, "CRASHED", reason, nowMs),
    {
      ...{ type: "run_requeued", atMs: nowMs, runId, attempt, cause: "crash", restored: null },
      // Such a run may go to an agent of the original again, which keeps nothing.
      kept: session === null ? [] : tasksKept([...state.tasksOf(runId).values()], []),
      reason: `${reason}; it starts again (${crashRetries + 1} of ${crashRetriesMax}), as on_crash: retry allows`,
    },
  ];
}

/** The end of a run and, before it, of those of its tasks that had not ended: no task outlives its run. */
export function finishRun(
  state: State,
  run: Run,
  finalState: FinalRunState,
  reason: string | null,
  nowMs: number,
): Event[] {
  const { runId, attempt } = run;
  const taskState = finalState === "CRASHED" ? "CRASHED" : "CANCELLED";
  return [
    ...endOpenTasks(state, run, taskState, reason ?? `the run ended ${finalState}`, nowMs),
    { type: "run_finished", atMs: nowMs, runId, attempt, state: finalState, reason },
  ];
}

function endOpenTasks(state: State, { runId, attempt }: Run, to: TaskState, reason: string, nowMs: number): Event[] {
  const open = [...state.tasksOf(runId).values()].filter(({ finishedAtMs }) => finishedAtMs === null);
  return open.map(({ taskId, taskRunId, tryNumber }) => ({
    ...{ type: "task_changed", atMs: nowMs, runId, attempt, taskId, taskRunId, tryNumber, state: to },
    ...{ happenedAtMs: nowMs, exitCode: null, reason, outputs: null },
  }));
}
