/** Why a run waits at this moment. Pure: the facts are handed in. */
import { timestamp } from "../../clock/mod.ts";
import { counted, type Run } from "../../core/mod.ts";
import { beyondOriginal, labelsAmong } from "../../wire/mod.ts";
import type { Agent } from "../agents.ts";
import { listed } from "./explain_words.ts";

/** An agent as far as its room for a run goes. */
export interface Place extends Pick<Agent, "agentId" | "session" | "offers" | "slots"> {
  /** Runs that it has. */
  readonly busy: number;
}

/** What there is to know about a run that waits. */
export interface WaitFacts {
  readonly run: Run;
  /** Since when it is paused, Unix milliseconds; null when it is not, or nobody knows any more. */
  readonly pausedAtMs: number | null;
  /** The run of its workflow that has to end first. */
  readonly ahead: Run | null;
  /** Runs that stand before it in the queue; null when there are more than were counted. */
  readonly before: number | null;
  readonly agents: readonly Place[];
}

/** One thing that keeps a run waiting. */
export interface Obstacle {
  /** Goes on after "It waits, because". */
  readonly clause: string;
  readonly hint: string | null;
}

/** What keeps the run waiting, the first obstacle first. Never empty. */
export function obstaclesOf(facts: WaitFacts): Obstacle[] {
  const { run, ahead, before, pausedAtMs } = facts;
  const found: Obstacle[] = [];
  if (run.paused) {
    const since = pausedAtMs === null ? "" : ` since ${timestamp(pausedAtMs)}`;
    found.push({ clause: `it is paused${since}`, hint: `\`cdktr runs resume ${run.runId}\` lets it go on.` });
  }
  if (ahead !== null) {
    found.push({
      clause: `run ${ahead.runId} of its workflow has not ended (it is ${ahead.state}), and its overlap policy is ` +
        run.overlap,
      hint: `\`cdktr explain ${ahead.runId}\` tells about that run.`,
    });
  }
  if (found.length > 0) return found;
  found.push(shortageOf(run, facts.agents));
  if (before === null || before > 0) {
    const count = before === null ? "very many runs" : counted(before, "run");
    found.push({ clause: `${count} of higher priority or older stand before it in the queue`, hint: null });
  }
  return found;
}

/** Why no agent has taken the run yet. */
function shortageOf({ requires }: Run, agents: readonly Place[]): Obstacle {
  const labels = labelsAmong(requires);
  const start = `\`cdktr start agent${labels.length === 0 ? "" : ` --labels ${labels.join(",")}`}\``;
  if (agents.length === 0) return { clause: "no agent is there", hint: `Start one with ${start}.` };

  const lacking = (agent: Place) => requires.filter((need) => !agent.offers.includes(need));
  const fitting = agents.filter((agent) => lacking(agent).length === 0);
  if (fitting.length === 0) {
    return { clause: `no agent can take it: ${misfitText(requires, agents)}`, hint: `Start one with ${start}.` };
  }
  const free = fitting.filter(({ slots, busy }) => slots === null || busy < slots);
  const whose = fitting.length === 1 ? "the only agent" : `the ${fitting.length} agents`;
  if (free.length === 0) {
    const rooms = listed(fitting.map(({ agentId, slots, busy }) => `${agentId} (${busy} of ${slots} taken)`));
    return {
      clause: `${whose} that can take it ${fitting.length === 1 ? "has" : "have"} no free place: ${rooms}`,
      hint: "Start another agent, or give one more places with CDKTR_AGENT_MAX_CONCURRENCY.",
    };
  }
  const names = listed(free.map(({ agentId }) => agentId));
  return {
    clause: `${names} ${free.length === 1 ? "has" : "have"} room for it and did not ask for work since`,
    hint: null,
  };
}

function misfitText(requires: readonly string[], agents: readonly Place[]): string {
  const nobodyOffers = requires.filter((need) => agents.every(({ offers }) => !offers.includes(need)));
  const only = agents.length === 1 ? agents[0]?.agentId : undefined;
  const missing = nobodyOffers.length > 0 ? nobodyOffers : requires;
  const labels = labelsAmong(missing);
  const parts = [
    ...(labels.length === 0 ? [] : [`the label${labels.length === 1 ? "" : "s"} ${listed(labels)}`]),
    ...(missing.includes(beyondOriginal) ? ["what an original agent cannot do"] : []),
  ];
  const that = nobodyOffers.length > 0 ? "that" : "all of that";
  const whom = only === undefined
    ? `none of the ${agents.length} agents offers`
    : `${only}, the only agent, does not offer`;
  return `it asks for ${parts.join(" and ")}, and ${whom} ${that}`;
}
