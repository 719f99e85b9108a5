/** How the earlier attempts of a run went, from its events. Pure: the events are handed in. */
import type { Event } from "../../core/mod.ts";
import type { ReplyTo } from "../../wire/mod.ts";

/** An attempt that was followed by another, or by the wait for one. */
export type EarlierAttempt = ReplyTo<"SHOWRUN">["earlier"][number];

/** What events tell of a run's attempts but the present one. */
export interface AttemptHistory {
  /** As far as the journal still holds their events, in order. */
  readonly earlier: readonly EarlierAttempt[];
  /** Since when the run waited for its present attempt, Unix milliseconds; null when nobody knows any more. */
  readonly waitingSinceMs: number | null;
}

/** Reads the attempts of a run out of its events, which are in order. */
export function attemptsIn(events: readonly Event[]): AttemptHistory {
  const earlier: EarlierAttempt[] = [];
  let waitingSinceMs: number | null = null;
  let open: Event & { readonly type: "run_assigned" } | null = null;
  let startedAtMs: number | null = null;
  let end: Event & { readonly type: "run_finished" } | null = null;

  const close = (state: EarlierAttempt["state"], reason: string | null, endedAtMs: number) => {
    if (open === null) return;
    const { attempt, agentId, atMs: assignedAtMs } = open;
    earlier.push({ attempt, agentId, assignedAtMs, startedAtMs, endedAtMs, state, reason });
    open = null;
  };
  for (const event of events) {
    switch (event.type) {
      case "run_triggered":
        waitingSinceMs = event.atMs;
        break;
      case "run_assigned":
        [open, startedAtMs, end] = [event, null, null];
        break;
      case "run_started":
        startedAtMs = event.atMs;
        break;
      case "run_finished":
        end = event;
        break;
      case "run_returned":
        close("RETURNED", event.reason, event.atMs);
        waitingSinceMs = event.atMs;
        break;
      case "run_requeued":
        if (end === null) close("CRASHED", event.reason, event.atMs);
        else close(end.state, end.reason, end.atMs);
        waitingSinceMs = event.atMs;
        break;
    }
  }
  return { earlier, waitingSinceMs };
}
