/** Who executes: every agent that was heard of lately, with its sign of life. Nothing here outlives the process. */
import type { Clock } from "../clock/mod.ts";
import { holderKey } from "../core/mod.ts";

/** Agents kept at most; above it the one silent for longest is forgotten. */
const maxAgents = 10_000;

/** Signs of life closer together than this count as one. */
const hearingResolutionMs = 250;

/** An agent as the principal knows it. */
export interface Agent {
  readonly agentId: string;
  /** Null for an agent of the original. */
  readonly session: string | null;
  readonly version: string | null;
  /** Free and busy places for runs; null when it does not say. */
  readonly slots: number | null;
  /** It takes no more work. */
  readonly stopping: boolean;
  /** What it can do beyond plain commands. */
  readonly offers: readonly string[];
  /** Wall clock, Unix milliseconds. */
  readonly lastSeenMs: number;
  /** The same on the monotonic clock, moved forward by what the principal itself was stalled. */
  readonly lastSeenMonotonicMs: number;
  /** The number of its newest request for work; -1 before the first. */
  readonly sequence: number;
  /** Its first and its newest request for work among those of all agents, in the order they came; null before the first. */
  readonly asked: { readonly first: number; readonly last: number } | null;
}

/** What an agent tells about itself. */
export interface Introduction {
  readonly version?: string;
  readonly slots?: number;
  readonly stopping?: boolean;
  readonly offers?: readonly string[];
}

/** Told of every agent that asks for work for the first time. */
export type OnJoined = (agent: Agent) => void;

/** The agents by their process: the session, or the id of an agent that has none. */
export class Agents {
  readonly #clock: Clock;
  readonly #onJoined: OnJoined;
  readonly #agents = new Map<string, Agent>();
  /** Those of whom it was told that they joined. */
  readonly #joined = new Set<string>();
  /** Requests for work so far. */
  #asks = 0;

  constructor(clock: Clock, onJoined: OnJoined) {
    this.#clock = clock;
    this.#onJoined = onJoined;
  }

  /** Takes any word from an agent as a sign of life. Unknown agents become known. */
  hear(agentId: string, session: string | null, introduction: Introduction = {}): void {
    const key = holderKey(agentId, session);
    const known = this.#agents.get(key);
    this.#agents.delete(key);
    const agent: Agent = {
      agentId,
      session,
      version: introduction.version ?? known?.version ?? null,
      slots: introduction.slots ?? known?.slots ?? null,
      stopping: introduction.stopping ?? known?.stopping ?? false,
      offers: introduction.offers ?? known?.offers ?? [],
      lastSeenMs: this.#clock.nowMs(),
      lastSeenMonotonicMs: this.#clock.monotonicMs(),
      sequence: known?.sequence ?? -1,
      asked: known?.asked ?? null,
    };
    this.#agents.set(key, agent);
    if (this.#agents.size > maxAgents) this.#forgetFirst();
    // An agent of ours introduces itself when it asks for work; one of the original never says more than its name.
    const hasJoined = session === null || introduction.version !== undefined;
    if (!hasJoined || this.#joined.has(key)) return;
    this.#joined.add(key);
    this.#onJoined(agent);
  }

  /** Takes a log line as a sign of life from an agent that is known already; cheap enough for each of a flood of lines. */
  hearAgain(agentId: string, session: string | null): void {
    const known = this.#agents.get(holderKey(agentId, session));
    if (known === undefined || this.#clock.monotonicMs() - known.lastSeenMonotonicMs < hearingResolutionMs) return;
    this.hear(agentId, session);
  }

  /**
   * Takes a request for work of a known agent as its newest.
   *
   * @returns False when a request of that number or a higher one came before: this one was overtaken on its way.
   */
  advance(agentId: string, session: string, sequence: number): boolean {
    const key = holderKey(agentId, session);
    const known = this.#agents.get(key);
    if (known === undefined || sequence <= known.sequence) return false;
    const last = ++this.#asks;
    this.#agents.set(key, { ...known, sequence, asked: { first: known.asked?.first ?? last, last } });
    return true;
  }

  /** The number of an agent's newest request for work; -1 if there was none. */
  sequenceOf(agentId: string, session: string): number {
    return this.#agents.get(holderKey(agentId, session))?.sequence ?? -1;
  }

  /** Whether the agent is known. */
  knows(agentId: string, session: string | null): boolean {
    return this.#agents.has(holderKey(agentId, session));
  }

  /** Drops an agent that left or was given up. */
  forget(agentId: string, session: string | null): void {
    this.#agents.delete(holderKey(agentId, session));
    this.#joined.delete(holderKey(agentId, session));
  }

  /** Everyone, the one silent for longest first. */
  list(): Agent[] {
    return [...this.#agents.values()];
  }

  /** Does not count `stallMs`, just passed, in which the principal itself could not listen. */
  forgive(stallMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [key, agent] of this.#agents) {
      const lastSeenMonotonicMs = Math.min(agent.lastSeenMonotonicMs + stallMs, nowMs);
      this.#agents.set(key, { ...agent, lastSeenMonotonicMs });
    }
  }

  #forgetFirst(): void {
    const [first] = this.#agents.values();
    if (first !== undefined) this.forget(first.agentId, first.session);
  }
}
