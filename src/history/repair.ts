/**
 * Makes rows fit what the database and the readers of its times can hold, so that none can hold up the rest. Text needs
 * no repair: the binding writes U+FFFD for what has no UTF-8, and DuckDB takes any other text, NUL included.
 */
import type { Clock } from "../clock/mod.ts";
import { type RunStatus, runStatuses } from "./rows.ts";

/** The furthest instant that can be written as a date (ECMA-262, "Time Values and Time Range"), in Unix milliseconds. */
const furthestMs = 8.64e15;

/** A time that can be stored: whole milliseconds within the range of dates. What is not a number becomes the present. */
export function storableTime(timestampMs: number, clock: Clock): number {
  if (Number.isNaN(timestampMs)) return Math.trunc(clock.nowMs());
  return Math.trunc(Math.min(Math.max(timestampMs, -furthestMs), furthestMs));
}

/** Whether `status` is one of those the database knows, whatever the types promised. */
export function isStorableStatus(status: RunStatus): boolean {
  return runStatuses.includes(status);
}
