/** Spans of time as people say them. */

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * A span in its two largest units: `850 ms`, `12.3 s`, `5 min 20 s`, `3 h 4 min`, `2 d 7 h`.
 *
 * @param spanMs Milliseconds; a negative one, as after a clock was put back, counts as none.
 */
export function spanText(spanMs: number): string {
  const ms = Math.max(spanMs, 0);
  if (ms < secondMs) return `${Math.round(ms)} ms`;
  if (ms < minuteMs) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min ${Math.floor(ms / secondMs) % 60} s`;
  if (ms < dayMs) return `${Math.floor(ms / hourMs)} h ${Math.floor(ms / minuteMs) % 60} min`;
  return `${Math.floor(ms / dayMs)} d ${Math.floor(ms / hourMs) % 24} h`;
}
