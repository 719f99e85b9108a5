/** `start_time`: the instant before which a schedule does not fire. */

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** What {@linkcode startTimeMs} accepts, for error messages. */
export const startTimeForm =
  "a date, a time with seconds and an offset from UTC (RFC 3339), such as 2025-01-20T02:00:00Z or 2025-01-20T02:00:00+05:30";

/**
 * Reads an RFC 3339 timestamp, in the forms that the original cdktr accepts: `T`, `t` or a blank between date and
 * time, `Z`, `z` or `+hh:mm` as offset, fractions of a second, and the leap second `:60`, which counts as the next
 * second.
 *
 * @returns Unix milliseconds, or `null` when `text` has another form or names no real date.
 */
export function startTimeMs(text: string): number | null {
  const match = rfc3339.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = "", sign, offsetHour = "0", offsetMinute = "0"] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return null;

  const midnightMs = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  // Date.parse takes 30 February for 2 March, so the day is compared.
  if (Number.isNaN(midnightMs) || new Date(midnightMs).getUTCDate() !== Number(day)) return null;

  const seconds = Number(hour) * 3_600 + Number(minute) * 60 + Number(second);
  const fractionMs = fraction === "" ? 0 : Math.floor(Number(`0${fraction}`) * 1_000);
  const offsetMs = (sign === "-" ? -1 : 1) * (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000;
  return midnightMs + seconds * 1_000 + fractionMs - offsetMs;
}
