/** What every scenario is: something done to real processes, an oracle that throws, and figures of what was done. */
import { Chance, chosenSeed } from "./chance.ts";

/** Where a scenario plays. */
export interface Stage {
  /** The figures the promise is made with; else small ones that fit a run of all tests. */
  readonly isLong: boolean;
  readonly chance: Chance;
}

/** What came of it. A scenario whose oracle is not content throws instead. */
export interface Outcome {
  /** What was done, as part of a sentence. */
  readonly done: string;
  /** What was counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** Things that should be there and are not. */
  readonly lost: number;
}

/** One scenario. */
export interface Scenario {
  readonly name: string;
  /** What holds all the while: the name of its test. */
  readonly promise: string;
  readonly play: (stage: Stage) => Promise<Outcome>;
}

/** A scenario that was played: the line that machines read. */
export interface Result extends Outcome {
  readonly scenario: string;
  readonly seed: number;
  readonly seconds: number;
}

/**
 * Plays a scenario, prints the seed before and the result after it.
 *
 * @throws What its oracle found, with the seed that leads there.
 */
export async function play({ name, play }: Scenario, { isLong }: { isLong: boolean }): Promise<Result> {
  const seed = chosenSeed();
  console.log(`chaos ${name}: CDKTR_CHAOS_SEED=${seed}`);
  const beganMs = performance.now();
  try {
    const outcome = await play({ isLong, chance: new Chance(seed) });
    const seconds = Math.round((performance.now() - beganMs) / 100) / 10;
    const result: Result = { scenario: name, seed, seconds, ...outcome };
    console.log(JSON.stringify(result));
    return result;
  } catch (cause) {
    throw new Error(`${name} with CDKTR_CHAOS_SEED=${seed}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
}

/** Lets time pass, which is what chaos is made of. Everything else waits for events. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Asks again and again, 20 ms apart, until the answer is yes. Fails after `limitMs`, and says what it waited for. */
export async function until(what: string, limitMs: number, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!await isSo()) {
    if (performance.now() > endMs) throw new Error(`waited ${limitMs / 1_000} s for ${what}`);
    await pause(20);
  }
}
