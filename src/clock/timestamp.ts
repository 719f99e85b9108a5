/** Instants as people read them. */
import { withinIso } from "./iso_instant.ts";

/**
 * An instant as the clocks of `timezone` show it, with their offset: `2026-03-05T03:00:00+01:00`.
 *
 * @param atMs Unix milliseconds; the part below a second is left out.
 * @param timezone IANA name. @default "UTC", shown as `Z`
 */
export function timestamp(atMs: number, timezone = "UTC"): string {
  const parts = new Map(formatOf(timezone).formatToParts(withinIso(atMs)).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
  const offset = part("timeZoneName").replace("GMT", "") || "Z";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}${offset}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats are slow to make and few. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const format = formats.get(timezone) ?? new Intl.DateTimeFormat("en-CA", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "longOffset",
  });
  formats.set(timezone, format);
  return format;
}
