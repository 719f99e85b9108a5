/** The result of a query as text. Its columns have names of their own each. */
import type { ReplyTo } from "../wire/mod.ts";
import { jsonText } from "./output.ts";
import { displayWidth, padded, printable } from "../paint/mod.ts";
import { formatTable } from "./table.ts";

type QueryResult = Pick<ReplyTo<"SQL">, "columns" | "rows">;

/** Types whose values stand at the right of their column. */
const numeric = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL)\b/;

/**
 * As a table for people. Where a row needs more than `widthMax` columns of the terminal, each row is a block of its own with
 * a line for each column, as psql does with `\x auto`: nothing is cut.
 */
export function tableOf({ columns, rows }: QueryResult, widthMax: number | undefined): string {
  if (columns.length === 0) return "";
  const heads = columns.map(({ name, type }) => ({
    heading: printable(name),
    align: numeric.test(type) ? "right" : "left",
  } as const));
  const cells = rows.map((row) => row.map((value) => value === null ? "NULL" : textOf(value)));
  const table = formatTable(heads, cells);
  const fits = widthMax === undefined || table.split("\n").every((line) => displayWidth(line) <= widthMax);
  return fits || rows.length === 0 ? table : blocksOf(heads.map(({ heading }) => heading), cells);
}

function blocksOf(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const nameWidth = Math.max(...names.map(displayWidth));
  return rows.map((row, index) => {
    const lines = row.map((cell, at) => `${padded(names[at] ?? "", nameWidth)} | ${printable(cell)}`.trimEnd());
    return [`-[ ROW ${index + 1} ]-`.padEnd(nameWidth + 2, "-"), ...lines].map((line) => `${line}\n`).join("");
  }).join("");
}

/** As one JSON array with an object for each row. */
export function jsonOf({ columns, rows }: QueryResult): string {
  const objects = rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])));
  return objects.length === 0 ? "[]\n" : `[\n${objects.map((object) => `  ${jsonText(object)}`).join(",\n")}\n]\n`;
}

/**
 * As CSV (RFC 4180, with line feeds alone): a line of names, then a line for each row. NULL is an empty field, empty text a quoted one.
 *
 * @param isForPeople Whether what a terminal could act on is written as escapes.
 */
export function csvOf({ columns, rows }: QueryResult, isForPeople: boolean): string {
  const shown = (text: string) => isForPeople ? printable(text) : text;
  const field = (value: unknown) => value === null || value === undefined ? "" : csvField(shown(textOf(value)));
  const lines = [columns.map(({ name }) => csvField(shown(name))), ...rows.map((row) => row.map(field))];
  return lines.map((fields) => `${fields.join(",")}\n`).join("");
}

function csvField(text: string): string {
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}
