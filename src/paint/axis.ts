/** An axis of time: which column an instant has, and round marks along it. */

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Distances between marks that people count in, up to a day. */
const stepsMs = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * secondMs),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * minuteMs),
  ...[1, 2, 3, 6, 12].map((hours) => hours * hourMs),
  dayMs,
];
/** Blanks between two marks' texts, at least. */
const gap = 2;

/** A mark on the axis. */
export interface Tick {
  readonly column: number;
  readonly text: string;
}

/** From `startMs` at the left edge to `endMs` at the right one, in `width` columns. */
export class Axis {
  readonly startMs: number;
  readonly #spanMs: number;
  readonly #width: number;

  constructor(startMs: number, endMs: number, width: number) {
    this.startMs = startMs;
    this.#spanMs = Math.max(endMs - startMs, 1);
    this.#width = width;
  }

  /** Columns left of an instant, from 0 to the width; before the start 0. */
  columnOf(atMs: number): number {
    const share = (atMs - this.startMs) / this.#spanMs;
    return Math.round(Math.min(Math.max(share, 0), 1) * this.#width);
  }

  /** Marks at round distances from `zeroMs`, as many as there is room for. */
  ticks(zeroMs: number): Tick[] {
    for (const stepMs of this.#steps()) {
      const first = Math.ceil((this.startMs - zeroMs) / stepMs);
      const last = Math.floor((this.startMs + this.#spanMs - zeroMs) / stepMs);
      if (last - first > this.#width / (gap + 3)) continue;
      const ticks = Array.from({ length: last - first + 1 }, (_, index): Tick => {
        const atMs = (first + index) * stepMs;
        return { column: this.columnOf(zeroMs + atMs), text: tickText(atMs) };
      }).filter(({ column, text }) => column + text.length <= this.#width);
      const isRoomy = ticks.every(({ column }, index) => {
        const before = ticks[index - 1];
        return before === undefined || before.column + before.text.length + gap <= column;
      });
      if (isRoomy) return ticks;
    }
    return [];
  }

  *#steps(): Iterable<number> {
    yield* stepsMs;
    for (let stepMs = 2 * dayMs; stepMs <= 2 * this.#spanMs; stepMs *= 2) yield stepMs;
  }
}

const units: readonly (readonly [name: string, ms: number])[] = [
  ["d", dayMs],
  ["h", hourMs],
  ["min", minuteMs],
  ["s", secondMs],
  ["ms", 1],
];

/** A round time such as `90 ms`, `1 min 30 s`, `2 h`, `-5 s`. */
function tickText(atMs: number): string {
  if (atMs === 0) return "0 s";
  let left = Math.abs(atMs);
  const parts: string[] = [];
  for (const [name, ms] of units) {
    if (left < ms || parts.length === 2) continue;
    parts.push(`${Math.floor(left / ms)} ${name}`);
    left %= ms;
  }
  return (atMs < 0 ? "-" : "") + parts.join(" ");
}
