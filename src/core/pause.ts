/** Having a run stand still, and go on. */
import type { Pause, PauseReply } from "./command.ts";
import type { Decision } from "./decision.ts";
import type { State } from "./state.ts";

/** A run that waits is not handed out while it is paused; on an agent no further task of it starts. */
export function pause(state: State, { runId, paused, reason }: Pause, nowMs: number): Decision<PauseReply> {
  const run = state.runs.get(runId);
  if (run === undefined) return { events: [], reply: "not_in_progress" };
  const isWaiting = run.state === "PENDING";
  if (!isWaiting && run.session === null) return { events: [], reply: "cannot_reach_agent" };
  if (run.paused === paused) return { events: [], reply: "unchanged" };
  return {
    events: [{ type: paused ? "run_paused" : "run_resumed", atMs: nowMs, runId, reason }],
    reply: isWaiting ? "done" : "requested",
  };
}
