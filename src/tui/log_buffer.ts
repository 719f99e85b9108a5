/**
 * A stretch of log lines without gap: stored ones, and at the end of all behind them live ones.
 *
 * A live line is there at once and provisional: sooner or later it comes from the store too, and then stands where the store
 * has it. What came by one way and not yet by the other is counted, and the second copy passed over (as src/cli/follow_logs.ts
 * does). So the order is the store's, each line is there once, and one that was missed live is put in its place.
 *
 * The stretch goes on in either direction behind a line whose cursor is known: the last line of each page. It is cut at such
 * lines only.
 */
import type { WireLogLine } from "../wire/mod.ts";
import type { LogPage } from "./log_source.ts";

/** A line in its place. */
export interface Entry {
  readonly line: WireLogLine;
  /** Names the line to the store; null when that is not known. */
  cursor: string | null;
  /** False for a line that is not wanted and only kept for its cursor. */
  readonly isShown: boolean;
}

/** Stored lines that are remembered in case their live copy is still on its way. */
const aheadMax = 20_000;

/** See the top of this file. */
export class LogBuffer {
  /** Whether there are no older lines. */
  isAtStart = false;
  /** Whether live lines follow on the last line. */
  isAtEnd = false;
  /** Names the newest stored line here; null while there is none. */
  endCursor: string | null = null;
  #stored: Entry[] = [];
  #live: Entry[] = [];
  /** Stored lines whose live copy did not come, by their key. */
  readonly #ahead = new Map<string, number>();
  readonly #isShown: (line: WireLogLine) => boolean;

  /** @param isShown Whether a stored line is wanted. */
  constructor(isShown: (line: WireLogLine) => boolean) {
    this.#isShown = isShown;
  }

  get length(): number {
    return this.#stored.length + this.#live.length;
  }

  /** How many lines came live and not yet from the store. */
  get liveLength(): number {
    return this.#live.length;
  }

  /** Names the oldest line; null when its name is not known: then nothing can be put before it. */
  get startCursor(): string | null {
    return this.at(0)?.cursor ?? null;
  }

  at(index: number): Entry | undefined {
    return index < this.#stored.length ? this.#stored[index] : this.#live[index - this.#stored.length];
  }

  /** Where an entry is; -1 when it is gone. */
  indexOf(entry: Entry): number {
    const index = this.#stored.indexOf(entry);
    if (index >= 0) return index;
    const live = this.#live.indexOf(entry);
    return live < 0 ? -1 : this.#stored.length + live;
  }

  /** Begins with one line and the cursor that names it. */
  static around(line: WireLogLine, cursor: string | null, isShown: (line: WireLogLine) => boolean): LogBuffer {
    const buffer = new LogBuffer(isShown);
    buffer.#stored.push({ line, cursor, isShown: isShown(line) });
    buffer.#remember(line);
    buffer.endCursor = cursor;
    return buffer;
  }

  /** Puts a page of older lines, newest first, before what is there. */
  prepend({ lines, cursor, mayHaveMore }: LogPage): void {
    const isNewest = this.#stored.length <= 1;
    const entries = lines.map((line, index): Entry => ({
      line,
      cursor: index === lines.length - 1 ? cursor : null,
      isShown: this.#isShown(line),
    }));
    if (isNewest) { for (const line of lines) this.#remember(line); }
    this.#stored = [...entries.filter(isKept).reverse(), ...this.#stored];
    if (!mayHaveMore) this.isAtStart = true;
  }

  /** Puts a page of stored lines, oldest first, behind the stored ones that are there. How many to show were not there live. */
  append({ lines, cursor, mayHaveMore }: LogPage): number {
    let newCount = 0;
    const waiting = Map.groupBy(this.#live, ({ line }) => keyOf(line));
    const taken = new Set<Entry>();
    for (const [index, line] of lines.entries()) {
      const twin = waiting.get(keyOf(line))?.shift();
      if (twin === undefined) this.#remember(line);
      else taken.add(twin);
      if (twin === undefined && this.#isShown(line)) newCount++;
      const entry = twin ?? { line, cursor: null, isShown: this.#isShown(line) };
      if (index === lines.length - 1) this.endCursor = entry.cursor = cursor;
      if (isKept(entry)) this.#stored.push(entry);
    }
    if (taken.size > 0) this.#live = this.#live.filter((entry) => !taken.has(entry));
    if (!mayHaveMore) this.isAtEnd = true;
    return newCount;
  }

  /** Puts live lines at the end, but for those that came from the store before. How many were new. */
  takeLive(lines: readonly WireLogLine[]): number {
    const before = this.#live.length;
    // So late that its stored copy may lie before what is here. If not, the store will tell.
    const lateMs = this.isAtStart ? -Infinity : this.at(0)?.line.timestampMs ?? -Infinity;
    for (const line of lines) {
      if (this.#wasAhead(line) || line.timestampMs <= lateMs) continue;
      this.#live.push({ line, cursor: null, isShown: true });
    }
    return this.#live.length - before;
  }

  /** Gives up the end: what is behind the stored lines is no longer kept up. */
  leaveEnd(): void {
    this.#live = [];
    this.isAtEnd = false;
  }

  /**
   * Cuts lines off an end, so that no more than about `lengthMax` are left.
   *
   * @param first The first of the lines that have to stay, by its index.
   * @param last The last of them.
   */
  trim(lengthMax: number, first: number, last: number): void {
    if (this.length <= lengthMax) return;
    if (first > this.length - 1 - last) this.#cutStart(Math.min(this.length - lengthMax, first));
    else this.#cutEnd(Math.max(lengthMax, last + 1));
  }

  #cutStart(countMax: number): void {
    const at = this.#stored.findLastIndex(({ cursor }, index) => cursor !== null && index <= countMax);
    if (at > 0) {
      this.#stored.splice(0, at);
      this.isAtStart = false;
    } else if (countMax > this.#stored.length) {
      // Live lines that the store does not have: it is broken, or there is none.
      this.#live.splice(0, countMax - this.#stored.length);
      this.#stored = [];
      this.isAtStart = false;
    }
  }

  #cutEnd(lengthMin: number): void {
    const at = this.#stored.findIndex(({ cursor }, index) => cursor !== null && index >= lengthMin - 1);
    const entry = this.#stored[at];
    if (entry === undefined || at === this.#stored.length - 1 && this.#live.length === 0) return;
    this.#stored.length = at + 1;
    this.endCursor = entry.cursor;
    this.leaveEnd();
  }

  #remember(line: WireLogLine): void {
    const key = keyOf(line);
    this.#ahead.set(key, (this.#ahead.get(key) ?? 0) + 1);
    if (this.#ahead.size <= aheadMax) return;
    const [oldest] = this.#ahead.keys();
    if (oldest !== undefined) this.#ahead.delete(oldest);
  }

  #wasAhead(line: WireLogLine): boolean {
    const key = keyOf(line);
    const count = this.#ahead.get(key);
    if (count === undefined) return false;
    if (count === 1) this.#ahead.delete(key);
    else this.#ahead.set(key, count - 1);
    return true;
  }
}

function isKept({ isShown, cursor }: Entry): boolean {
  return isShown || cursor !== null;
}

/** What the two copies of a line share; the run's name is not among it, since agents of the original make one up. */
function keyOf({ taskRunId, timestampMs, level, payload }: WireLogLine): string {
  return `${taskRunId}\x01${timestampMs}\x01${level}\x01${payload}`;
}
