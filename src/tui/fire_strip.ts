/**
 * A span of time in columns, and what a schedule does in each: pure, and bounded however often it fires. In a column at most
 * {@linkcode firesMax} fires are looked at; where there are more, they are not counted, and the next column is gone to.
 */
import type { Schedule } from "../workflow/mod.ts";

/** Fires within one column that are told apart. */
export const firesMax = 6;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Widths of a column that divide hours and days, in milliseconds. */
const columnSpans = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360].map((minutes) => minutes * minuteMs);

/** Time in columns. */
export interface Axis {
  /** Where the first column begins, Unix milliseconds; now lies in it. */
  readonly startMs: number;
  /** What one column stands for, in milliseconds. */
  readonly columnMs: number;
  readonly columns: number;
}

/** What a schedule does within an axis. */
export interface Fires {
  /** Fires of each column, {@linkcode firesMax} for as many or more. */
  readonly counts: Uint8Array;
  /** The minutes in which it fires, as they were looked at: each once, in order; Unix milliseconds. */
  readonly minutesMs: readonly number[];
  /** The least time from one fire to the next, in milliseconds, and when it ends; null for fewer than two. */
  readonly closest: { readonly gapMs: number; readonly atMs: number } | null;
}

/** `spanMs` from `nowMs` on, in at most `columnsMax` columns. */
export function axisFrom(nowMs: number, spanMs: number, columnsMax: number): Axis {
  const columnMs = columnSpans.find((each) => spanMs / each <= columnsMax) ?? 24 * hourMs;
  return { startMs: Math.floor(nowMs / columnMs) * columnMs, columnMs, columns: Math.ceil(spanMs / columnMs) };
}

/** Where a column begins, Unix milliseconds. */
export function columnStartMs({ startMs, columnMs }: Axis, column: number): number {
  return startMs + column * columnMs;
}

/** What a schedule does within an axis. */
export function firesWithin(schedule: Schedule, axis: Axis): Fires {
  const counts = new Uint8Array(axis.columns);
  const minutesMs: number[] = [];
  let closest: Fires["closest"] = null;
  let previousMs: number | null = null;
  let atMs = schedule.next(axis.startMs - 1);
  while (atMs !== null) {
    const column = Math.floor((atMs - axis.startMs) / axis.columnMs);
    if (column >= axis.columns) break;
    const count = (counts[column] ?? 0) + 1;
    counts[column] = count;
    const inMinuteMs = Math.floor(atMs / minuteMs) * minuteMs;
    if (minutesMs.at(-1) !== inMinuteMs) minutesMs.push(inMinuteMs);
    const gapMs: number | null = previousMs === null ? null : atMs - previousMs;
    if (previousMs !== null && gapMs !== null && (closest === null || gapMs < closest.gapMs)) {
      closest = { gapMs, atMs };
    }
    const isFull = count >= firesMax;
    previousMs = isFull ? null : atMs;
    atMs = schedule.next(isFull ? columnStartMs(axis, column + 1) - 1 : atMs);
  }
  return { counts, minutesMs, closest };
}

/** Fires that are looked at for the next overlap. */
const overlapLooksMax = 100;

/**
 * When a schedule fires next before what it started last is usually over; null when it does not as far as is looked.
 *
 * @param leastGapMs The least time from one fire to the next: the one before `nowMs` is looked for within it.
 */
export function overlapAfter(
  schedule: Schedule,
  nowMs: number,
  usualMs: number,
  leastGapMs: number,
): { readonly gapMs: number; readonly atMs: number } | null {
  let previousMs = schedule.next(nowMs - leastGapMs - 1);
  for (let looks = 0; previousMs !== null && looks < overlapLooksMax; looks++) {
    const atMs = schedule.next(previousMs);
    if (atMs === null) return null;
    if (atMs > nowMs && atMs - previousMs < usualMs) return { gapMs: atMs - previousMs, atMs };
    previousMs = atMs;
  }
  return null;
}

/** What starts at the same time. */
export interface Clashes {
  /** The workflows that start in a minute, by its beginning, Unix milliseconds. */
  readonly byMinute: ReadonlyMap<number, readonly string[]>;
  /** The most that start within one minute of each column. */
  readonly most: readonly number[];
  /** The first minute in which the most start, if it is more than one workflow. */
  readonly peak: { readonly atMs: number; readonly ids: readonly string[] } | null;
}

/** Lays the fires of all workflows over each other. */
export function clashesOf(fires: readonly { readonly id: string; readonly fires: Fires }[], axis: Axis): Clashes {
  const byMinute = new Map<number, string[]>();
  for (const { id, fires: { minutesMs } } of fires) {
    for (const atMs of minutesMs) {
      const ids = byMinute.get(atMs);
      if (ids === undefined) byMinute.set(atMs, [id]);
      else ids.push(id);
    }
  }
  const most: number[] = new Array(axis.columns).fill(0);
  let peak: Clashes["peak"] = null;
  for (const [atMs, ids] of byMinute) {
    const column = Math.floor((atMs - axis.startMs) / axis.columnMs);
    most[column] = Math.max(most[column] ?? 0, ids.length);
    const least = peak?.ids.length ?? 1;
    if (ids.length > least || peak !== null && ids.length === least && atMs < peak.atMs) peak = { atMs, ids };
  }
  return { byMinute, most, peak };
}
