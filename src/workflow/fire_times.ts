/** Looking back over a schedule. */

import type { Schedule } from "./cron.ts";

/** The first window that is looked at, in milliseconds. */
const firstWindowMs = 60_000;

/** Calls of {@linkcode Schedule.next} after which the search ends with what it has. One takes some microseconds. */
const maxSteps = 50_000;

/**
 * The newest fire times of a span, however long the span is and however often the schedule fires.
 *
 * Looks at windows from the end of the span backwards. Each is twice as long as the one before; one that turns out to be
 * full of fire times is halved, and they grow no more. So what is walked is in proportion to what is asked for, not to the
 * span. A schedule of rare bursts may use up the bounded number of steps, and then the oldest of the times are missing.
 *
 * @param afterMs Unix milliseconds, not in the span.
 * @param untilMs Unix milliseconds, in the span.
 * @param count How many to look for at most.
 * @returns Unix milliseconds, oldest first.
 */
export function latestFireTimes(schedule: Schedule, afterMs: number, untilMs: number, count: number): number[] {
  const windows: number[][] = [];
  let found = 0;
  let stepsLeft = maxSteps;
  let windowMs = firstWindowMs;
  let isGrowing = true;
  for (let endMs = untilMs; endMs > afterMs && found < count && stepsLeft > 0;) {
    const beginMs = Math.max(afterMs, endMs - windowMs);
    const maxTimes = Math.min(2 * count + 1, stepsLeft);
    const times: number[] = [];
    let atMs = schedule.next(beginMs);
    for (stepsLeft--; atMs !== null && atMs <= endMs && times.length < maxTimes; stepsLeft--) {
      times.push(atMs);
      atMs = schedule.next(atMs);
    }
    if (atMs !== null && atMs <= endMs) {
      isGrowing = false;
      windowMs = Math.ceil((endMs - beginMs) / 2);
      continue;
    }
    windows.push(times);
    found += times.length;
    endMs = beginMs;
    if (isGrowing) windowMs *= 2;
  }
  return windows.toReversed().flat().slice(-count);
}
