/** Which of a window's lines are seen: the place of the uppermost row, and how it moves. Only what is seen is drawn. */
import { fitLine, type Line, type Size, span } from "../paint/mod.ts";
import type { Entry } from "./log_buffer.ts";
import { excessColumns, type LogLook, rowsOf } from "./log_line.ts";
import type { LogWindow } from "./log_window.ts";

/** A row of a line that may take several. */
interface Place {
  readonly index: number;
  readonly row: number;
}

/** Columns at the left for the mark of the line that a search found. */
const gutter = 1;

/** See the top of this file. */
export class LogView {
  look: LogLook;
  /** The line that a search or a jump led to. */
  found: Entry | null = null;
  #top: { readonly entry: Entry; readonly row: number } | null = null;
  #isFollowing = true;
  #size: Size = { width: 80, height: 20 };
  #shown: readonly Entry[] = [];

  constructor(look: LogLook) {
    this.look = look;
  }

  /** Whether it stays at the end. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** The lines that were drawn last. */
  get shown(): readonly Entry[] {
    return this.#shown;
  }

  /** Rows of a page. */
  get height(): number {
    return this.#size.height;
  }

  follow(): void {
    this.#isFollowing = true;
    this.found = null;
    this.#top = null;
  }

  /** Stays where it is. */
  stop(): void {
    this.#isFollowing = false;
  }

  /** Shows a line, with some of those before it. */
  show(entry: Entry, window: LogWindow): void {
    this.stop();
    this.found = entry;
    if (this.#shown.includes(entry)) return;
    this.#top = { entry, row: 0 };
    this.#move(window, -Math.floor(this.#size.height / 3));
  }

  /** Begins with a line. */
  begin(entry: Entry): void {
    this.stop();
    this.#top = { entry, row: 0 };
  }

  /** Begins with the first line there is. */
  showStart(): void {
    this.stop();
    this.#top = null;
  }

  /** @param rows Down; negative for up. */
  scroll(window: LogWindow, rows: number): void {
    if (rows < 0) this.stop();
    if (!this.#isFollowing) this.#move(window, rows);
  }

  /** @param columns To the right, up to the end of the longest line that is seen; negative for to the left. */
  shift(columns: number): void {
    const { look } = this;
    if (look.isWrapped) return;
    const width = this.#size.width - gutter;
    const most = Math.max(0, ...this.#shown.map(({ line }) => excessColumns(line, look, width)));
    const wanted = columns > 0 ? Math.min(look.skippedColumns + columns, most) : look.skippedColumns + columns;
    this.look = { ...look, skippedColumns: Math.max(wanted, 0) };
  }

  draw(window: LogWindow, size: Size): Line[] {
    this.#size = size;
    window.isFollowed = this.#isFollowing;
    const { buffer } = window;
    const from = this.#isFollowing ? null : this.#clamped(window);
    const start = from ?? this.#up(window, { index: buffer.length, row: 0 }, size.height);
    const lines: Line[] = [];
    const shown: Entry[] = [];
    let index = start.index;
    for (; index < buffer.length && lines.length < size.height; index++) {
      const entry = buffer.at(index);
      if (entry === undefined || !entry.isShown) continue;
      const rows = this.#rows(entry).slice(
        index === start.index ? start.row : 0,
        size.height - lines.length + start.row,
      );
      const mark = span(entry === this.found ? this.look.glyphs.cursor : " ", "accent");
      for (const row of rows) if (lines.length < size.height) lines.push(fitLine([mark, ...row], size.width));
      shown.push(entry);
    }
    this.#shown = shown;
    const [first] = shown;
    this.#top = first === undefined ? null : { entry: first, row: start.row };
    window.saw(index - 1);
    window.need(start.index, index);
    return lines;
  }

  /** The place of the uppermost row, so that there is no empty room below while there are lines above. */
  #clamped(window: LogWindow): Place | null {
    const top = this.#place(window);
    const lowest = this.#up(window, { index: window.buffer.length, row: 0 }, this.#size.height);
    const isBeyond = top.index > lowest.index || top.index === lowest.index && top.row > lowest.row;
    return isBeyond ? lowest : top;
  }

  #place({ buffer }: LogWindow): Place {
    const index = this.#top === null ? 0 : Math.max(buffer.indexOf(this.#top.entry), 0);
    return { index, row: this.#top?.row ?? 0 };
  }

  #move(window: LogWindow, rows: number): void {
    const from = this.#place(window);
    const to = rows < 0 ? this.#up(window, from, -rows) : this.#down(window, from, rows);
    const entry = window.buffer.at(to.index);
    if (entry !== undefined) this.#top = { entry, row: to.row };
  }

  #up({ buffer }: LogWindow, { index, row }: Place, rows: number): Place {
    let left = rows;
    let at = { index, row };
    while (left > 0) {
      if (at.row > 0) {
        const step = Math.min(at.row, left);
        at = { index: at.index, row: at.row - step };
        left -= step;
        continue;
      }
      let before = at.index - 1;
      while (before >= 0 && !buffer.at(before)?.isShown) before--;
      const entry = buffer.at(before);
      if (entry === undefined) return at;
      at = { index: before, row: this.#rows(entry).length };
    }
    return at;
  }

  #down({ buffer }: LogWindow, { index, row }: Place, rows: number): Place {
    let left = rows + row;
    for (let at = index; at < buffer.length; at++) {
      const entry = buffer.at(at);
      if (entry === undefined || !entry.isShown) continue;
      const count = this.#rows(entry).length;
      if (left < count) return { index: at, row: left };
      left -= count;
    }
    return { index: Math.max(buffer.length - 1, 0), row: 0 };
  }

  #rows({ line }: Entry): Line[] {
    return rowsOf(line, this.look, this.#size.width - gutter);
  }
}
