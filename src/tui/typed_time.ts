/** Times as one types them to go there. */
import { isoInstant } from "../clock/mod.ts";
import { durationMs } from "../workflow/definition.ts";

/** What {@linkcode typedTime} understands, for who types. */
export const typedTimeForm = "2h, 30m, 14:30, 2026-03-01 or 2026-03-01 14:30 (UTC)";

const dateAndTime = /^(?:(\d{4}-\d{2}-\d{2})(?:[T ]|$))?(?:(\d{1,2}:\d{2})(:\d{2})?)?Z?$/;

/**
 * Reads a time: how long ago, a time of this day, a date, or both. UTC.
 *
 * @returns Unix milliseconds; null when `text` has another form or names no real time.
 */
export function typedTime(text: string, nowMs: number): number | null {
  const typed = text.trim();
  const agoMs = /^[\d.]*$/.test(typed) ? null : durationMs(typed);
  if (agoMs !== null) return Math.max(nowMs - agoMs, 0);
  const match = dateAndTime.exec(typed);
  if (match === null || typed === "") return null;
  const [, date = isoInstant(nowMs).slice(0, 10), time = "00:00", seconds = ":00"] = match;
  const iso = `${date}T${time.padStart(5, "0")}${seconds}`;
  const atMs = Date.parse(`${iso}Z`);
  // Date.parse takes 30 February for 2 March.
  return Number.isNaN(atMs) || !new Date(atMs).toISOString().startsWith(iso) ? null : Math.max(atMs, 0);
}
