/** The due times of a schedule around an instant. */
import type { Schedule } from "../../workflow/mod.ts";

/** How far back a due time is looked for, in milliseconds: eight years, for a schedule of 29 February. */
const lookBackMaxMs = 8 * 366 * 86_400_000 + 86_400_000;

/** Due times around an instant; null where there is none. Unix milliseconds. */
export interface DueTimes {
  /** The first one from the instant on and before its end. */
  readonly within: number | null;
  readonly before: number | null;
  readonly after: number | null;
}

/**
 * Finds the due times around a time that people gave.
 *
 * @param atMs Unix milliseconds.
 * @param lengthMs How long the time lasts that was meant: a minute if it was given in minutes.
 */
export function dueTimesAround(schedule: Schedule, atMs: number, lengthMs: number): DueTimes {
  const next = schedule.next(atMs - 1);
  const within = next !== null && next < atMs + lengthMs ? next : null;
  return { within, before: lastDueBefore(schedule, atMs), after: within === null ? next : schedule.next(within) };
}

/** A schedule tells only what comes next: the last due time is where that answer stops being before `atMs`. */
function lastDueBefore(schedule: Schedule, atMs: number): number | null {
  const nextBefore = (fromMs: number) => {
    const next = schedule.next(fromMs);
    return next !== null && next < atMs ? next : null;
  };
  let spanMs = 1000;
  while (nextBefore(atMs - spanMs) === null) {
    if (spanMs > lookBackMaxMs) return null;
    spanMs *= 4;
  }
  let [lowMs, highMs] = [atMs - spanMs, atMs];
  let found: number | null = null;
  while (highMs - lowMs > 1) {
    const middleMs = Math.floor((lowMs + highMs) / 2);
    const next = nextBefore(middleMs);
    if (next === null) highMs = middleMs;
    else [found, lowMs] = [next, Math.max(middleMs, next)];
  }
  return found ?? nextBefore(lowMs);
}
