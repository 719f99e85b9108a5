/** Days, in UTC, as log lines are kept and archived by them. */

/** A day, in milliseconds. */
export const dayMs = 86_400_000;

/**
 * 2000-01-01, the first day there is: a line of an earlier time counts as one of this day. A time that a peer made up may
 * lie anywhere, and must not lead to more files than there are days.
 */
export const firstDay = 10_957;

/** The day of a time, as the number of days since 1970-01-01. */
export function dayOf(timeMs: number): number {
  return Math.max(Math.floor(timeMs / dayMs), firstDay);
}

/** `2026-11-21`. */
export function nameOfDay(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** SQL for the day of a row of `logstore`. */
export const daySql = `greatest(coalesce(timestamp_ms, 0) // ${dayMs}, ${firstDay})`;

/** SQL that holds for the rows of `logstore` of the days `from` (inclusive) to `to` (exclusive). */
export function daysSql(from: number, to: number): string {
  const [fromMs, toMs] = [from * dayMs, to * dayMs];
  if (from <= firstDay) return `(timestamp_ms < ${toMs} OR timestamp_ms IS NULL)`;
  return `(timestamp_ms >= ${fromMs} AND timestamp_ms < ${toMs})`;
}
