/** Handing out work. */
import type { RequestWork, ReturnRun, WorkReply } from "./command.ts";
import type { Decision } from "./decision.ts";
import { finishRun } from "./end.ts";
import type { Event } from "./event.ts";
import type { Run } from "./run.ts";
import type { State } from "./state.ts";

/**
 * Gives an agent the runs at the head of the queue that it can do, as many as it has slots.
 *
 * An agent with a session says what it holds. An assignment that it does not name never reached it (the reply was lost)
 * and is made again under the same attempt; an attempt it names that is no longer its own is to be ended.
 */
export function requestWork(state: State, command: RequestWork, nowMs: number): Decision<WorkReply> {
  const { agentId, session } = command;
  const own = session === null ? [] : state.runsOf(agentId, session);
  const named = new Map(command.holding.map((holding) => [holding.runId, holding]));

  const again = own.filter((run) => run.state === "ASSIGNED" && named.get(run.runId)?.attempt !== run.attempt);
  const begin = again.filter((run) => run.cancelReason === null).map(({ runId, attempt }) => ({ runId, attempt }));
  const events: Event[] = again.filter((run) => run.cancelReason !== null)
    .flatMap((run) => finishRun(state, run, "CANCELLED", run.cancelReason, nowMs));

  for (const run of eligibleRuns(state, command)) {
    if (begin.length >= command.slots) break;
    const attempt = run.attempt + 1;
    begin.push({ runId: run.runId, attempt });
    events.push({
      type: "run_assigned",
      atMs: nowMs,
      runId: run.runId,
      attempt,
      agentId,
      session,
      reason: `agent ${agentId} had a free slot`,
    });
  }
  return { events, reply: { begin, end: attemptsToEnd(own, command) } };
}

function* eligibleRuns(state: State, command: RequestWork): Generator<Run> {
  if (command.slots <= 0) return;
  const candidates = command.onlyRunId === null ? state.queue.ids() : [command.onlyRunId];
  for (const runId of candidates) {
    const run = state.runs.get(runId);
    if (run?.state === "PENDING" && run.requires.every((need) => command.offers.includes(need))) yield run;
  }
}

function attemptsToEnd(own: readonly Run[], command: RequestWork): WorkReply["end"] {
  const ownById = new Map(own.map((run) => [run.runId, run]));
  return command.holding.filter((holding) => !holding.cancelling).flatMap(({ runId, attempt }) => {
    const run = ownById.get(runId);
    if (run === undefined || run.attempt !== attempt) {
      return [{ runId, attempt, reason: "this attempt no longer belongs to the agent" }];
    }
    return run.cancelReason === null ? [] : [{ runId, attempt, reason: run.cancelReason }];
  });
}

/** Puts a run that was handed out in vain back to the head of the queue; if its end was asked for, it ends instead. */
export function returnRun(state: State, command: ReturnRun, nowMs: number): Decision<{ returned: boolean }> {
  const { runId, attempt, reason } = command;
  const run = state.runs.get(runId);
  if (run?.state !== "ASSIGNED" || run.attempt !== attempt) return { events: [], reply: { returned: false } };
  if (run.cancelReason !== null) {
    return { events: finishRun(state, run, "CANCELLED", run.cancelReason, nowMs), reply: { returned: false } };
  }
  return { events: [{ type: "run_returned", atMs: nowMs, runId, attempt, reason }], reply: { returned: true } };
}
