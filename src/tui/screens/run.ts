/** One run: why it is as it is, its tasks, its graph and its time. */
import { spanText } from "../../clock/mod.ts";
import { isFinal, type Run } from "../../core/mod.ts";
import {
  filledTo,
  fitLine,
  type Line,
  printable,
  type Size,
  span,
  stateRole,
  timelineLines,
  timelineModel,
  type TimelineTask,
  wrapped,
} from "../../paint/mod.ts";
import { GraphView } from "../graph_view.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import { LogTail } from "../log_tail.ts";
import { runActions } from "../run_actions.ts";
import { type KnownRun, RunBoard, taskName, timelineInput } from "../run_board.ts";
import { factLines } from "../run_facts.ts";
import type { Action, Route, Screen, Shell } from "../screen.ts";
import { Tabs } from "../tabs.ts";
import { TextView } from "../text_view.ts";
import { isFresh } from "../told.ts";
import { agoText, briefId, briefSpan, instantText, stateSpans, tookMs } from "../words.ts";

type View = "Tasks" | "Graph" | "Timeline" | "Why" | "Facts";

/** Lines of the reason that stand above every view. */
const reasonLinesMax = 4;
/** The newest lines of a task have so many rows, or are left out. */
const tailRowsMin = 4;
/** For so long after its end lines of a run are looked for, in milliseconds. */
const lateLinesMs = 10_000;

/** See the top of this file. */
export class RunScreen implements Screen {
  readonly route: Route & { readonly screen: "run" };
  readonly #shell: Shell;
  readonly #board: RunBoard;
  readonly #list: List<TimelineTask>;
  readonly #graph: GraphView;
  readonly #text = new TextView();
  readonly #tail: LogTail;
  readonly #tabs: Tabs<View>;
  /** Whether the cursor is where its user, or a failure, has put it. */
  #isPlaced = false;
  /** Rows above the view. */
  #headRows = 0;
  /** Which row of the view is a task's, by its id, while the timeline is shown. */
  #timelineRows: ReadonlyMap<string, number> = new Map();

  constructor(shell: Shell, route: Route & { readonly screen: "run" }) {
    this.#shell = shell;
    this.route = route;
    const { glyphs } = shell;
    this.#board = new RunBoard(shell, route.run);
    this.#tail = new LogTail(shell);
    this.#graph = new GraphView(glyphs);
    this.#tabs = new Tabs(["Tasks", "Graph", "Timeline", "Why", "Facts"], glyphs, () => shell.changed());
    this.#list = new List({
      glyphs,
      keyOf: ({ id }) => id,
      textOf: ({ id, name, report }) => `${id} ${name} ${report?.state ?? "waiting"}`,
      whenEmpty: () => "No task matches the filter; Esc takes it away.",
      columns: [
        {
          heading: "TASK",
          width: 14,
          grow: 2,
          cell: (
            { id, name },
          ) => [span(printable(id), "strong"), span(name === id ? "" : ` ${printable(name)}`, "faint")],
        },
        { heading: "STATE", width: 11, cell: (task) => this.#stateSpans(task) },
        {
          heading: "TOOK",
          width: 7,
          align: "right",
          cell: ({ startMs, endMs }) => [span(startMs === null || endMs === null ? "" : briefSpan(endMs - startMs))],
        },
        { heading: "USUAL", width: 9, align: "right", fromWidth: 76, cell: (task) => this.#usualSpans(task) },
        {
          heading: "EXIT",
          width: 4,
          align: "right",
          cell: ({ report }) => [span(String(report?.exitCode ?? ""), (report?.exitCode ?? 0) === 0 ? "plain" : "bad")],
        },
        {
          heading: "TRY",
          width: 4,
          align: "right",
          fromWidth: 70,
          cell: ({ report }) => [span(String(report?.tryNumber ?? ""))],
        },
        {
          heading: "REASON",
          width: 8,
          grow: 3,
          cell: (task) => [span(printable(reasonOf(task)), task.report?.state === "FAILED" ? "bad" : "faint")],
        },
      ],
    });
  }

  get title(): string {
    const run = this.#board.known?.shown.run;
    return run === undefined ? `run ${this.route.run}` : `${run.workflowId} ${briefId(run.runId)}`;
  }

  get isTyping(): boolean {
    return this.#tabs.current === "Tasks" && this.#list.isTyping;
  }

  draw({ width, height }: Size): Line[] {
    const known = this.#board.known;
    if (known === null) {
      const { error } = this.#board;
      return [[], [span(error === null ? "  Loading ..." : `  ${printable(error)}`, error === null ? "faint" : "bad")]];
    }
    const head = [
      ...this.#facts(known, width),
      ...this.#doubt(),
      ...this.#reason(known, width),
      this.#tabs.draw(width),
    ];
    this.#headRows = head.length;
    return [...head, ...this.#drawView(known, { width, height: Math.max(height - head.length, 1) })];
  }

  drawPrompt(width: number): Line | null {
    return this.#tabs.current === "Tasks" ? this.#list.drawFilter(width) : null;
  }

  actions(): Action[] {
    const known = this.#board.known;
    if (known === null) return this.#tabs.actions;
    const { run } = known.shown;
    const shell = this.#shell;
    const task = this.#chosen();
    const logsOf = (tasks: readonly string[]) =>
      shell.open({ screen: "logs", run: run.runId, ...tasks.length === 0 ? {} : { tasks } });
    return [
      ...task === null || this.#isText
        ? []
        : [{ keys: ["enter"], title: "log of the task", run: () => logsOf([taskName(known, task)]) }],
      { keys: ["l"], title: "all logs", run: () => logsOf([]) },
      ...runActions(shell, [run], this.#isText ? null : task),
      { keys: ["e"], title: "why", run: () => this.#tabs.show("Why") },
      ...this.#tabs.actions,
      {
        keys: ["w"],
        title: "its workflow",
        isHinted: false,
        run: () => shell.open({ screen: "workflow", workflowId: run.workflowId }),
      },
      {
        keys: ["v"],
        title: "other runs",
        isHinted: false,
        run: () => shell.open({ screen: "runs", filter: { workflowId: run.workflowId } }),
      },
    ];
  }

  onKey(key: string): boolean {
    this.#isPlaced = true;
    switch (this.#tabs.current) {
      case "Tasks":
        return this.#list.onKey(key);
      case "Graph":
        if (!this.#graph.onKey(key)) return false;
        if (this.#graph.chosen !== null) this.#list.select(this.#graph.chosen);
        return true;
      case "Timeline":
        return key !== "/" && key !== " " && this.#list.onKey(key);
      case "Why":
      case "Facts":
        return this.#text.onKey(key);
    }
  }

  onPaste(text: string): void {
    this.#list.onPaste(text);
  }

  onMouse({ kind, column, row }: InputEvent & { type: "mouse" }): void {
    this.#isPlaced = true;
    const at = row - this.#headRows;
    if (at === -1 && kind === "press") return this.#tabs.onClick(column);
    if (this.#tabs.current === "Tasks") this.#list.onMouse(kind, at);
    else if (kind !== "press") {
      this.onKey(this.#isText ? kind : kind === "wheel-up" ? "up" : "down");
    } else if (this.#tabs.current === "Graph" && this.#graph.onClick(column, at) && this.#graph.chosen !== null) {
      this.#list.select(this.#graph.chosen);
    } else if (this.#tabs.current === "Timeline") {
      const [id] = [...this.#timelineRows].find(([, taskRow]) => taskRow === at) ?? [];
      if (id !== undefined) this.#list.select(id);
    }
  }

  reload(): void {
    this.#board.refresh();
  }

  close(): void {
    this.#board.close();
    this.#tail.close();
  }

  /** Whether a text is shown, which is about no single task. */
  get #isText(): boolean {
    return this.#tabs.current === "Why" || this.#tabs.current === "Facts";
  }

  #chosen(): string | null {
    return this.#list.current?.id ?? null;
  }

  #drawView(known: KnownRun, size: Size): Line[] {
    const input = timelineInput(known, this.#shell.session.nowMs());
    const { tasks } = timelineModel(input);
    this.#list.rows = tasks;
    this.#leadToFailure(tasks);
    switch (this.#tabs.current) {
      case "Tasks":
        return this.#drawTasks(known, size);
      case "Graph": {
        this.#graph.chosen = this.#chosen();
        return this.#graph.draw(tasks.map((task) => this.#node(task)), size);
      }
      case "Timeline": {
        const { glyphs } = this.#shell;
        const { lines, rows } = timelineLines(input, { glyphs, width: size.width, selectedId: this.#chosen() });
        const row = rows.get(this.#chosen() ?? "") ?? 0;
        const top = Math.max(Math.min(row - Math.floor(size.height / 2), lines.length - size.height), 0);
        this.#timelineRows = new Map([...rows].map(([id, at]) => [id, at - top]));
        return lines.slice(top, top + size.height);
      }
      case "Why":
        return this.#text.draw(this.#whyLines(size.width), size);
      case "Facts":
        return this.#text.draw(factLines(known, size.width), size);
    }
  }

  /** Who opens a run that failed, or watches it fail, asks for the task that did. */
  #leadToFailure(tasks: readonly TimelineTask[]): void {
    const failed = tasks.find(({ report }) => report?.state === "FAILED");
    if (this.#isPlaced || failed === undefined) return;
    this.#isPlaced = true;
    this.#list.select(failed.id);
  }

  /** The tasks, and where there is room the newest lines of the one under the cursor. */
  #drawTasks(known: KnownRun, size: Size): Line[] {
    const task = this.#chosen();
    // A long list leaves a third to the lines: they are what an operator looks for.
    const tailRows = Math.max(tailRowsMin, Math.floor(size.height / 3));
    const hasTail = task !== null && size.height >= 2 * tailRows;
    const rows = Math.min(Math.max(this.#list.total + 2, Math.ceil(size.height / 3)), size.height - tailRows);
    const list = this.#list.draw({ ...size, height: hasTail ? rows : size.height });
    if (!hasTail) return list;
    const { run } = known.shown;
    const { runId, workflowId } = run;
    const mayPrint = mayStillPrint(run, this.#shell.session.nowMs());
    this.#tail.show({ runId, workflowId, taskName: taskName(known, task) }, mayPrint);
    // Lines that come after the end of their run are not always live ones.
    if (mayPrint && isFinal(run.state)) this.#tail.refresh();
    return [...filledTo(list, rows), ...this.#tail.draw({ width: size.width, height: size.height - rows })];
  }

  #node(task: TimelineTask) {
    const { id, name, depends, report, startMs, endMs } = task;
    const { glyphs } = this.#shell;
    const state = report?.state ?? "PENDING";
    const took = startMs === null || endMs === null ? "" : ` ${briefSpan(endMs - startMs)}`;
    const word = report === null ? task.isKept ? "KEPT" : "waiting" : report.state;
    return {
      id,
      depends,
      label: printable(name),
      mark: glyphs.states[state],
      state: word + took,
      role: task.isKept ? "good" as const : stateRole(state),
    };
  }

  #facts(known: KnownRun, width: number): Line[] {
    const { run } = known.shown;
    const { session, glyphs } = this.#shell;
    const nowMs = session.nowMs();
    const took = tookMs(run, nowMs);
    const usual = session.trends.of(run.workflowId, run.runId).usualMs;
    const parts: Line = [
      span(` ${printable(run.workflowId)} `, "title"),
      ...stateSpans(run.state, glyphs, run.paused && !isFinal(run.state)),
      ...took === null ? [] : [span(`  ${spanText(took)}`, "strong")],
      ...usual === null ? [] : [span(` (usually ${spanText(usual)})`, "faint")],
      ...run.attempt === 0 ? [] : [span(`  attempt ${run.attempt}`)],
      span(`  ${run.trigger}, ${agoText(run.triggeredAtMs, nowMs)}`),
      ...run.agentId === null ? [] : [span(`  on ${printable(run.agentId)}`, "faint")],
      ...isFinal(run.state) || run.cancelReason === null ? [] : [span("  being cancelled", "warn")],
    ];
    return [fitLine(parts, width)];
  }

  /** That what stands here may be old: such as of a run that its principal does not have any more. */
  #doubt(): Line[] {
    const { error } = this.#board;
    if (error === null || !isFresh(this.#shell)) return [];
    return [[span(` ! as it was before: ${error}`, "warn")]];
  }

  /** Why it is as it is, in the principal's words, and what could be done. */
  #reason({ shown: { run } }: KnownRun, width: number): Line[] {
    const { why } = this.#board;
    this.#board.keepWhyFresh();
    // Which run it is stands above.
    const summary = why?.summary.replace(`Run ${run.runId} of ${run.workflowId}`, "It") ?? run.reason;
    if (summary === null) return [];
    const role = stateRole(run.state);
    const lines = wrapped(printable(summary), width - 2).slice(0, reasonLinesMax);
    return lines.map((text): Line => [span(` ${text}`, role === "busy" || role === "good" ? "plain" : role)]);
  }

  #whyLines(width: number): Line[] {
    const { why } = this.#board;
    if (why === null) return [[span(" Loading ...", "faint")]];
    const timeWidth = 21;
    return why.steps.flatMap(({ atMs, sentence }) =>
      wrapped(printable(sentence), width - timeWidth - 1).map((text, index): Line => [
        span(` ${index === 0 && atMs !== null ? instantText(atMs) : ""}`.padEnd(timeWidth), "faint"),
        span(text),
      ])
    );
  }

  #stateSpans({ report, isKept }: TimelineTask): Line {
    const { glyphs } = this.#shell;
    if (report !== null) return stateSpans(report.state, glyphs);
    if (isKept) return [span(`${glyphs.states.COMPLETED} kept`, "good")];
    const run = this.#board.known?.shown.run;
    return [span(run !== undefined && isFinal(run.state) ? "-" : `${glyphs.states.PENDING} waiting`, "idle")];
  }

  /** What it usually takes, and a word when it takes much longer. */
  #usualSpans({ id, startMs, endMs }: TimelineTask): Line {
    const usualMs = this.#board.usualMs.get(id);
    if (usualMs === undefined) return [span("-", "faint")];
    const isSlow = startMs !== null && endMs !== null && endMs - startMs > Math.max(2 * usualMs, usualMs + 1000);
    return isSlow ? [span(`${briefSpan(usualMs)} slow`, "warn")] : [span(briefSpan(usualMs), "faint")];
  }
}

/** Lines come behind the end of their task: the last of them tells in most cases what went wrong. */
function mayStillPrint({ state, finishedAtMs }: Run, nowMs: number): boolean {
  return !isFinal(state) || finishedAtMs !== null && nowMs - finishedAtMs < lateLinesMs;
}

function reasonOf({ report, isKept, depends }: TimelineTask): string {
  const reason = report?.reason ?? null;
  if (reason !== null) return reason;
  if (isKept) return "kept from the attempt before";
  return report === null && depends.length > 0 ? `after ${depends.join(", ")}` : "";
}
