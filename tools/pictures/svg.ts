/**
 * A screen as an SVG picture. Every run of characters is told how long it is, and lines and blocks are drawn instead of
 * written: so columns stand where they should in each viewer, whatever font it has.
 */
import { displayWidth, type Size } from "../../src/paint/mod.ts";
import type { CellStyle, StyledText } from "./styled_text.ts";

const ink = "#d3dbe4";
const paper = "#171b21";
const cell = { width: 8.4, height: 18 };
const fontPx = 14;
/** Of the letters' base line, from the top of a cell. */
const basePx = 13.5;
const marginPx = 14;

/** Sides of a cell that a line goes to: left, right, up, down. A level line is drawn in one. */
const lines: Readonly<Record<string, string>> = {
  "│": "ud",
  "┌": "rd",
  "┐": "ld",
  "└": "ru",
  "┘": "lu",
  "├": "rud",
  "┤": "lud",
  "┬": "lrd",
  "┴": "lru",
  "┼": "lrud",
};
const levels = "▁▂▃▄▅▆▇█";
const parts = "▏▎▍▌▋▊▉";

/** Draws the rows of a screen. */
export function svgOf(rows: readonly (readonly StyledText[])[], { width, height }: Size, title: string): string {
  const size = {
    width: Math.ceil(width * cell.width + 2 * marginPx),
    height: Math.ceil(height * cell.height + 2 * marginPx),
  };
  const body = rows.flatMap((texts, row) => {
    const drawn = texts.map((text) => new Drawing(text, row * cell.height));
    // All backgrounds first: a character may reach out of its cell.
    return [...drawn.map((drawing) => drawing.ground()), ...drawn.map((drawing) => drawing.text())];
  }).filter(Boolean);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" ` +
    `height="${size.height}" role="img" aria-label="${escaped(title)}">`,
    `<rect width="100%" height="100%" rx="8" fill="${paper}"/>`,
    `<g transform="translate(${marginPx} ${marginPx})" fill="${ink}" xml:space="preserve" font-size="${fontPx}" ` +
    `font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace">`,
    ...body,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** One run of characters. */
class Drawing {
  readonly #text: StyledText;
  readonly #y: number;

  constructor(text: StyledText, y: number) {
    this.#text = text;
    this.#y = y;
  }

  ground(): string {
    const { style, column, text } = this.#text;
    const colour = style.isInverse ? style.colour ?? ink : style.background;
    if (colour === null) return "";
    const box = `x="${px(column * cell.width)}" y="${px(this.#y)}" width="${px(displayWidth(text) * cell.width)}"`;
    return `<rect ${box} height="${cell.height}" fill="${colour}" shape-rendering="crispEdges"/>`;
  }

  text(): string {
    const { style, column, text } = this.#text;
    let path = "";
    let fill = "";
    const written: string[] = [];
    let at = column;
    // Runs of letters are written as one; other signs each for itself, since their font may be another one.
    for (const [piece] of text.matchAll(/[\x21-\x7e]+(?: [\x21-\x7e]+)*|─+|[^]/gu)) {
      const width = displayWidth(piece);
      const x = at * cell.width;
      at += width;
      if (piece === " ") continue;
      if (piece.startsWith("─")) path += `M${px(x)} ${px(this.#y + cell.height / 2)}h${px(width * cell.width)}`;
      else if (piece in lines) path += lineOf(lines[piece] ?? "", x, this.#y);
      else if (blockOf(piece) !== null) fill += blockPath(blockOf(piece) ?? [0, 0, 0, 0], x, this.#y);
      else if (/^[\x20-\x7e]+$/.test(piece)) written.push(this.#written(piece, x, width));
      else written.push(this.#sign(piece, x + width * cell.width / 2));
    }
    const drawn = [
      ...path === "" ? [] : [`<path d="${path}" fill="none" stroke="${colourOf(style)}"${faint(style)}/>`],
      ...fill === "" ? [] : [`<path d="${fill}" fill="${colourOf(style)}"${faint(style)}/>`],
    ];
    return [...drawn, ...written].join("\n");
  }

  #written(text: string, x: number, width: number): string {
    const length = ` textLength="${px(width * cell.width)}" lengthAdjust="spacingAndGlyphs"`;
    return `<text x="${px(x)}" y="${px(this.#y + basePx)}"${length}${look(this.#text.style)}>${escaped(text)}</text>`;
  }

  #sign(text: string, x: number): string {
    const at = `x="${px(x)}" y="${px(this.#y + basePx)}" text-anchor="middle"`;
    return `<text ${at}${look(this.#text.style)}>${escaped(text)}</text>`;
  }
}

const dim = ` opacity=".6"`;

function colourOf({ isInverse, colour, background }: CellStyle): string {
  return isInverse ? background ?? paper : colour ?? ink;
}

function faint({ isDim, isInverse }: CellStyle): string {
  return isDim && !isInverse ? dim : "";
}

function look(style: CellStyle): string {
  const colour = colourOf(style);
  return (colour === ink ? "" : ` fill="${colour}"`) + (style.isBold ? ` font-weight="bold"` : "") + faint(style);
}

function lineOf(sides: string, x: number, y: number): string {
  const middle = { x: x + cell.width / 2, y: y + cell.height / 2 };
  const ends: Readonly<Record<string, string>> = {
    l: `H${px(x)}`,
    r: `H${px(x + cell.width)}`,
    u: `V${px(y)}`,
    d: `V${px(y + cell.height)}`,
  };
  return [...sides].map((side) => `M${px(middle.x)} ${px(middle.y)}${ends[side]}`).join("");
}

/** Left, top, right and bottom of what a block fills, as shares of its cell; null for what is no block. */
function blockOf(sign: string): readonly [number, number, number, number] | null {
  const level = levels.indexOf(sign);
  if (level >= 0) return [0, 1 - (level + 1) / 8, 1, 1];
  const part = parts.indexOf(sign);
  return part >= 0 ? [0, 0, (part + 1) / 8, 1] : null;
}

function blockPath([left, top, right, bottom]: readonly [number, number, number, number], x: number, y: number) {
  const from = `M${px(x + left * cell.width)} ${px(y + top * cell.height)}`;
  return `${from}h${px((right - left) * cell.width)}v${px((bottom - top) * cell.height)}h${
    px((left - right) * cell.width)
  }z`;
}

/** A length in few characters. */
function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}
