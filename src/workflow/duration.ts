/** Durations as people write them in a workflow file. */

const plainSeconds = /^\d+(?:\.\d+)?$/;
const withUnits = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;

/** What {@linkcode durationMs} accepts, for error messages. */
export const durationForm = "seconds as a number, or a duration such as 90s, 15m, 1h30m or 1d";

/**
 * Reads a duration: a number of seconds (`90`, `0.5`), or numbers with units from the largest to the smallest
 * (`90s`, `15m`, `1h30m`, `1d`, `250ms`).
 *
 * @returns Milliseconds, rounded to a whole number, or `null` when `text` has another form.
 */
export function durationMs(text: string): number | null {
  if (plainSeconds.test(text)) return Math.round(Number(text) * 1_000);
  const match = withUnits.exec(text);
  if (match === null || text === "") return null;
  const [, days = "0", hours = "0", minutes = "0", seconds = "0", milliseconds = "0"] = match;
  const wholeSeconds = Number(days) * 86_400 + Number(hours) * 3_600 + Number(minutes) * 60;
  return Math.round((wholeSeconds + Number(seconds)) * 1_000) + Number(milliseconds);
}
