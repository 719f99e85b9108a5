/** Lines of styled text, and how they are cut, filled, set side by side and laid over one another. */
import { printable } from "./printable.ts";
import type { Role } from "./role.ts";
import { beginning, displayWidth } from "./width.ts";

/** A piece of a line. Its text holds no control characters. */
export interface Span {
  readonly text: string;
  readonly role: Role;
  /** Parameters of an SGR sequence (ECMA-48 8.3.117) that the text came with; they go before the role. */
  readonly sgr?: string;
  /** Under the cursor, or marked: shown inverse. */
  readonly isSelected?: boolean;
}

/** One line, left to right. */
export type Line = readonly Span[];

/** Columns and rows. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A piece of text. What cannot be printed is written as an escape, wherever the text comes from: whoever measures it has to
 * make it {@linkcode printable} before.
 *
 * @param role @default "plain"
 */
export function span(text: string, role: Role = "plain"): Span {
  return { text: printable(text), role };
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

/** A line in exactly `width` columns: filled with blanks, or cut, ending in an ellipsis. */
export function fitLine(line: Line, width: number): Line {
  const excess = lineWidth(line) - width;
  if (excess === 0) return line;
  if (excess < 0) return [...line, span(" ".repeat(-excess))];
  if (width <= 0) return [];
  const kept = sliceLine(line, 0, width - 1);
  const missing = width - 1 - lineWidth(kept);
  const last = kept.at(-1) ?? span("");
  return [...kept, { ...last, text: " ".repeat(missing) + "…" }];
}

/** The columns from `start` up to `end`. Half of a wide character at an edge becomes a blank. */
export function sliceLine(line: Line, start: number, end: number): Line {
  const kept: Span[] = [];
  let at = 0;
  for (const piece of line) {
    const width = displayWidth(piece.text);
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, width);
    if (from < to) kept.push(from === 0 && to === width ? piece : { ...piece, text: sliceText(piece.text, from, to) });
    at += width;
    if (at >= end) break;
  }
  return kept;
}

function sliceText(text: string, from: number, to: number): string {
  const before = beginning(text, from);
  let rest = text.slice(before.text.length);
  let blanks = "";
  if (before.width < from) {
    rest = rest.slice(beginning(rest, 2).text.length);
    blanks = " ".repeat(from - before.width);
  }
  const kept = beginning(rest, to - from - blanks.length);
  return blanks + kept.text + " ".repeat(Math.max(to - from - blanks.length - kept.width, 0));
}

/** A line as one that is under the cursor. */
export function selected(line: Line): Line {
  return line.map((piece) => ({ ...piece, isSelected: true }));
}

/** Lines in exactly this size: cut, or filled with blank ones. */
export function fitBlock(lines: readonly Line[], { width, height }: Size): Line[] {
  return Array.from({ length: height }, (_, row) => fitLine(lines[row] ?? [], width));
}

/** `lines` with blank ones behind them, so that there are `rows` at least. */
export function filledTo(lines: readonly Line[], rows: number): Line[] {
  return [...lines, ...Array.from({ length: Math.max(rows - lines.length, 0) }, (): Line => [])];
}

/** Blocks next to each other, each in its width, as high as the highest. */
export function sideBySide(blocks: readonly { readonly lines: readonly Line[]; readonly width: number }[]): Line[] {
  const height = Math.max(0, ...blocks.map(({ lines }) => lines.length));
  return Array.from(
    { length: height },
    (_, row) => blocks.flatMap(({ lines, width }) => fitLine(lines[row] ?? [], width)),
  );
}

/** `lines` with `block` over them, its upper left corner in column `left` of row `top`. */
export function overlay(lines: readonly Line[], block: readonly Line[], left: number, top: number): Line[] {
  return lines.map((line, row) => {
    const over = block[row - top];
    if (over === undefined) return line;
    const end = left + lineWidth(over);
    return [...fitLine(sliceLine(line, 0, left), left), ...over, ...sliceLine(line, end, Infinity)];
  });
}

/** The text alone. */
export function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}
