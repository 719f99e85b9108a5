/** The result of a query as text. Its columns have names of their own each. */
import type { ReplyTo } from "../wire/mod.ts";
import { jsonText } from "./output.ts";
import { printable } from "../paint/mod.ts";
import { formatTable } from "./table.ts";

type QueryResult = Pick<ReplyTo<"SQL">, "columns" | "rows">;

/** Types whose values stand at the right of their column. */
const numeric = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL)\b/;

/**
 * As a table for people.
 *
 * @param widthMax As in {@linkcode formatTable}.
 */
export function tableOf({ columns, rows }: QueryResult, widthMax: number | undefined): string {
  if (columns.length === 0) return "";
  const heads = columns.map(({ name, type }) => ({
    heading: name,
    align: numeric.test(type) ? "right" : "left",
  } as const));
  return formatTable(heads, rows.map((row) => row.map((value) => value === null ? "NULL" : textOf(value))), widthMax);
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
