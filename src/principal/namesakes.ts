/** Agents that go by one id: all is well with their runs, but nobody who reads the id knows which of them is meant. */
import type { Agent } from "./agents.ts";

/** An agent asks for work more often than this, so one that was silent for longer has trouble; in milliseconds. */
export const silenceMs = 15_000;

/** What to do about them, as the end of a sentence. */
export const namesakesHint = "`cdktr start agent --suffix 2` gives one an id of its own";

/** What tells whether an agent has namesakes. */
export type Named = Pick<Agent, "agentId" | "asked" | "stopping" | "lastSeenMs">;

/**
 * Ids that several agents have at the same time, with how many there are. One that asked for work for the last time before
 * the other asked for its first was killed and started again; one that is silent or stopping does not count either.
 *
 * @param nowMs Wall clock, Unix milliseconds.
 */
export function namesakes(agents: readonly Named[], nowMs: number): Map<string, number> {
  const lives = agents.flatMap(({ agentId, asked, stopping, lastSeenMs }) =>
    asked === null || stopping || nowMs - lastSeenMs > silenceMs ? [] : [{ agentId, ...asked }]
  ).sort((a, b) => a.first - b.first);
  const counts = new Map<string, number>();
  const newest = new Map<string, number>();
  for (const { agentId, first, last } of lives) {
    const before = newest.get(agentId) ?? 0;
    if (before > first) counts.set(agentId, (counts.get(agentId) ?? 1) + 1);
    newest.set(agentId, Math.max(before, last));
  }
  return counts;
}
