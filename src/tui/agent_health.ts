/** How it stands with an agent, as far as its silence tells. */
import { type Glyphs, type Role, type Span, span } from "../paint/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";
import { Loaded } from "./loaded.ts";
import { byName } from "./natural_order.ts";
import type { Shell } from "./screen.ts";
import { isFresh } from "./told.ts";

/** An agent as the principal lists it. */
export type ListedAgent = ReplyTo<"STATUS">["agents"][number];

/**
 * `silent`: late, with nothing lost yet. `lost`: silent for longer than the principal waits. `unheard`: since its restart the
 * principal knows it from its journal alone, as one that had a run. `unknown`: the principal itself is away.
 */
export interface Health {
  readonly state: "ok" | "silent" | "lost" | "unheard" | "unknown";
  /** How long ago it was last heard of, in milliseconds; never less than none, whatever the clocks say. */
  readonly silentMs: number;
}

/** An agent asks for work at least each ten seconds; with a missed one it is late. In milliseconds. */
const silentFromMs = 15_000;
/** How long a principal waits for a silent agent unless it tells otherwise, in milliseconds. */
const defaultTimeoutMs = 30_000;

/**
 * How an agent is.
 *
 * @param atMs The principal's clock, Unix milliseconds.
 * @param timeoutMs After how much silence the principal gives an agent up.
 */
export function healthOf(
  { lastSeenMs, session, version }: Pick<ListedAgent, "lastSeenMs" | "session" | "version">,
  atMs: number,
  timeoutMs: number,
): Health {
  const silentMs = Math.max(atMs - lastSeenMs, 0);
  if (silentMs > timeoutMs) return { silentMs, state: "lost" };
  // An agent of ours says its version whenever it asks for work; one of the original has no session, and never does.
  if (session !== null && version === null) return { silentMs, state: "unheard" };
  return { silentMs, state: silentMs >= silentFromMs ? "silent" : "ok" };
}

/** An agent as it is shown. */
export interface AgentRow {
  readonly agent: ListedAgent;
  readonly health: Health;
  /** Its id, with the end of its session where another one has the same id. */
  readonly name: string;
  /** Whether work can be given to it, as far as is known: its places count then. */
  readonly isThere: boolean;
}

/** Characters of a session that tell two agents of the same id apart. */
const sessionTail = 4;

/**
 * The agents by name, each with how it is.
 *
 * @param timeoutMs After how much silence the principal gives an agent up.
 */
export function agentRows(shell: Pick<Shell, "session">, timeoutMs: number): AgentRow[] {
  const { session } = shell;
  const nowMs = session.nowMs();
  const agents = session.status?.agents ?? [];
  const counts = new Map<string, number>();
  for (const { agentId } of agents) counts.set(agentId, (counts.get(agentId) ?? 0) + 1);
  return agents.map((agent): AgentRow => {
    const { agentId } = agent;
    const told = healthOf(agent, nowMs, timeoutMs);
    const isAlone = counts.get(agentId) === 1 || agent.session === null;
    return {
      agent,
      health: isFresh(shell) ? told : { ...told, state: "unknown" },
      isThere: told.state === "ok" || told.state === "silent",
      name: isAlone ? agentId : `${agentId} #${agent.session?.slice(-sessionTail)}`,
    };
  }).sort((a, b) => byName(a.name, b.name));
}

/** The places in use and all there are, of the agents that are there. */
export function slotsOf(rows: readonly AgentRow[]): { readonly used: number; readonly total: number } {
  const there = rows.filter(({ isThere }) => isThere);
  return {
    used: there.reduce((sum, { agent }) => sum + agent.running.length, 0),
    total: there.reduce((sum, { agent: { slots, running } }) => sum + (slots ?? running.length), 0),
  };
}

const roles: Readonly<Record<Health["state"], Role>> = {
  ...{ ok: "good", silent: "warn", lost: "bad", unheard: "warn", unknown: "faint" },
};

/** Mark and word. */
export function healthSpans({ state, silentMs }: Health, glyphs: Glyphs): Span[] {
  switch (state) {
    case "ok":
      return [span(`${glyphs.states.COMPLETED} ok`, roles.ok)];
    case "silent":
      return [span(`${glyphs.paused} silent ${Math.floor(silentMs / 1000)} s`, roles.silent)];
    case "lost":
      return [span(`${glyphs.states.FAILED} LOST`, roles.lost)];
    case "unheard":
      return [span("? not heard yet", roles.unheard)];
    case "unknown":
      return [span("not known", roles.unknown)];
  }
}

/** How many agents are in which health: `3 ok  1 LOST`. */
export function healthCounts(healths: readonly Health[]): Span[] {
  const words = [
    ...[["ok", "ok"], ["silent", "silent"], ["lost", "LOST"], ["unheard", "not heard yet"]] as const,
    ["unknown", "not known"] as const,
  ];
  return words.flatMap(([state, word]) => {
    const count = healths.filter((health) => health.state === state).length;
    return count === 0 ? [] : [span(`${count} ${word}  `, roles[state])];
  });
}

/** After how much silence a principal gives an agent up: asked once, and again when the principal may be another. */
export class AgentTimeout {
  readonly #loaded: Loaded<number>;
  readonly #stopListening: () => void;

  constructor(shell: Shell) {
    const { session, clock } = shell;
    this.#loaded = new Loaded({
      clock,
      onChange: () => shell.changed(),
      load: async (signal) => {
        const { agentTimeoutMs } = await session.ask("HELLO", { role: "ui", version: "" }, { signal });
        return agentTimeoutMs;
      },
    });
    this.#stopListening = session.onRuns((runs) => runs === null && this.#loaded.refresh());
  }

  /** In milliseconds. */
  get ms(): number {
    return this.#loaded.value ?? defaultTimeoutMs;
  }

  close(): void {
    this.#stopListening();
    this.#loaded.close();
  }
}
