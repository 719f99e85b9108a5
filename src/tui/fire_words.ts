/** What a schedule's strip shows, in words and marks. */
import { isoInstant } from "../clock/mod.ts";
import type { Glyphs, Line, Role } from "../paint/mod.ts";
import { displayWidth, printable, span } from "../paint/mod.ts";
import { type Axis, type Clashes, columnStartMs, type Fires, firesMax } from "./fire_strip.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** Distances between two labels of an axis, in milliseconds. */
const labelSpans = [0.25, 0.5, 1, 2, 3, 4, 6, 12, 24, 48].map((hours) => hours * hourMs);
/** The longest label, and a gap. */
const labelRoom = 7;

/** The time of day, and at midnight the day that begins: `06:00`, `Mon 02`. All in UTC. */
function labelOf(atMs: number): string {
  const date = new Date(atMs);
  if (atMs % dayMs !== 0) return clockText(atMs);
  return `${weekdays[date.getUTCDay()]} ${String(date.getUTCDate()).padStart(2, "0")}`;
}

/** The time of day in UTC, to the minute: `06:00`. */
function clockText(atMs: number): string {
  return isoInstant(atMs).slice(11, 16);
}

/** A time of day with its day where that is not today: `06:00`, `Mon 02, 06:00`. */
export function dayAndClockText(atMs: number, nowMs: number): string {
  const midnightMs = Math.floor(atMs / dayMs) * dayMs;
  return midnightMs === Math.floor(nowMs / dayMs) * dayMs
    ? clockText(atMs)
    : `${labelOf(midnightMs)}, ${clockText(atMs)}`;
}

/** The two lines above the strips: times, and where exactly they are, with the time cursor among them. */
export function axisLines(axis: Axis, cursor: number, glyphs: Glyphs): [labels: string, ticks: string] {
  const perColumn = axis.columnMs;
  const every = labelSpans.find((each) => each % perColumn === 0 && each / perColumn >= labelRoom) ?? 2 * dayMs;
  const ticks = Array.from({ length: axis.columns }, (): string => glyphs.horizontal);
  let labels = "";
  for (let column = 0; column < axis.columns; column++) {
    const atMs = columnStartMs(axis, column);
    if (atMs % every !== 0) continue;
    ticks[column] = glyphs.cross;
    const label = labelOf(atMs);
    if (column >= labels.length && column + label.length <= axis.columns) labels = labels.padEnd(column) + label;
  }
  if (labels.slice(0, 4).trim() === "") labels = `now${labels.slice(3)}`;
  ticks[cursor] = glyphs.arrowDown;
  return [labels.padEnd(axis.columns), ticks.join("")];
}

/**
 * A strip: a mark for one start, another for several, a third for {@linkcode firesMax} or more; and behind a mark how long it
 * usually runs, where that is longer than a column.
 */
export function stripOf(fires: Fires, axis: Axis, usualMs: number | null, glyphs: Glyphs): Line {
  const cells = Array.from({ length: axis.columns }, (): [string, Role] => [glyphs.track, "faint"]);
  if (usualMs !== null && usualMs > axis.columnMs) {
    for (const atMs of fires.minutesMs) {
      const first = Math.floor((atMs - axis.startMs) / axis.columnMs) + 1;
      const end = Math.min(Math.ceil((atMs + usualMs - axis.startMs) / axis.columnMs), axis.columns);
      for (let column = first; column < end; column++) cells[column] = [glyphs.horizontal, "busy"];
    }
  }
  const role = overlapsItself(fires, usualMs) ? "warn" : "accent";
  for (const [column, count] of fires.counts.entries()) {
    if (count === 0) continue;
    cells[column] = [count === 1 ? glyphs.arrowRight : count < firesMax ? glyphs.marked : glyphs.ran, role];
  }
  return joined(cells);
}

/** Whether it is due again before it is usually over. */
export function overlapsItself({ closest }: Fires, usualMs: number | null): boolean {
  return usualMs !== null && closest !== null && closest.gapMs < usualMs;
}

/** Characters with their roles, as few spans as they need. */
export function joined(cells: readonly (readonly [string, Role])[]): Line {
  const spans: { text: string; role: Role }[] = [];
  for (const [text, role] of cells) {
    const last = spans.at(-1);
    if (last !== undefined && last.role === role) last.text += text;
    else spans.push({ text, role });
  }
  return spans.map(({ text, role }) => span(text, role));
}

/** As many names as fit, and how many more there are. */
export function namesWithin(names: readonly string[], width: number): string {
  const more = (count: number) => count === 0 ? "" : ` and ${count} more`;
  let text = "";
  for (const [index, name] of names.entries()) {
    const next = text === "" ? printable(name) : `${text}, ${printable(name)}`;
    const rest = names.length - index - 1;
    if (displayWidth(next + more(rest)) > width && text !== "") return text + more(rest + 1);
    text = next;
  }
  return text;
}

/** What starts in a column, in at most `width` columns of text. */
export function columnWords(clashes: Clashes, axis: Axis, column: number, nowMs: number, width: number): string {
  const fromMs = columnStartMs(axis, column);
  const untilMs = fromMs + axis.columnMs;
  const minutes: { readonly atMs: number; readonly ids: readonly string[] }[] = [];
  for (let atMs = fromMs; atMs < untilMs; atMs += minuteMs) {
    const ids = clashes.byMinute.get(atMs);
    if (ids !== undefined) minutes.push({ atMs, ids });
  }
  const starts = new Set(minutes.flatMap(({ ids }) => ids));
  const lead = `${dayAndClockText(fromMs, nowMs)} to ${clockText(untilMs)}: `;
  if (minutes.length === 0) return `${lead}nothing starts.`;
  const named = new Set<string>();
  // A workflow that starts several times is named with the first of them.
  const names = minutes.flatMap(({ atMs, ids }) =>
    ids.filter((id) => !named.has(id) && named.add(id)).map((id) => `${id} ${clockText(atMs)}`)
  );
  const count = `${starts.size} ${starts.size === 1 ? "starts" : "start"}: `;
  return `${lead}${count}${namesWithin(names, width - lead.length - count.length)}`;
}
