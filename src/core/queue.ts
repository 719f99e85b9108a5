/**
 * The queue of waiting runs: higher priority first, then the older run, as run ids tell. A run that comes back, because it
 * was handed out in vain or stood still, so finds its old place.
 *
 * Runs that ask the same of an agent form a lane. Work for an agent is looked for at the heads of the lanes it can serve,
 * so that no number of runs that it cannot do stands in the way.
 */
import { IdSequence } from "./id_sequence.ts";
import type { Run } from "./run.ts";

/** Runs of one priority that ask the same of an agent. */
interface Lane {
  readonly key: string;
  readonly priority: number;
  readonly requires: readonly string[];
  /** Oldest first. */
  readonly runIds: IdSequence;
}

/** See the top of this file. */
export class RunQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<string, Lane>();

  /** How many runs wait. */
  get size(): number {
    return this.#laneOf.size;
  }

  /** Whether a run waits here. */
  has(runId: string): boolean {
    return this.#laneOf.has(runId);
  }

  /** Puts a run in its place. */
  add({ runId, priority, requires }: Pick<Run, "runId" | "priority" | "requires">): void {
    const key = `${priority}\x01${[...requires].sort().join("\x01")}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, lane = { key, priority, requires, runIds: new IdSequence() });
    lane.runIds.insert(runId);
    this.#laneOf.set(runId, lane);
  }

  /** Takes a run out, wherever it stands. */
  remove(runId: string): void {
    const lane = this.#laneOf.get(runId);
    if (lane === undefined) return;
    this.#laneOf.delete(runId);
    lane.runIds.remove(runId);
    if (lane.runIds.size === 0) this.#lanes.delete(lane.key);
  }

  /** The waiting run ids, head first. The queue must not be changed meanwhile. */
  ids(): Generator<string> {
    return this.#merged([...this.#lanes.values()]);
  }

  /** The waiting runs that need nothing but what is offered, head first. The queue must not be changed meanwhile. */
  idsFor(offers: readonly string[]): Generator<string> {
    const offered = new Set(offers);
    return this.#merged(
      [...this.#lanes.values()].filter(({ requires }) => requires.every((need) => offered.has(need))),
    );
  }

  *#merged(lanes: readonly Lane[]): Generator<string> {
    const heads = lanes.flatMap(({ priority, runIds }) => {
      const ids = runIds.ids();
      const first = ids.next();
      return first.done ? [] : [{ priority, ids, runId: first.value }];
    });
    while (heads.length > 0) {
      let best = 0;
      for (let i = 1; i < heads.length; i++) if (isBefore(heads[i], heads[best])) best = i;
      const head = heads[best];
      if (head === undefined) return;
      yield head.runId;
      const next = head.ids.next();
      if (next.done) heads.splice(best, 1);
      else head.runId = next.value;
    }
  }
}

interface Place {
  readonly priority: number;
  readonly runId: string;
}

function isBefore(a: Place | undefined, b: Place | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.priority === b.priority ? a.runId < b.runId : a.priority > b.priority;
}
