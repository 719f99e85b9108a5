/** Lines drawn into rows and columns, and the characters that come of it. */
import type { Glyphs } from "./glyphs.ts";

const left = 1;
const right = 2;
const up = 4;
const down = 8;
const sides = left | right | up | down;
/** Lines that meet here belong together; without it they only cross. */
const joint = 16;
const arrow = 32;

/** A drawing of horizontal and vertical lines. */
export class LineGrid {
  readonly #width: number;
  readonly #rows: Uint8Array[] = [];
  readonly #glyphs: readonly string[];

  constructor(width: number, glyphs: Glyphs) {
    this.#width = width;
    this.#glyphs = Array.from({ length: 64 }, (_, cell) => glyphOf(cell, glyphs));
  }

  /** Rows with lines in them, at least. */
  get height(): number {
    return this.#rows.length;
  }

  /** A line along `row`, from the left edge of column `from` to the right edge of column `to`. */
  across(row: number, from: number, to: number): void {
    const cells = this.#row(row);
    for (let column = from; column <= to; column++) cells[column] = (cells[column] ?? 0) | left | right;
  }

  /** A line along `row` that comes from the left into the middle of `to`, where it meets what else is there. */
  into(row: number, from: number, to: number): void {
    this.across(row, from, to - 1);
    this.#add(row, to, left | joint);
  }

  /** A line along `row` from the middle of `from`, where it meets what else is there, to the right edge of `to`. */
  outOf(row: number, from: number, to: number): void {
    this.#add(row, from, right | joint);
    this.across(row, from + 1, to);
  }

  /** A line in `column` between the middles of two rows. */
  along(column: number, first: number, last: number): void {
    for (let row = first; row <= last; row++) {
      this.#add(row, column, (row > first ? up : 0) | (row < last ? down : 0));
    }
  }

  /** The head of an arrow to the right. */
  arrow(row: number, column: number): void {
    this.#add(row, column, arrow);
  }

  /** The characters of columns `from` up to `to` of a row. */
  text(row: number, from: number, to: number): string {
    const cells = this.#rows[row];
    if (cells === undefined) return " ".repeat(to - from);
    // Most neighbours are alike, and a text put together of single characters is slow.
    let text = "";
    for (let column = from; column < to;) {
      const cell = cells[column] ?? 0;
      let end = column + 1;
      while (end < to && cells[end] === cell) end++;
      const glyph = this.#glyphs[cell] ?? " ";
      text += end === column + 1 ? glyph : glyph.repeat(end - column);
      column = end;
    }
    return text;
  }

  #add(row: number, column: number, bits: number): void {
    const cells = this.#row(row);
    cells[column] = (cells[column] ?? 0) | bits;
  }

  #row(row: number): Uint8Array {
    while (this.#rows.length <= row) this.#rows.push(new Uint8Array(this.#width));
    return this.#rows[row] ?? new Uint8Array(this.#width);
  }
}

function glyphOf(cell: number, glyphs: Glyphs): string {
  if (cell & arrow) return glyphs.arrowRight;
  switch (cell & sides) {
    case 0:
      return " ";
    case left:
    case right:
    case left | right:
      return glyphs.horizontal;
    case up:
    case down:
    case up | down:
      return glyphs.vertical;
    case down | right:
      return glyphs.topLeft;
    case down | left:
      return glyphs.topRight;
    case up | right:
      return glyphs.bottomLeft;
    case up | left:
      return glyphs.bottomRight;
    case down | left | right:
      return glyphs.downRightLeft;
    case up | left | right:
      return glyphs.upRightLeft;
    case up | down | right:
      return glyphs.upDownRight;
    case up | down | left:
      return glyphs.upDownLeft;
    default:
      // What crosses goes on behind, so that it is not taken for a branch.
      return cell & joint ? glyphs.cross : glyphs.vertical;
  }
}
