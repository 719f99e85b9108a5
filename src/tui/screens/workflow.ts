/** One workflow: its runs, its graph, its definition. */
import { spanText } from "../../clock/mod.ts";
import { counted, isFinal, type Run } from "../../core/mod.ts";
import { fitLine, type Line, printable, type Size, span, sparkline, stateRole, wrapped } from "../../paint/mod.ts";
import { type Workflow, workflowFromJson } from "../../workflow/definition.ts";
import { definitionText } from "../definition_text.ts";
import { GraphView } from "../graph_view.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import { Loaded } from "../loaded.ts";
import { runActions } from "../run_actions.ts";
import { readFilter } from "../run_filter.ts";
import { RunList } from "../run_list.ts";
import { scheduleInWords } from "../schedule_words.ts";
import type { Action, Route, Screen, Shell } from "../screen.ts";
import { Tabs } from "../tabs.ts";
import { TextView } from "../text_view.ts";
import { askTrigger } from "../trigger.ts";
import { agoText, briefId, instantText, stateSpans, tookText, untilText } from "../words.ts";
import { trendSpans } from "./workflows.ts";

/** See the top of this file. */
export class WorkflowScreen implements Screen {
  readonly route: Route & { readonly screen: "workflow" };
  readonly title: string;
  readonly #shell: Shell;
  readonly #runs: RunList;
  readonly #list: List<Run>;
  readonly #graph: GraphView;
  readonly #text = new TextView();
  readonly #definition: Loaded<Workflow>;
  readonly #stopListening: () => void;
  readonly #tabs: Tabs<"Runs" | "Graph" | "Definition">;
  #headRows = 0;
  #known: readonly Run[] | null = null;

  constructor(shell: Shell, route: Route & { readonly screen: "workflow" }) {
    const { workflowId } = route;
    this.#shell = shell;
    this.route = route;
    this.title = workflowId;
    const { glyphs, session, clock } = shell;
    this.#graph = new GraphView(glyphs);
    this.#tabs = new Tabs(["Runs", "Graph", "Definition"], glyphs, () => shell.changed());
    this.#runs = new RunList(shell, { ...readFilter(""), workflowId }, () => shell.changed());
    this.#definition = new Loaded({
      clock,
      onChange: () => shell.changed(),
      load: async (signal) =>
        workflowFromJson((await session.ask("SHOWWORKFLOW", { workflowId }, { signal })).workflow),
    });
    let summary = session.workflow(workflowId);
    this.#stopListening = session.onChange(() => {
      if (summary === session.workflow(workflowId)) return;
      summary = session.workflow(workflowId);
      this.#definition.refresh();
    });
    this.#list = new List({
      glyphs,
      canMark: true,
      keyOf: ({ runId }) => runId,
      textOf: ({ runId, state, trigger, reason }) => `${runId} ${state} ${trigger} ${reason ?? ""}`,
      whenEmpty: () => this.#runs.isLoaded ? "It has not run yet; `r` runs it." : "Loading ...",
      columns: [
        { heading: "RUN", width: 18, cell: ({ runId }) => [span(briefId(runId), "faint")] },
        {
          heading: "STATE",
          width: 11,
          cell: (run) => stateSpans(run.state, glyphs, run.paused && !isFinal(run.state)),
        },
        { heading: "TOOK", width: 7, align: "right", cell: (run) => [span(tookText(run, session.nowMs()))] },
        { heading: "TRIGGERED", width: 19, cell: ({ triggeredAtMs }) => [span(instantText(triggeredAtMs), "faint")] },
        { heading: "BY", width: 8, fromWidth: 72, cell: ({ trigger }) => [span(trigger, "faint")] },
        {
          heading: "REASON",
          width: 6,
          grow: 1,
          fromWidth: 90,
          cell: ({ reason }) => [span(printable(reason ?? ""), "faint")],
        },
      ],
    });
  }

  get isTyping(): boolean {
    return this.#tabs.current === "Runs" && this.#list.isTyping;
  }

  draw({ width, height }: Size): Line[] {
    const head = [...this.#facts(width), this.#tabs.draw(width)];
    this.#headRows = head.length;
    return [...head, ...this.#drawView({ width, height: Math.max(height - head.length, 1) })];
  }

  drawPrompt(width: number): Line | null {
    return this.#tabs.current === "Runs" ? this.#list.drawFilter(width) : null;
  }

  actions(): Action[] {
    const shell = this.#shell;
    const { workflowId } = this.route;
    const { current, chosen } = this.#list;
    const onRun = this.#tabs.current !== "Runs" || current === undefined ? [] : [
      {
        keys: ["enter", "o", "right"],
        title: "open run",
        run: () => shell.open({ screen: "run", run: current.runId }),
      },
      { keys: ["l"], title: "logs", run: () => shell.open({ screen: "logs", run: current.runId }) },
      ...runActions(shell, chosen, null, () => this.#list.unmark()),
    ];
    return [
      { keys: ["r"], title: "run it", isChange: true, run: () => askTrigger(shell, workflowId) },
      ...onRun,
      ...this.#tabs.current === "Runs"
        ? []
        : [{ keys: ["l"], title: "logs", run: () => shell.open({ screen: "logs", workflowId }) }],
      ...this.#tabs.actions,
    ];
  }

  onKey(key: string): boolean {
    if (this.#tabs.current === "Runs") return this.#list.onKey(key);
    return this.#tabs.current === "Graph" ? this.#graph.onKey(key) : this.#text.onKey(key);
  }

  onPaste(text: string): void {
    this.#list.onPaste(text);
  }

  onMouse({ kind, column, row }: InputEvent & { type: "mouse" }): void {
    const at = row - this.#headRows;
    if (at === -1 && kind === "press") return this.#tabs.onClick(column);
    if (this.#tabs.current === "Runs") this.#list.onMouse(kind, at);
    else if (this.#tabs.current === "Definition" && kind !== "press") this.#text.onKey(kind);
    else if (kind === "press") this.#graph.onClick(column, at);
    else this.#graph.onKey(kind === "wheel-up" ? "up" : "down");
  }

  reload(): void {
    this.#definition.refresh();
    this.#runs.reload();
  }

  close(): void {
    this.#stopListening();
    this.#definition.close();
    this.#runs.close();
  }

  #drawView(size: Size): Line[] {
    const { value, error } = this.#definition;
    if (this.#tabs.current === "Runs") {
      const { rows } = this.#runs;
      if (rows !== this.#known) this.#list.rows = this.#known = rows;
      if (this.#list.rowsBelow < size.height) this.#runs.loadMore();
      return this.#list.draw(size);
    }
    if (value === null) return [[], [span(`  ${printable(error ?? "Loading ...")}`, error === null ? "faint" : "bad")]];
    if (this.#tabs.current === "Definition") return this.#text.draw(definitionText(value), size);
    const nodes = value.tasks.map(({ id, name, depends, config }) => ({
      ...{ id, depends },
      label: printable(name),
      mark: this.#shell.glyphs.dot,
      state: config.type === "subprocess" ? printable(config.cmd) : "python",
      role: "accent" as const,
    }));
    return this.#graph.draw(nodes, size);
  }

  #facts(width: number): Line[] {
    const { session, glyphs } = this.#shell;
    const summary = session.workflow(this.route.workflowId);
    if (summary === undefined) {
      const gone = session.heardMs === null
        ? "Waiting for the principal ..."
        : "The principal has no such workflow any more: its file is gone or has errors.";
      return [[span(` ${printable(this.route.workflowId)}`, "title")], [span(` ${gone}`, "warn")]];
    }
    const { id, name, description, path, taskCount, timezone, cron, params } = summary;
    const trend = session.trends.of(id);
    const nowMs = session.nowMs();
    const last = this.#runs.rows[0];
    const nextFireMs = session.nextFireMs(summary);
    const next = nextFireMs === null ? "" : `, ${untilText(nextFireMs, nowMs)} (${instantText(nextFireMs)} UTC)`;
    const durations = trend.outcomes.map(({ durationMs }) => durationMs);
    return [
      [
        span(` ${printable(id)}`, "title"),
        span(name === id ? "" : `  ${printable(name)}`),
        span(`  ${counted(taskCount, "task")}  ${printable(path)}`, "faint"),
      ],
      ...description === null
        ? []
        : wrapped(printable(description), width - 2).slice(0, 2).map((text): Line => [span(` ${text}`)]),
      [span(` ${scheduleInWords(summary)}${cron === null ? "" : ` (${cron}, ${timezone})`}${next}`)],
      [
        span(" "),
        ...trendSpans(trend, glyphs),
        span(
          trend.successShare === null
            ? "no run that ended yet"
            : `  ${Math.round(trend.successShare * 100)} % completed`,
        ),
        ...trend.usualMs === null
          ? []
          : [span(`, usually ${spanText(trend.usualMs)}  `), span(sparkline(durations, glyphs), "faint")],
        ...last === undefined
          ? []
          : [span(`  last ${agoText(last.triggeredAtMs, nowMs)} `), span(last.state, stateRole(last.state))],
      ],
      ...Object.keys(params).length === 0 ? [] : [[span(
        ` parameters: ${Object.entries(params).map(([key, { required }]) => required ? `${key}*` : key).join(", ")}`,
        "faint",
      )]],
    ].map((line) => fitLine(line, width));
  }
}
