/** Rows of text as an aligned table. */
import { cut, displayWidth, printable } from "../paint/mod.ts";

/** One column. */
export interface Column {
  readonly heading: string;
  /** @default "left" */
  readonly align?: "left" | "right";
  /** Whether its cells stay whole however narrow the terminal is: ids and times are of no use cut. @default false */
  readonly whole?: boolean;
}

const gap = "  ";
/** A column is never cut below this width. */
const leastWidth = 8;

/**
 * Formats `rows` under `columns`; cells are made {@linkcode printable}.
 *
 * @param widthMax Columns of the terminal: the widest columns that may be are cut, with `…`, until a line fits. Without it nothing is cut.
 * @returns The lines, each with a line end, headings first.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widthMax?: number,
): string {
  const cells = [columns.map(({ heading }) => heading), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => displayWidth(row[at] ?? ""))));
  if (widthMax !== undefined) fit(columns, widths, widthMax);
  return cells.map((row) => {
    const line = columns.map(({ align }, at) => {
      const width = widths[at] ?? 0;
      const text = cut(row[at] ?? "", width);
      const blanks = " ".repeat(width - displayWidth(text));
      return align === "right" ? blanks + text : text + blanks;
    });
    return `${line.join(gap).trimEnd()}\n`;
  }).join("");
}

/** Takes width from the widest column, one cell at a time, until all fit or nothing more may be taken. */
function fit(columns: readonly Column[], widths: number[], widthMax: number): void {
  let excess = widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1)) - widthMax;
  while (excess > 0) {
    const widest = Math.max(...widths.filter((_, at) => columns[at]?.whole !== true));
    if (widest <= leastWidth) return;
    widths[widths.findIndex((width, at) => width === widest && columns[at]?.whole !== true)] = widest - 1;
    excess -= 1;
  }
}
