/** Spans of time of systemd.time(7), such as `5min 20s`. */

/** Milliseconds of each unit, by all its names. */
const unitsMs = new Map<string, number>([
  ...(["usec", "us", "µs"] as const).map((name) => [name, 0.001] as const),
  ...(["msec", "ms"] as const).map((name) => [name, 1] as const),
  ...(["seconds", "second", "sec", "s", ""] as const).map((name) => [name, 1_000] as const),
  ...(["minutes", "minute", "min", "m"] as const).map((name) => [name, 60_000] as const),
  ...(["hours", "hour", "hr", "h"] as const).map((name) => [name, 3_600_000] as const),
  ...(["days", "day", "d"] as const).map((name) => [name, 86_400_000] as const),
  ...(["weeks", "week", "w"] as const).map((name) => [name, 7 * 86_400_000] as const),
  ...(["months", "month", "M"] as const).map((name) => [name, 30.44 * 86_400_000] as const),
  ...(["years", "year", "y"] as const).map((name) => [name, 365.25 * 86_400_000] as const),
]);

/**
 * Reads a span; a number without a unit counts seconds.
 *
 * @returns Milliseconds, `Infinity` for `infinity`, or null when it cannot be read.
 */
export function timespanMs(text: string): number | null {
  if (text.trim() === "infinity") return Infinity;
  let totalMs = 0;
  const rest = text.replaceAll(/(\d+(?:\.\d+)?)\s*([a-zA-Zµ]*)\s*/g, (_, number: string, unit: string) => {
    totalMs += Number(number) * (unitsMs.get(unit) ?? NaN);
    return "";
  });
  return rest.trim() !== "" || text.trim() === "" || Number.isNaN(totalMs) ? null : totalMs;
}

/**
 * A schedule that fires as often as a timer that counts from its last start.
 *
 * @returns For cdktr's `cron`; null where the span does not divide a minute, an hour or a day.
 */
export function everyTimespan(spanMs: number): string | null {
  const seconds = spanMs / 1_000;
  if (!Number.isInteger(seconds) || seconds < 1) return null;
  const every = (count: number) => count === 1 ? "*" : `*/${count}`;
  if (seconds < 60) return 60 % seconds === 0 ? `${every(seconds)} * * * * *` : null;
  const minutes = seconds / 60;
  if (minutes < 60) return 60 % minutes === 0 ? `${every(minutes)} * * * *` : null;
  const hours = minutes / 60;
  if (hours < 24) return 24 % hours === 0 ? `0 ${every(hours)} * * *` : null;
  return hours === 24 ? "0 0 * * *" : hours === 168 ? "0 0 * * 1" : null;
}
