/** A run as a Gantt chart: each task a bar on one axis of time, with what it waited for and what of it was critical. */
import { spanText } from "../clock/mod.ts";
import { counted, finalRunStates, isFinal } from "../core/mod.ts";
import { Axis } from "./axis.ts";
import type { Glyphs } from "./glyphs.ts";
import { fitLine, type Line, selected, type Span, span } from "./line.ts";
import { printable } from "./printable.ts";
import type { Role } from "./role.ts";
import { type TimelineInput, type TimelineModel, timelineModel, type TimelineTask } from "./timeline_model.ts";
import { stateRole } from "./state_role.ts";
import { cut, displayWidth, padded } from "./width.ts";

/** How a timeline is drawn. */
export interface TimelineOptions {
  readonly glyphs: Glyphs;
  /** Columns of each line. Below 40 nothing can be read. */
  readonly width: number;
  /** The task under the cursor. @default null */
  readonly selectedId?: string | null;
}

/** A timeline, drawn. */
export interface TimelinePicture {
  /** All of the same width: two of the axis, rows, a legend. */
  readonly lines: Line[];
  /** Which of the lines is a task's, by its id. */
  readonly rows: ReadonlyMap<string, number>;
  readonly model: TimelineModel;
}

/** Earlier attempts that are shown; of more the newest. */
const earlierMax = 10;
const nameWidthMax = 30;
const barWidthMin = 12;
/** What went before the present attempt takes this share of its time on the axis at most; what is older is cut off. */
const pastShareMax = 1;
const pastShareCut = 0.25;

/** Draws a timeline. */
export function timelineLines(input: TimelineInput, options: TimelineOptions): TimelinePicture {
  const model = timelineModel(input);
  return { ...new Chart(input, model, options).draw(), model };
}

/** What stands in one row. */
interface Row {
  readonly id: string | null;
  readonly mark: Span;
  readonly name: string;
  readonly isCritical: boolean;
  /** Parts of the bar by time; those that come later lie over those before. */
  readonly parts: readonly Part[];
  /** In place of a bar. */
  readonly instead: string;
  readonly took: string;
  readonly note: string;
}

interface Part {
  readonly startMs: number;
  readonly endMs: number;
  readonly glyph: string;
  readonly role: Role;
  /** However short, it takes a column. */
  readonly isAlwaysSeen: boolean;
  /** Its last column, while it goes on. */
  readonly head?: string;
}

class Chart {
  readonly #input: TimelineInput;
  readonly #model: TimelineModel;
  readonly #glyphs: Glyphs;
  readonly #width: number;
  readonly #selectedId: string | null;

  constructor(input: TimelineInput, model: TimelineModel, { glyphs, width, selectedId = null }: TimelineOptions) {
    this.#input = input;
    this.#model = model;
    this.#glyphs = glyphs;
    this.#width = width;
    this.#selectedId = selectedId;
  }

  draw(): { lines: Line[]; rows: Map<string, number> } {
    const { beginMs, endMs } = this.#model;
    const rows = [
      ...this.#earlierRows(),
      ...this.#queueRows(),
      ...this.#model.tasks.map((task) => this.#taskRow(task)),
    ];
    const widest = (text: (row: Row) => string) =>
      rows.reduce((most, row) => Math.max(most, displayWidth(text(row))), 0);
    const took = widest((row) => row.took);
    const name = Math.min(widest((row) => row.name), nameWidthMax, Math.max(Math.floor(this.#width / 4), 8));
    // Mark, name, sign of the critical path, bar, time taken and note, with blanks between.
    const left = 2 + name + 3;
    const right = took === 0 ? 0 : took + 1;
    const note = Math.max(0, Math.min(widest((row) => row.note), this.#width - left - right - 2 - barWidthMin));
    const bar = Math.max(this.#width - left - right - (note === 0 ? 0 : note + 2), barWidthMin);
    const axis = new Axis(this.#startMs(rows), endMs, bar);
    const indent = " ".repeat(left);

    const lines: Line[] = axisLines(axis, beginMs, bar, this.#glyphs).map((text) => [span(indent + text, "faint")]);
    const rowOf = new Map<string, number>();
    for (const row of rows) {
      if (row.id !== null) rowOf.set(row.id, lines.length);
      const isSelected = row.id !== null && row.id === this.#selectedId;
      const nameSpans = [row.mark, span(` ${padded(cut(row.name, name, this.#glyphs.ellipsis), name)} `)];
      lines.push([
        ...isSelected ? selected(nameSpans) : nameSpans,
        span(row.isCritical ? `${this.#glyphs.marked} ` : "  ", "warn"),
        ...this.#barOf(row, axis, bar),
        ...took === 0 ? [] : [span(` ${padded(row.took, took, "right")}`)],
        ...note === 0 ? [] : [span(`  ${padded(cut(row.note, note, this.#glyphs.ellipsis), note)}`, "faint")],
      ]);
    }
    lines.push([], this.#legend());
    return { lines: lines.map((line) => fitLine(line, this.#width)), rows: rowOf };
  }

  /** All there is, unless what went before would leave little room for the present attempt. */
  #startMs(rows: readonly Row[]): number {
    const { beginMs, endMs } = this.#model;
    const first = rows.flatMap(({ parts }) => parts.map(({ startMs }) => startMs)).reduce(
      (a, b) => Math.min(a, b),
      beginMs,
    );
    const presentMs = endMs - beginMs;
    return presentMs > 0 && beginMs - first > pastShareMax * presentMs ? beginMs - pastShareCut * presentMs : first;
  }

  #earlierRows(): Row[] {
    const { earlier } = this.#input;
    const rows = earlier.slice(-earlierMax).map(({ attempt, state, assignedAtMs, endedAtMs }): Row => {
      const known = finalRunStates.find((final) => final === state);
      const role = known === undefined ? "idle" : stateRole(known);
      return {
        id: null,
        mark: span(this.#glyphs.states[known ?? "PENDING"], role),
        name: `attempt ${attempt}`,
        isCritical: false,
        parts: [{
          startMs: assignedAtMs,
          endMs: Math.max(assignedAtMs, endedAtMs),
          glyph: this.#glyphs.ran,
          role: "faint",
          isAlwaysSeen: true,
        }],
        instead: "",
        took: spanText(endedAtMs - assignedAtMs),
        note: state,
      };
    });
    const left = earlier.length - rows.length;
    if (left > 0) rows.unshift({ ...emptyRow, name: `${counted(left, "attempt")} before` });
    return rows;
  }

  #queueRows(): Row[] {
    const { queued } = this.#model;
    if (queued === null) return [];
    return [{
      ...emptyRow,
      mark: span(this.#glyphs.states.PENDING, "idle"),
      name: "in the queue",
      parts: [{ ...queued, glyph: this.#glyphs.waited, role: "idle", isAlwaysSeen: false }],
      took: spanText(queued.endMs - queued.startMs),
    }];
  }

  #taskRow(task: TimelineTask): Row {
    const { id, report, readyMs, startMs, endMs, isRunning, isCritical, isKept, slackMs } = task;
    const state = report?.state ?? (isKept ? "COMPLETED" : "PENDING");
    const role = stateRole(state);
    const row: Row = {
      ...emptyRow,
      id,
      mark: span(this.#glyphs.states[state], role),
      name: printable(task.name),
      isCritical,
    };
    const waited = (untilMs: number): Part[] =>
      readyMs === null
        ? []
        : [{ startMs: readyMs, endMs: untilMs, glyph: this.#glyphs.waited, role: "idle", isAlwaysSeen: false }];
    if (startMs === null || endMs === null) {
      const isOver = isFinal(this.#input.run.state) || report !== null && report.state !== "PENDING";
      return isOver || isKept || readyMs === null
        ? { ...row, instead: this.#insteadOf(task) }
        : { ...row, parts: waited(this.#model.endMs), note: "waiting" };
    }
    const slack: Part = {
      startMs: endMs,
      endMs: endMs + slackMs,
      glyph: this.#glyphs.slack,
      role: "faint",
      isAlwaysSeen: false,
    };
    const ran: Part = { startMs, endMs, glyph: this.#glyphs.ran, role, isAlwaysSeen: true };
    const tryNumber = report?.tryNumber ?? 1;
    const notes = [
      ...state === "COMPLETED" ? [] : [state],
      ...tryNumber > 1 ? [`try ${tryNumber}`] : [],
      ...isCritical || isRunning || slackMs < 1 ? [] : [`slack ${spanText(slackMs)}`],
    ];
    return {
      ...row,
      parts: [
        ...waited(startMs),
        ...isCritical || isRunning ? [] : [slack],
        isRunning ? { ...ran, head: this.#glyphs.arrowRight } : ran,
      ],
      took: spanText(endMs - startMs),
      note: notes.join(", "),
    };
  }

  #insteadOf({ report, isKept }: TimelineTask): string {
    if (isKept) return "kept from an earlier attempt";
    if (report !== null && report.state !== "PENDING") return report.state.toLowerCase();
    return isFinal(this.#input.run.state) ? "did not begin" : "waits for others";
  }

  #barOf({ parts, instead }: Row, axis: Axis, width: number): Span[] {
    if (instead !== "") return [span(padded(cut(instead, width, this.#glyphs.ellipsis), width), "faint")];
    const cells: Span[] = Array.from({ length: width }, () => span(" "));
    for (const { startMs, endMs, glyph, role, isAlwaysSeen, head } of parts) {
      const start = axis.columnOf(startMs);
      const end = axis.columnOf(endMs);
      const first = isAlwaysSeen ? Math.min(start, width - 1) : start;
      const last = Math.max(end, isAlwaysSeen ? first + 1 : end) - 1;
      for (let column = first; column <= last; column++) cells[column] = span(glyph, role);
      if (startMs < axis.startMs && last >= first) cells[first] = span(this.#glyphs.arrowLeft, role);
      if (head !== undefined) cells[last] = span(head, role);
    }
    return joined(cells);
  }

  #legend(): Line {
    const { ran, waited, slack, marked } = this.#glyphs;
    return [
      span(ran, "good"),
      span(" ran  ", "faint"),
      span(waited, "idle"),
      span(" waited  ", "faint"),
      span(slack, "faint"),
      span(" slack  ", "faint"),
      span(marked, "warn"),
      span(" critical path", "faint"),
    ];
  }
}

const emptyRow: Row = {
  id: null,
  mark: span(" "),
  name: "",
  isCritical: false,
  parts: [],
  instead: "",
  took: "",
  note: "",
};

/** Times, and below them the axis with its marks. */
function axisLines(axis: Axis, zeroMs: number, width: number, glyphs: Glyphs): string[] {
  const ticks = axis.ticks(zeroMs);
  let texts = "";
  for (const { column, text } of ticks) texts = texts.padEnd(column) + text;
  const rule = Array.from({ length: width }, () => glyphs.horizontal);
  for (const { column } of ticks) rule[column] = glyphs.downRightLeft;
  return [texts.padEnd(width), rule.join("")];
}

/** Neighbours of one role as one span. */
function joined(cells: readonly Span[]): Span[] {
  const spans: Span[] = [];
  for (const cell of cells) {
    const last = spans.at(-1);
    if (last?.role === cell.role) spans[spans.length - 1] = span(last.text + cell.text, cell.role);
    else spans.push(cell);
  }
  return spans;
}
