/**
 * What is coming: a strip a workflow, with a mark where it starts, and below them how many start at once. A cursor goes down
 * the workflows, another one along the time.
 */
import { spanText } from "../../clock/mod.ts";
import {
  displayWidth,
  filledTo,
  fitLine,
  type Line,
  padded,
  printable,
  type Role,
  selected,
  type Size,
  sliceLine,
  span,
  sparkline,
} from "../../paint/mod.ts";
import type { WorkflowSummary } from "../../wire/mod.ts";
import { FirePlan } from "../fire_plan.ts";
import { type Axis, axisFrom, type Clashes, columnStartMs, overlapAfter } from "../fire_strip.ts";
import {
  axisLines,
  columnWords,
  dayAndClockText,
  joined,
  namesWithin,
  overlapsItself,
  stripOf,
} from "../fire_words.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import { byName } from "../natural_order.ts";
import { scheduleInWords } from "../schedule_words.ts";
import type { Action, Screen, Shell } from "../screen.ts";
import { absence, isFresh } from "../told.ts";
import { askTrigger } from "../trigger.ts";
import { untilText } from "../words.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const zooms = [
  { text: "6 h", spanMs: 6 * hourMs },
  { text: "24 h", spanMs: 24 * hourMs },
  { text: "7 d", spanMs: 7 * 24 * hourMs },
] as const;
/** The zoom one begins with: a day. */
const firstZoom = 1;
const axisRows = 2;
/** Columns before a strip besides the name's: the list's cursor and a gap on either side of the name. */
const leadColumns = 3;
/** With fewer rows than this only the clashes are told below the list. */
const fullFromRows = 16;

/** See the top of this file. */
export class ScheduleScreen implements Screen {
  readonly route = { screen: "schedule" } as const;
  readonly title = "Schedule";
  readonly #shell: Shell;
  readonly #plan: FirePlan;
  readonly #list: List<WorkflowSummary>;
  #known: readonly WorkflowSummary[] | null = null;
  #scheduled: readonly WorkflowSummary[] = [];
  /** Whether what fires next stands on top; else the workflows are in the order of their names. */
  #isByTime = true;
  /** What the present order was made of. */
  #orderedFor = "";
  #zoom = firstZoom;
  #axis: Axis = { startMs: 0, columnMs: hourMs, columns: 24 };
  #nameWidth = 16;
  /** Where the time cursor is, Unix milliseconds; null before it was moved: the peak. */
  #cursorMs: number | null = null;

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#plan = new FirePlan(shell.clock, shell.session.schedules, () => shell.changed());
    this.#list = new List({
      glyphs: shell.glyphs,
      keyOf: ({ id }) => id,
      textOf: ({ id, name }) => `${id} ${name}`,
      whenEmpty: () =>
        this.#scheduled.length > 0
          ? "No workflow matches the filter; Esc takes it away."
          : shell.session.heardMs === null && shell.session.workflows.length === 0
          ? absence(shell)
          : "No workflow has a schedule. `cron:` in its file gives it one.",
      columns: [{ heading: "", width: 20, grow: 1, cell: (workflow) => this.#row(workflow) }],
    });
  }

  get isTyping(): boolean {
    return this.#list.isTyping;
  }

  draw({ width, height }: Size): Line[] {
    this.#takeNews(width);
    const [labels, ticks] = axisLines(this.#axis, this.#cursor, this.#shell.glyphs);
    const lead = (text: string, role: Role) => span(`  ${padded(text, this.#nameWidth)} `, role);
    const foot = this.#foot({ width, height });
    const rows = height - axisRows - foot.length;
    const list = this.#list.draw({ width, height: rows }, { hasHeading: false });
    const zoom = zooms[this.#zoom]?.text ?? "";
    return [
      [lead(`next ${zoom}, UTC`, "title"), span(labels, "title")],
      [lead(`${spanText(this.#axis.columnMs).replace(/ 0 (min|s|h)$/, "")} a column`, "faint"), span(ticks, "faint")],
      ...filledTo(list, rows),
      ...foot,
    ];
  }

  drawPrompt(width: number): Line | null {
    return this.#list.drawFilter(width);
  }

  actions(): Action[] {
    const shell = this.#shell;
    const id = this.#list.current?.id;
    const ofWorkflow: Action[] = id === undefined ? [] : [
      { keys: ["enter", "o"], title: "open", run: () => shell.open({ screen: "workflow", workflowId: id }) },
      { keys: ["r"], title: "run it", isChange: true, run: () => askTrigger(shell, id) },
      {
        keys: ["v"],
        title: "its runs",
        isHinted: false,
        run: () => shell.open({ screen: "runs", filter: { workflowId: id } }),
      },
    ];
    return [
      ...ofWorkflow,
      { keys: ["h", "left"], title: "earlier", run: () => this.#moveBy(-1) },
      { keys: ["l", "right"], title: "later", run: () => this.#moveBy(1) },
      { keys: ["p"], title: "peak", run: () => this.#moveTo(null) },
      { keys: ["s"], title: this.#isByTime ? "by name" : "by time", run: () => this.#sortBy(!this.#isByTime) },
      { keys: ["+", "="], title: "nearer", run: () => this.#zoomBy(-1) },
      { keys: ["-"], title: "farther", isHinted: false, run: () => this.#zoomBy(1) },
    ];
  }

  onKey(key: string): boolean {
    return this.#list.onKey(key);
  }

  onPaste(text: string): void {
    this.#list.onPaste(text);
  }

  onMouse({ kind, row, column }: InputEvent & { type: "mouse" }): void {
    // A list without a heading counts its rows as if it had one.
    this.#list.onMouse(kind, row - axisRows + 1);
    const at = column - this.#nameWidth - leadColumns;
    if (kind === "press" && at >= 0 && at < this.#axis.columns) this.#moveTo(columnStartMs(this.#axis, at));
  }

  close(): void {
    this.#plan.close();
  }

  /** What starts at the same time among the workflows that are listed. */
  get #clashes(): Clashes | null {
    return this.#plan.clashesAmong(this.#list.filter === "" ? this.#scheduled : this.#list.shown);
  }

  /** The column of the time cursor. */
  get #cursor(): number {
    const { startMs, columnMs, columns } = this.#axis;
    const atMs = this.#cursorMs ?? this.#clashes?.peak?.atMs ?? startMs;
    return Math.min(Math.max(Math.floor((atMs - startMs) / columnMs), 0), columns - 1);
  }

  #moveBy(columns: number): void {
    const at = Math.min(Math.max(this.#cursor + columns, 0), this.#axis.columns - 1);
    this.#moveTo(columnStartMs(this.#axis, at));
  }

  #moveTo(atMs: number | null): void {
    this.#cursorMs = atMs;
    this.#shell.changed();
  }

  #zoomBy(by: number): void {
    this.#zoom = Math.min(Math.max(this.#zoom + by, 0), zooms.length - 1);
    this.#shell.changed();
  }

  #takeNews(width: number): void {
    const { workflows } = this.#shell.session;
    if (workflows !== this.#known) {
      this.#known = workflows;
      this.#scheduled = workflows.filter(({ cron }) => cron !== null);
      this.#orderedFor = "";
    }
    this.#order();
    this.#nameWidth = Math.min(Math.max(Math.floor(width * 0.22), 12), 36);
    const room = Math.max(width - this.#nameWidth - leadColumns - 1, 1);
    const spanMs = zooms[this.#zoom]?.spanMs ?? hourMs;
    this.#axis = axisFrom(this.#shell.session.nowMs(), spanMs, room);
    this.#plan.want(this.#scheduled, this.#axis);
  }

  /** Puts the rows in order; that of time is made anew each minute, since what has fired is due later. */
  #order(): void {
    const { session } = this.#shell;
    const orderFor = this.#isByTime ? `time ${Math.floor(session.nowMs() / minuteMs)}` : "name";
    if (orderFor === this.#orderedFor) return;
    this.#orderedFor = orderFor;
    const isAtTop = this.#list.rowsBelow === this.#list.shown.length - 1;
    const atMs = new Map(this.#scheduled.map((workflow) => [workflow, session.nextFireMs(workflow) ?? Infinity]));
    const timeOf = (workflow: WorkflowSummary) => this.#isByTime ? atMs.get(workflow) ?? Infinity : 0;
    this.#list.rows = this.#scheduled.toSorted((a, b) => {
      const [aMs, bMs] = [timeOf(a), timeOf(b)];
      return aMs === bMs ? byName(a.id, b.id) : aMs - bMs;
    });
    // What was on top may be due last by now: whoever looks at the top goes on looking there.
    const [first] = this.#list.shown;
    if (isAtTop && first !== undefined) this.#list.select(first.id);
  }

  #sortBy(isByTime: boolean): void {
    this.#isByTime = isByTime;
    this.#shell.changed();
  }

  #row(workflow: WorkflowSummary): Line {
    const fires = this.#plan.of(workflow);
    const { usualMs } = this.#shell.session.trends.of(workflow.id);
    const isWarned = this.#isWarned(workflow);
    const name = `${isWarned ? "! " : ""}${printable(workflow.id)}`;
    const strip = fires === null
      ? [
        span(this.#shell.session.schedules.of(workflow) === null ? "its schedule cannot be read here" : "...", "faint"),
      ]
      : stripOf(fires, this.#axis, usualMs, this.#shell.glyphs);
    return [span(padded(name, this.#nameWidth), isWarned ? "warn" : "strong"), span(" "), ...strip];
  }

  #foot({ width, height }: Size): Line[] {
    const lines = [this.#atOnce(), this.#peakLine(width)];
    lines.push(fitLine([span(this.#cursorWords(width))], width));
    if (height < fullFromRows) return lines;
    const { glyphs } = this.#shell;
    return [
      ...lines,
      [span(glyphs.horizontal.repeat(width), "faint")],
      ...this.#workflowLines(width),
      this.#legend(width),
    ];
  }

  /** How many start within a minute, at most, column by column. */
  #atOnce(): Line {
    const lead = span(`  ${padded("starts at once", this.#nameWidth)} `, "title");
    const clashes = this.#clashes;
    if (clashes === null) return [lead, span("...", "faint")];
    const { most } = clashes;
    const highest = Math.max(2, ...most);
    const levels = [...sparkline(most, this.#shell.glyphs, highest)];
    const isPeak = (count: number) => count >= 2 && count === highest;
    const cells = most.map((count, column): [string, Role] => [
      levels[column] ?? " ",
      isPeak(count) ? "bad" : count >= 2 ? "warn" : count === 1 ? "accent" : "faint",
    ]);
    const line = joined(cells);
    const at = this.#cursor;
    return [
      lead,
      ...sliceLine(line, 0, at),
      ...selected(sliceLine(line, at, at + 1)),
      ...sliceLine(line, at + 1, this.#axis.columns),
    ];
  }

  #peakLine(width: number): Line {
    const clashes = this.#clashes;
    if (clashes === null) return [span("  The starts are being counted ...", "faint")];
    const { peak } = clashes;
    if (peak === null) return [span("  No two start in the same minute.", "good")];
    const lead = `! ${dayAndClockText(peak.atMs, this.#shell.session.nowMs())}: ${peak.ids.length} start at once: `;
    return [span(lead, "warn"), span(namesWithin(peak.ids, width - lead.length - 1))];
  }

  #cursorWords(width: number): string {
    const clashes = this.#clashes;
    if (clashes === null) return "";
    const words = columnWords(clashes, this.#axis, this.#cursor, this.#shell.session.nowMs(), width - 3);
    return `${this.#shell.glyphs.arrowDown} ${words}`;
  }

  /** Two lines of the workflow under the cursor: when, and what is to be said of it. */
  #workflowLines(width: number): Line[] {
    const workflow = this.#list.current;
    if (workflow === undefined) return [[], []];
    const { id, cron, timezone } = workflow;
    const { usualMs } = this.#shell.session.trends.of(id);
    const nowMs = this.#shell.session.nowMs();
    const nextMs = this.#shell.session.nextFireMs(workflow);
    const next = nextMs === null
      ? ", does not fire any more"
      : isFresh(this.#shell)
      ? `, next ${untilText(nextMs, nowMs)} at ${dayAndClockText(nextMs, nowMs)}`
      : `, next at ${dayAndClockText(nextMs, nowMs)}`;
    const words = scheduleInWords(workflow);
    const exactly = words === cron ? timezone : `${cron ?? ""}, ${timezone}`;
    const fires = this.#plan.of(workflow);
    const closest = fires?.closest ?? null;
    const second: Line = usualMs === null
      ? [span(" How long it takes is not known yet.", "faint")]
      : fires !== null && closest !== null && overlapsItself(fires, usualMs)
      ? this.#overlapLine(workflow, usualMs, closest.gapMs)
      : [span(` It usually takes ${spanText(usualMs)}.`)];
    return [
      fitLine([span(` ${printable(id)}`, "title"), span(`  ${words} (${printable(exactly)})${next}`)], width),
      fitLine(second, width),
    ];
  }

  /** When it is due next before it is usually over. */
  #overlapLine(workflow: WorkflowSummary, usualMs: number, leastGapMs: number): Line {
    const { session } = this.#shell;
    const nowMs = session.nowMs();
    const schedule = session.schedules.of(workflow);
    const next = schedule === null ? null : overlapAfter(schedule, nowMs, usualMs, leastGapMs);
    const at = next === null ? "" : ` (at ${dayAndClockText(next.atMs, nowMs)})`;
    const words = `due after ${spanText(next?.gapMs ?? leastGapMs)}${at}, usually takes ${spanText(usualMs)}`;
    return [span(" ! overlaps itself: ", "warn"), span(words)];
  }

  #legend(width: number): Line {
    const { glyphs, session } = this.#shell;
    const { arrowRight, marked, ran, horizontal } = glyphs;
    const without = session.workflows.length - this.#scheduled.length;
    const words = without === 0 ? "" : `${without} ${without === 1 ? "has" : "have"} no schedule.  `;
    const isWarned = this.#scheduled.some((workflow) => this.#isWarned(workflow));
    const warning = isWarned ? "! overlaps itself  " : "";
    const marks = `${arrowRight} one start  ${marked} several  ${ran} 6 or more  ${horizontal} usually runs`;
    const isRoom = displayWidth(` ${words}${warning}${marks}`) <= width;
    return [span(` ${isRoom ? words : ""}`), span(warning, "warn"), span(marks, "faint")];
  }

  #isWarned(workflow: WorkflowSummary): boolean {
    const fires = this.#plan.of(workflow);
    return fires !== null && overlapsItself(fires, this.#shell.session.trends.of(workflow.id).usualMs);
  }
}
