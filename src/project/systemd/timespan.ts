/** Spans of time of systemd.time(7), such as `5min 20s`. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Milliseconds of each unit, by all its names. */
const unitsMs = new Map<string, number>([
  ...(["usec", "us", "µs"] as const).map((name) => [name, 0.001] as const),
  ...(["msec", "ms"] as const).map((name) => [name, 1] as const),
  ...(["seconds", "second", "sec", "s", ""] as const).map((name) => [name, 1_000] as const),
  ...(["minutes", "minute", "min", "m"] as const).map((name) => [name, minuteMs] as const),
  ...(["hours", "hour", "hr", "h"] as const).map((name) => [name, hourMs] as const),
  ...(["days", "day", "d"] as const).map((name) => [name, dayMs] as const),
  ...(["weeks", "week", "w"] as const).map((name) => [name, 7 * dayMs] as const),
  ...(["months", "month", "M"] as const).map((name) => [name, 30.44 * dayMs] as const),
  ...(["years", "year", "y"] as const).map((name) => [name, 365.25 * dayMs] as const),
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
  const dividing = (largestMs: number, unitMs: number) => {
    const count = spanMs / unitMs;
    if (!Number.isInteger(count) || count < 1 || largestMs % spanMs !== 0) return null;
    return count === 1 ? "*" : `*/${count}`;
  };
  if (spanMs === 7 * dayMs) return "0 0 * * 1";
  if (spanMs === dayMs) return "0 0 * * *";
  const [seconds, minutes, hours] = [dividing(minuteMs, 1_000), dividing(hourMs, minuteMs), dividing(dayMs, hourMs)];
  if (spanMs < minuteMs) return seconds && `${seconds} * * * * *`;
  if (spanMs < hourMs) return minutes && `${minutes} * * * *`;
  return hours && `0 ${hours} * * *`;
}
