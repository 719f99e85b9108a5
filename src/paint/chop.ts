/** Lines that are too long, on several rows. */
import type { Line, Span } from "./line.ts";
import { beginning, displayWidth } from "./width.ts";

/**
 * A line as rows of at most `width` columns, filled one after the other; one empty row for an empty line. No character is
 * lost: one of two columns that has no room goes to the next row.
 */
export function chopped(line: Line, width: number): Line[] {
  const columns = Math.max(width, 2);
  const rows: Span[][] = [[]];
  let left = columns;
  for (const piece of line) {
    for (let rest = piece.text; rest !== "";) {
      const part = beginning(rest, left);
      if (part.text !== "") rows.at(-1)?.push({ ...piece, text: part.text });
      rest = rest.slice(part.text.length);
      left -= part.width;
      if (rest === "") break;
      // What is wider than a whole row would come again and again.
      if (part.text === "" && left === columns) break;
      rows.push([]);
      left = columns;
    }
  }
  return rows.filter((row, index) => index === 0 || displayWidth(row.map(({ text }) => text).join("")) > 0);
}
