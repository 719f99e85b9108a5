/** How long something is kept and how much of it, as people write it: `30d`, `20GiB`, both with a comma, or `forever`. */

/** What is to be kept; null where there is no limit. */
export interface RetentionLimit {
  readonly ageMs: number | null;
  readonly bytes: number | null;
}

/** What {@linkcode parseRetention} accepts, as in "it must be ...". */
export const retentionForm =
  "an age such as 30d or 12h, a size such as 500MiB or 20GiB, both with a comma between them, or forever";

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };
const unitBytes: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** Reads a retention; null when the text has another form. */
export function parseRetention(text: string): RetentionLimit | null {
  if (text.trim() === "forever") return { ageMs: null, bytes: null };
  let limit: RetentionLimit = { ageMs: null, bytes: null };
  for (const part of text.split(",")) {
    const [, number = "", unit = ""] = /^(\d{1,6})([A-Za-z]+)$/.exec(part.trim()) ?? [];
    const [ageUnit, sizeUnit] = [unitMs[unit], unitBytes[unit]];
    if (Number(number) === 0) return null;
    if (ageUnit !== undefined && limit.ageMs === null) limit = { ...limit, ageMs: Number(number) * ageUnit };
    else if (sizeUnit !== undefined && limit.bytes === null) limit = { ...limit, bytes: Number(number) * sizeUnit };
    else return null;
  }
  return limit;
}

/** A retention as {@linkcode parseRetention} reads it. */
export function formatRetention({ ageMs, bytes }: RetentionLimit): string {
  const parts = [inUnits(ageMs, unitMs), inUnits(bytes, unitBytes)].filter((part) => part !== null);
  return parts.length === 0 ? "forever" : parts.join(",");
}

/** In the largest unit that leaves a whole number. */
function inUnits(amount: number | null, units: Readonly<Record<string, number>>): string | null {
  if (amount === null) return null;
  const fitting = Object.entries(units).filter(([, size]) => amount % size === 0).at(-1);
  return fitting === undefined ? null : `${amount / fitting[1]}${fitting[0]}`;
}
