/** Instants as people give them: a date, a date and a time, or how long ago. */
import { durationMs } from "../workflow/definition.ts";

/** What {@linkcode parseInstant} accepts, for help and error messages. */
export const instantForm = "2026-03-01, 2026-03-01 14:30[:05] (UTC), RFC 3339, or a time ago such as 2h or 1d12h";

/**
 * The forms of RFC 3339 and the shorter ones: without offset, which means UTC, without seconds, without a time of day.
 * They include what the original's command line takes.
 */
const dateAndTime = /^(\d{4}-\d{2}-(\d{2}))(?:[Tt ](\d{2}:\d{2})(?::(\d{2}(?:\.\d+)?))?([Zz]|[+-]\d{2}:\d{2})?)?$/;
/** Text as digits alone would be seconds ago to {@linkcode durationMs}, and a year or a Unix time to whoever wrote it. */
const digits = /^[\d.]+$/;

/**
 * Reads an instant.
 *
 * @param nowMs What a time ago is counted from, Unix milliseconds.
 * @returns Unix milliseconds, at least 0; null when `text` has another form or names no real date.
 */
export function parseInstant(text: string, nowMs: number): number | null {
  const agoMs = digits.test(text) ? null : durationMs(text);
  if (agoMs !== null) return Math.max(nowMs - agoMs, 0);
  const match = dateAndTime.exec(text);
  if (match === null) return null;
  const [, date, day, hourAndMinute = "00:00", second = "00", offset = "Z"] = match;
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  // Date.parse takes 30 February for 2 March, and 24:00 for the next day.
  if (Number.isNaN(midnightMs) || new Date(midnightMs).getUTCDate() !== Number(day)) return null;
  if (hourAndMinute.startsWith("24")) return null;
  const atMs = Date.parse(`${date}T${hourAndMinute}:${second}${offset.toUpperCase()}`);
  return Number.isNaN(atMs) ? null : Math.max(atMs, 0);
}
