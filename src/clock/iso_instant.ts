/** Instants as ISO 8601 writes them, whatever a clock says. */

const firstMs = Date.parse("0000-01-01T00:00:00Z");
const lastMs = Date.parse("9999-12-31T23:59:59.999Z");

/** The instant that is nearest to `atMs` and has four digits for its year. Unix milliseconds. */
export function withinIso(atMs: number): number {
  return Math.min(Math.max(atMs, firstMs), lastMs);
}

/**
 * An instant in UTC: `2026-03-05T02:00:00.000Z`, always as long. Times that come from other machines may be of no calendar:
 * those before the year 0 or after the year 9999 are told as the nearest that has this form.
 *
 * @param atMs Unix milliseconds.
 */
export function isoInstant(atMs: number): string {
  return new Date(withinIso(atMs)).toISOString();
}
