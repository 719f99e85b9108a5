/** Handing out work. */
import type { Holding, RequestWork, ReturnRun, WorkReply } from "./command.ts";
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

  // What it began after it had sent the request takes slots that the request counts as free.
  const begunSince = own.filter((run) => run.state === "RUNNING" && !named.has(run.runId)).length;
  for (const run of eligibleRuns(state, command)) {
    if (begin.length + begunSince >= command.slots) break;
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
  return { events, reply: { begin, end: attemptsToEnd(own, command), steer: attemptsToSteer(own, named) } };
}

function* eligibleRuns(state: State, { slots, session, onlyRunId, offers }: RequestWork): Generator<Run> {
  if (slots <= 0) return;
  for (const runId of onlyRunId === null ? state.queue.idsFor(offers) : [onlyRunId]) {
    const run = state.runs.get(runId);
    if (run === undefined || !state.queue.has(runId)) continue;
    if (!run.requires.every((need) => offers.includes(need))) continue;
    // An agent of the original would run again what an earlier attempt completed, and run what was cancelled.
    if (session === null && (state.tasksOf(runId).size > 0 || run.cancelTasks.length > 0)) continue;
    yield run;
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

function attemptsToSteer(own: readonly Run[], named: ReadonlyMap<string, Holding>): WorkReply["steer"] {
  return own.flatMap(({ runId, attempt, paused, cancelTasks }) => {
    const known = named.get(runId);
    if (known === undefined || known.attempt !== attempt || known.cancelling) return [];
    const isKnown = known.paused === paused && cancelTasks.every((taskId) => known.cancelTasks.includes(taskId));
    return isKnown ? [] : [{ runId, attempt, paused, cancelTasks }];
  });
}

/** Puts a run that was handed out in vain back to its place in the queue; if its end was asked for, it ends instead. */
export function returnRun(state: State, command: ReturnRun, nowMs: number): Decision<{ returned: boolean }> {
  const { runId, attempt, reason } = command;
  const run = state.runs.get(runId);
  if (run?.state !== "ASSIGNED" || run.attempt !== attempt) return { events: [], reply: { returned: false } };
  if (run.cancelReason !== null) {
    return { events: finishRun(state, run, "CANCELLED", run.cancelReason, nowMs), reply: { returned: false } };
  }
  return { events: [{ type: "run_returned", atMs: nowMs, runId, attempt, reason }], reply: { returned: true } };
}
