/** Ending runs from the principal's side. */
import type { Cancel, CancelReply, LoseAgent } from "./command.ts";
import type { Decision } from "./decision.ts";
import type { Event } from "./event.ts";
import type { FinalRunState, Run, TaskState } from "./run.ts";
import type { State } from "./state.ts";

/** Cancels a waiting run at once; for one on an agent the wish is kept and passed on. */
export function cancel(state: State, { runId, reason }: Cancel, nowMs: number): Decision<CancelReply> {
  const run = state.runs.get(runId);
  if (run === undefined) return { events: [], reply: "not_in_progress" };
  if (run.state === "PENDING") {
    return { events: finishRun(state, run, "CANCELLED", reason, nowMs), reply: "cancelled" };
  }
  if (run.session === null) return { events: [], reply: "cannot_reach_agent" };
  if (run.cancelReason !== null) return { events: [], reply: "requested" };
  return { events: [{ type: "cancel_requested", atMs: nowMs, runId, reason }], reply: "requested" };
}

/** Marks everything an agent held as crashed. */
export function loseAgent(state: State, command: LoseAgent, nowMs: number): Decision<{ crashed: number }> {
  const held = state.runsOf(command.agentId, command.session);
  return {
    events: held.flatMap((run) => finishRun(state, run, "CRASHED", command.reason, nowMs)),
    reply: { crashed: held.length },
  };
}

/** The end of a run and, before it, of those of its tasks that had not ended: no task outlives its run. */
export function finishRun(
  state: State,
  run: Run,
  finalState: FinalRunState,
  reason: string | null,
  nowMs: number,
): Event[] {
  const taskState: TaskState = finalState === "CRASHED" ? "CRASHED" : "CANCELLED";
  const openTasks = [...state.tasksOf(run.runId).values()].filter(({ finishedAtMs }) => finishedAtMs === null);
  return [
    ...openTasks.map((task): Event => ({
      type: "task_changed",
      atMs: nowMs,
      runId: run.runId,
      attempt: run.attempt,
      taskId: task.taskId,
      taskRunId: task.taskRunId,
      tryNumber: task.tryNumber,
      state: taskState,
      happenedAtMs: nowMs,
      exitCode: null,
      reason: reason ?? `the run ended ${finalState}`,
    })),
    { type: "run_finished", atMs: nowMs, runId: run.runId, attempt: run.attempt, state: finalState, reason },
  ];
}
