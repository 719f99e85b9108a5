/** What every part of a simulated world shares: time, chance, the story, and the first thing that went wrong. */
import type { SeededRandom } from "./seeded_random.ts";
import type { Timeline } from "./timeline.ts";
import type { Coverage, Trace } from "./trace.ts";

/** A promise of the product that did not hold. */
export class Violation extends Error {
  override readonly name = "Violation";

  /** @param invariant The name of the promise, as the checks call it. */
  constructor(readonly invariant: string, what: string) {
    super(`${invariant}: ${what}`);
  }
}

/** See the top of this file. */
export interface World {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly coverage: Coverage;
  /** Wall time at the beginning, Unix milliseconds. */
  readonly epochMs: number;
  /** Notes that a promise was broken; the first one ends the simulation after the step. */
  violated(invariant: string, what: string): void;
}
