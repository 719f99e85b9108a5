/**
 * Gives up agents that fell silent, takes runs back that an original agent fetched and never began, and tells of ids that
 * several agents have.
 */
import type { Clock } from "../clock/mod.ts";
import { messageOf } from "../core/mod.ts";
import type { Agent } from "./agents.ts";
import { giveUp, type GiveUpOptions } from "./give_up.ts";
import { namesakes, namesakesHint } from "./namesakes.ts";

/** How often the monitor looks. */
const checkEveryMs = 1000;
/** A look that comes later than this was delayed by the principal's own stall, which no agent is blamed for. */
const stallThresholdMs = 500;
/** How long an original agent may take from fetching a workflow to saying RUNNING, which it does at once. */
const originalLeaseMs = 10_000;
/** An agent that holds nothing is listed for this long after its last word. */
export const forgetIdleAfterMs = 10 * 60_000;

/** What the monitor watches. */
export interface HeartbeatMonitorOptions extends GiveUpOptions {
  readonly clock: Clock;
  /** Silence that counts as death, in milliseconds. */
  readonly agentTimeoutMs: number;
}

/** Looks once a second, from start to stop. */
export class HeartbeatMonitor {
  readonly #options: HeartbeatMonitorOptions;
  /** When a run held by an original agent was first seen unstarted, on the monotonic clock. */
  readonly #unstartedSinceMs = new Map<string, number>();
  #toldNamesakes: ReadonlySet<string> = new Set();
  #lastCheckMs = 0;
  #wasLate = false;
  #cancelTimer: () => void = () => {};

  constructor(options: HeartbeatMonitorOptions) {
    this.#options = options;
  }

  /** Begins to watch. Agents that hold runs from before a restart get the full time to come back. */
  start(): void {
    this.#meetHolders();
    this.#lastCheckMs = this.#options.clock.monotonicMs();
    this.#arm();
  }

  /** Stops watching. */
  stop(): void {
    this.#cancelTimer();
  }

  #arm(): void {
    this.#cancelTimer = this.#options.clock.setTimer(checkEveryMs, () => {
      this.#arm();
      this.#check();
    });
  }

  #check(): void {
    const { agents, clock, agentTimeoutMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - this.#lastCheckMs - checkEveryMs;
    this.#lastCheckMs = nowMs;
    const isLate = lateMs > stallThresholdMs;
    const wasLate = this.#wasLate;
    this.#wasLate = isLate;
    if (isLate) agents.forgive(lateMs);
    // What arrived during a stall is still unread in the sockets: the next look decides, whether it is late as well or not.
    if (isLate && !wasLate) return;
    this.#meetHolders();
    for (const agent of agents.list()) {
      const silentMs = nowMs - agent.lastSeenMonotonicMs;
      if (silentMs <= agentTimeoutMs) break;
      this.#considerSilent(agent, silentMs);
    }
    this.#takeBackUnstarted(nowMs);
    this.#tellNamesakes();
  }

  /** Tells of each id that several agents have, once for as long as they have it. */
  #tellNamesakes(): void {
    const { agents, clock, report } = this.#options;
    const counts = namesakes(agents.list(), clock.nowMs());
    for (const [agentId, count] of counts) {
      if (this.#toldNamesakes.has(agentId)) continue;
      report.warn(`${count} agents are called ${agentId}, so nothing tells which of them has a run; ${namesakesHint}`);
    }
    this.#toldNamesakes = new Set(counts.keys());
  }

  /** No run is held by somebody who is not watched, whatever became of what was known of them. */
  #meetHolders(): void {
    const { ledger, agents } = this.#options;
    for (const { agentId, session } of ledger.state.holders()) {
      if (!agents.knows(agentId, session)) agents.hear(agentId, session);
    }
  }

  #considerSilent({ agentId, session }: Agent, silentMs: number): void {
    const isIdle = this.#options.ledger.state.runsOf(agentId, session).length === 0;
    if (isIdle && silentMs <= forgetIdleAfterMs) return;
    giveUp(this.#options, { agentId, session }, `agent ${agentId} was silent for ${(silentMs / 1000).toFixed(1)} s`);
  }

  #takeBackUnstarted(nowMs: number): void {
    const { ledger, report, onQueued } = this.#options;
    const unstarted = [...ledger.state.holders()].filter(({ session }) => session === null)
      .flatMap(({ agentId }) => ledger.state.runsOf(agentId, null)).filter(({ state }) => state === "ASSIGNED");
    const ids = new Set(unstarted.map(({ runId }) => runId));
    for (const runId of this.#unstartedSinceMs.keys()) if (!ids.has(runId)) this.#unstartedSinceMs.delete(runId);
    for (const { runId, attempt, agentId } of unstarted) {
      const sinceMs = this.#unstartedSinceMs.get(runId) ?? nowMs;
      this.#unstartedSinceMs.set(runId, sinceMs);
      if (nowMs - sinceMs <= originalLeaseMs) continue;
      this.#unstartedSinceMs.delete(runId); // So that one that cannot be taken back now is tried again as long after.
      const reason = `agent ${agentId} fetched the run and did not begin it within ${originalLeaseMs / 1000} s`;
      ledger.execute("return_run", { runId, attempt, reason }).then(
        onQueued,
        (error) => report.error(`cannot take run ${runId} back: ${messageOf(error)}`),
      );
    }
  }
}
