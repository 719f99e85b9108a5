/** How a log line looks. */
import {
  chopped,
  fitLine,
  type Glyphs,
  type Line,
  lineWidth,
  outputSpans,
  printable,
  type Role,
  seriesOf,
  sliceLine,
  span,
} from "../paint/mod.ts";
import type { WireLogLine } from "../wire/mod.ts";
import { briefId, instantText } from "./words.ts";

/** How much of a line's time is shown. */
export const timeForms = ["none", "time", "date and time"] as const;
/** See {@linkcode timeForms}. */
export type TimeForm = typeof timeForms[number];

/** What the lines of a screen have in common. */
export interface LogLook {
  readonly glyphs: Glyphs;
  readonly times: TimeForm;
  readonly isWrapped: boolean;
  /** With the ids of run and task run, and the level in words. */
  readonly isVerbose: boolean;
  /** The colours of the workflows; null where all lines are of one. */
  readonly workflows: NameColours | null;
  /** The colours of the runs; null where all lines are of one. */
  readonly runs: NameColours | null;
  readonly tasks: NameColours;
  /** What is searched for; null for nothing. */
  readonly search: string | null;
  /** Columns that are left out at the left, of lines that are not wrapped. */
  readonly skippedColumns: number;
}

/** The column for names: at least as wide as cdktr's own, which its gap lines stand under. */
const nameWidthMin = 5;
const nameWidthMax = 18;
/** Characters at the end of an id that tell it from the others on the screen: its beginning is the time. */
const tailChars = 4;
/** Names are cut so that this share of a row is text; where that is not enough, whatever stands before the text is cut. */
const bodyShare = 1 / 3;
const bodyWidthMin = 20;
/** Characters of a line that are looked at for each column that is shown: escape sequences take room, too. */
const charsPerColumn = 16;
/** Characters of a wrapped line that are shown. */
const wrappedCharsMax = 65_536;

/** Which colour each task, run or workflow has: they get theirs in the order they are first seen in. */
export class NameColours {
  readonly #indexes = new Map<string, number>();
  #width = nameWidthMin;

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
      this.#width = Math.min(Math.max(this.#width, printable(name).length), nameWidthMax);
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
  const { lead, room } = leadAndRoom(line, look, width);
  if (!look.isWrapped) {
    const { skippedColumns, glyphs } = look;
    const body = bodySpans(line, look, (skippedColumns + room) * charsPerColumn);
    if (skippedColumns === 0 || body.length === 0) return [[...lead, ...body]];
    // The mark takes the place of a column of the text.
    return [[...lead, span(glyphs.arrowLeft, "faint"), ...sliceLine(body, skippedColumns + 1, Infinity)]];
  }
  const [first = [], ...others] = chopped(bodySpans(line, look, wrappedCharsMax), room);
  const indent = span(" ".repeat(lineWidth(lead)));
  return [[...lead, ...first], ...others.map((row): Line => [indent, ...row])];
}

/** Columns of a line's text that do not fit behind what stands before it. */
export function excessColumns(line: WireLogLine, look: LogLook, width: number): number {
  return Math.max(lineWidth(bodySpans(line, look, wrappedCharsMax)) - leadAndRoom(line, look, width).room, 0);
}

function leadAndRoom(line: WireLogLine, look: LogLook, width: number): { readonly lead: Line; readonly room: number } {
  const whole = look.isVerbose ? verboseLead(line, look, width) : briefLead(line, look, width);
  const most = width - bodyWidthMin;
  const lead = lineWidth(whole) > most ? [...fitLine(whole, most - 1), span(" ")] : whole;
  return { lead, room: Math.max(width - lineWidth(lead), bodyWidthMin) };
}

/** Time, workflow and run where there may be several, task and mark. */
function briefLead(line: WireLogLine, { times, workflows, runs, tasks }: LogLook, width: number): Line {
  const { timestampMs, taskName, level } = line;
  const mark = level === "ERROR" ? span("! ", "bad") : level === "INFO" ? span("  ") : span("~ ", "warn");
  const name = taskName === "" ? span("cdktr", "faint") : span(printable(taskName), tasks.roleOf(taskName));
  const left = [...timeSpans(timestampMs, times), ...tagSpans(line, runs)];
  const namesWidth = namesRoom(width, lineWidth(left) + 4, workflows === null ? 1 : 2);
  const task = [...fitLine([name], Math.min(tasks.width, namesWidth)), span(" "), mark];
  if (workflows === null) return [...left, ...task];
  const workflow = workflowOf(line);
  const role = workflows.roleOf(workflow);
  return [...left, ...fitLine([span(workflow, role)], Math.min(workflows.width, namesWidth)), span(" "), ...task];
}

/** Time, level, and names with short ids: the whole ones would leave no room for the text. */
function verboseLead(line: WireLogLine, { times, runs, tasks }: LogLook, width: number): Line {
  const { timestampMs, taskName, level, workflowName, runId, taskRunId } = line;
  const role = level === "ERROR" ? "bad" : level === "INFO" ? "plain" : "warn";
  const left = [
    ...timeSpans(timestampMs, times),
    span(`${printable(level).padEnd(7)} `, role),
    ...tagSpans(line, runs),
  ];
  const ids = [`=${printable(briefId(runId))} / `, `=${printable(tailOf(taskRunId))}`] as const;
  const namesWidth = namesRoom(width, lineWidth(left) + lineWidth(ids.map((id) => span(id))) + 1, 1);
  const workflow = [span(printable(workflowName), "faint")];
  const task = [span(printable(taskName), tasks.roleOf(taskName))];
  // What one of the names leaves of its half, the other one may have.
  const workflowWidth = Math.max(Math.floor(namesWidth / 2), namesWidth - lineWidth(task));
  const shownWorkflow = cutLine(workflow, workflowWidth);
  return [
    ...left,
    ...shownWorkflow,
    span(ids[0], "faint"),
    ...cutLine(task, namesWidth - lineWidth(shownWorkflow)),
    span(ids[1], tasks.roleOf(taskName)),
    span(" "),
  ];
}

function cutLine(line: Line, width: number): Line {
  return lineWidth(line) > width ? fitLine(line, width) : line;
}

/** Columns for each of some names, so that text has its share beside them and `otherColumns` that are taken. */
function namesRoom(width: number, otherColumns: number, count: number): number {
  return Math.max(Math.floor((width * (1 - bodyShare) - otherColumns) / count), nameWidthMin);
}

/** A run's mark among several: the end of its id, in a colour of its own. */
function tagSpans({ runId }: WireLogLine, runs: NameColours | null): Line {
  if (runs === null) return [];
  return [...fitLine([span(printable(tailOf(runId)), runs.roleOf(runId))], tailChars), span(" ")];
}

function tailOf(id: string): string {
  return id.slice(-tailChars);
}

/** What an original principal tells of lines is the workflow's name, not its id. */
function workflowOf({ workflowId, workflowName }: WireLogLine): string {
  return printable(workflowId || workflowName);
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
