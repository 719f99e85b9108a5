/** How it stands with an agent, as far as its silence tells. */
import { type Glyphs, type Role, type Span, span } from "../paint/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";
import { Loaded } from "./loaded.ts";
import type { Shell } from "./screen.ts";

/** An agent as the principal lists it. */
export type ListedAgent = ReplyTo<"STATUS">["agents"][number];

/** `silent`: late, with nothing lost yet. `lost`: silent for longer than the principal waits. */
export interface Health {
  readonly state: "ok" | "silent" | "lost";
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
export function healthOf({ lastSeenMs }: Pick<ListedAgent, "lastSeenMs">, atMs: number, timeoutMs: number): Health {
  const silentMs = Math.max(atMs - lastSeenMs, 0);
  return { silentMs, state: silentMs > timeoutMs ? "lost" : silentMs >= silentFromMs ? "silent" : "ok" };
}

const roles: Readonly<Record<Health["state"], Role>> = { ok: "good", silent: "warn", lost: "bad" };

/** Mark and word. */
export function healthSpans({ state, silentMs }: Health, glyphs: Glyphs): Span[] {
  switch (state) {
    case "ok":
      return [span(`${glyphs.states.COMPLETED} ok`, roles.ok)];
    case "silent":
      return [span(`${glyphs.paused} silent ${Math.floor(silentMs / 1000)} s`, roles.silent)];
    case "lost":
      return [span(`${glyphs.states.FAILED} LOST`, roles.lost)];
  }
}

/** How many agents are in which health: `3 ok  1 LOST`. */
export function healthCounts(healths: readonly Health[]): Span[] {
  const words = [["ok", "ok"], ["silent", "silent"], ["lost", "LOST"]] as const;
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
