/** How a log line looks. */
import {
  chopped,
  fitLine,
  type Line,
  outputSpans,
  printable,
  type Role,
  seriesOf,
  sliceLine,
  span,
} from "../paint/mod.ts";
import type { WireLogLine } from "../wire/mod.ts";
import { instantText } from "./words.ts";

/** How much of a line's time is shown. */
export const timeForms = ["none", "time", "date and time"] as const;
/** See {@linkcode timeForms}. */
export type TimeForm = typeof timeForms[number];

/** What the lines of a screen have in common. */
export interface LogLook {
  readonly times: TimeForm;
  readonly isWrapped: boolean;
  /** With the ids of run and task run, and the level in words. */
  readonly isVerbose: boolean;
  readonly tasks: TaskColours;
  /** What is searched for; null for nothing. */
  readonly search: string | null;
  /** Columns that are left out at the left, of lines that are not wrapped. */
  readonly skippedColumns: number;
}

/** The column for the names of tasks: at least as wide as cdktr's own, which its gap lines stand under. */
const taskWidthMin = 5;
const taskWidthMax = 18;
/** Characters of a line that are looked at for each column that is shown: escape sequences take room, too. */
const charsPerColumn = 16;
/** Characters of a wrapped line that are shown. */
const wrappedCharsMax = 65_536;

/** Which colour each task has: they get theirs in the order they are first seen in. */
export class TaskColours {
  readonly #indexes = new Map<string, number>();
  #width = taskWidthMin;

  /** Columns that the names need. */
  get width(): number {
    return this.#width;
  }

  /** Every name there is, in the order of the colours. */
  get names(): readonly string[] {
    return [...this.#indexes.keys()];
  }

  roleOf(name: string): Role {
    let index = this.#indexes.get(name);
    if (index === undefined) {
      this.#indexes.set(name, index = this.#indexes.size);
      this.#width = Math.min(Math.max(this.#width, printable(name).length), taskWidthMax);
    }
    return seriesOf(index);
  }
}

/** The text of a line without the word for its stream, which the level tells as well. */
export function bodyOf({ payload }: WireLogLine): string {
  return /^STD(?:OUT|ERR) /.test(payload) ? payload.slice(7) : payload;
}

/** A line as it is drawn: several rows where it is wrapped. */
export function rowsOf(line: WireLogLine, look: LogLook, width: number): Line[] {
  const lead = leadOf(line, look);
  const leadWidth = lead.reduce((sum, { text }) => sum + text.length, 0);
  const room = Math.max(width - leadWidth, 10);
  if (!look.isWrapped) {
    const { skippedColumns } = look;
    const body = bodySpans(line, look, (skippedColumns + room) * charsPerColumn);
    return [[...lead, ...skippedColumns > 0 ? sliceLine(body, skippedColumns, Infinity) : body]];
  }
  const [first = [], ...others] = chopped(bodySpans(line, look, wrappedCharsMax), room);
  return [[...lead, ...first], ...others.map((row): Line => [span(" ".repeat(leadWidth)), ...row])];
}

/** Time, task and mark; printable characters of one column each but for names, which are fitted. */
function leadOf(line: WireLogLine, { times, isVerbose, tasks }: LogLook): Line {
  const { timestampMs, taskName, level, workflowName, runId, taskRunId } = line;
  const mark = level === "ERROR" ? span("! ", "bad") : level === "INFO" ? span("  ") : span("~ ", "warn");
  const lead: Line = [...timeSpans(timestampMs, times)];
  if (isVerbose) {
    const task = span(`${printable(taskName)}=${printable(taskRunId)}`, tasks.roleOf(taskName));
    const run = span(`${printable(workflowName)}=${printable(runId)} / `, "faint");
    return [...lead, span(`${printable(level).padEnd(7)} `, mark.role), run, task, span(" ")];
  }
  const name = taskName === "" ? span("cdktr", "faint") : span(printable(taskName), tasks.roleOf(taskName));
  return [...lead, ...fitLine([name], tasks.width), span(" "), mark];
}

function timeSpans(timestampMs: number, times: TimeForm): Line {
  if (times === "none") return [];
  if (!(Math.abs(timestampMs) < 8.64e15)) return [span(`${timestampMs} `, "faint")];
  const text = `${instantText(timestampMs)}.${String(Math.floor(timestampMs) % 1000).padStart(3, "0")} `;
  return [span(times === "time" ? text.slice(11) : text, "faint")];
}

function bodySpans(line: WireLogLine, { search }: LogLook, charsMax: number): Line {
  const role = line.level === "ERROR" ? "bad" : line.level === "INFO" ? "plain" : "warn";
  const spans = outputSpans(bodyOf(line).slice(0, charsMax), role);
  return search === null ? spans : highlighted(spans, search);
}

/** A line with every place that a text is found in set off, capitals or not, across pieces too. */
function highlighted(line: Line, search: string): Line {
  const text = line.map((piece) => piece.text).join("");
  const pattern = new RegExp(search.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "giu");
  const found = [...text.matchAll(pattern)].map(({ index, 0: { length } }) => ({ from: index, to: index + length }));
  if (found.length === 0) return line;
  let at = 0;
  return line.flatMap((piece) => {
    const from = at;
    at += piece.text.length;
    return split(piece.text, found.map((range) => ({ from: range.from - from, to: range.to - from }))).map(
      ({ text, isFound }) => isFound ? { text, role: "match" as const, isSelected: true } : { ...piece, text },
    );
  });
}

function split(text: string, ranges: readonly { readonly from: number; readonly to: number }[]) {
  const parts: { text: string; isFound: boolean }[] = [];
  let at = 0;
  for (const range of ranges) {
    const from = Math.max(range.from, 0);
    const to = Math.min(range.to, text.length);
    if (from >= to) continue;
    parts.push({ text: text.slice(at, from), isFound: false }, { text: text.slice(from, to), isFound: true });
    at = to;
  }
  return [...parts, { text: text.slice(at), isFound: false }].filter((part) => part.text !== "");
}
