/** The runs, newest first, live. */
import { isFinal, type Run } from "../../core/mod.ts";
import { type Line, printable, type Size, span } from "../../paint/mod.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import { runActions } from "../run_actions.ts";
import { filterText, readFilter, type TypedFilter } from "../run_filter.ts";
import { RunList } from "../run_list.ts";
import type { Action, RunFilter, Screen, Shell } from "../screen.ts";
import { briefId, briefSpan, instantText, stateSpans, tookText } from "../words.ts";

/** The next page is read when the cursor is this near to the end. */
const nearRows = 50;
/** What `f` goes through. */
const turns = [
  { filter: "", title: "all of them" },
  { filter: "state:open", title: "open ones" },
  { filter: "state:bad", title: "bad ones" },
];

/** See the top of this file. */
export class RunsScreen implements Screen {
  readonly route: { readonly screen: "runs"; readonly filter?: RunFilter };
  readonly title: string;
  readonly #shell: Shell;
  readonly #list: List<Run>;
  readonly #runs: RunList;
  #typed: TypedFilter;
  #known: readonly Run[] | null = null;

  constructor(shell: Shell, filter: RunFilter = {}) {
    this.#shell = shell;
    this.route = { screen: "runs", filter };
    this.title = filter.workflowId === undefined ? "Runs" : `Runs of ${filter.workflowId}`;
    this.#typed = readFilter(filterText(filter));
    const { glyphs } = shell;
    this.#list = new List({
      glyphs,
      canMark: true,
      keyOf: ({ runId }) => runId,
      textOf: ({ runId, workflowId, state, trigger, agentId, reason }) =>
        `${runId} ${workflowId} ${state} ${trigger} ${agentId ?? ""} ${reason ?? ""}`,
      localFilter: (text) => readFilter(text).words,
      onFilter: (text) => this.#onFilter(text),
      whenEmpty: () => this.#whenEmpty(),
      columns: [
        { heading: "RUN", width: 18, cell: ({ runId }) => [span(briefId(runId), "faint")] },
        { heading: "WORKFLOW", width: 14, grow: 2, cell: ({ workflowId }) => [span(printable(workflowId), "strong")] },
        {
          heading: "STATE",
          width: 11,
          cell: (run) => stateSpans(run.state, glyphs, run.paused && !isFinal(run.state)),
        },
        { heading: "TOOK", width: 7, align: "right", cell: (run) => [span(tookText(run, shell.session.nowMs()))] },
        {
          heading: "AGO",
          width: 7,
          align: "right",
          belowWidth: 88,
          cell: ({ triggeredAtMs }) => [span(briefSpan(shell.session.nowMs() - triggeredAtMs), "faint")],
        },
        {
          heading: "TRIGGERED",
          width: 19,
          fromWidth: 88,
          cell: ({ triggeredAtMs }) => [span(instantText(triggeredAtMs), "faint")],
        },
        { heading: "BY", width: 8, fromWidth: 88, cell: ({ trigger }) => [span(trigger, "faint")] },
        {
          heading: "AGENT",
          width: 14,
          grow: 1,
          fromWidth: 140,
          cell: ({ agentId }) => [span(printable(agentId ?? ""), "faint")],
        },
        {
          heading: "REASON",
          width: 6,
          grow: 3,
          fromWidth: 110,
          cell: ({ reason }) => [span(printable(reason ?? ""), "faint")],
        },
      ],
    });
    this.#list.filter = filterText(filter);
    this.#runs = new RunList(shell, this.#typed, () => shell.changed());
  }

  get isTyping(): boolean {
    return this.#list.isTyping;
  }

  draw(size: Size): Line[] {
    const { rows } = this.#runs;
    if (rows !== this.#known) this.#list.rows = this.#known = rows;
    const lines = this.#list.draw(size);
    if (this.#list.rowsBelow < nearRows) this.#runs.loadMore();
    return lines;
  }

  drawPrompt(width: number): Line | null {
    if (this.#typed.problem !== null) return [span(` ${this.#typed.problem}`, "bad")];
    return this.#list.drawFilter(width);
  }

  actions(): Action[] {
    const { current, chosen } = this.#list;
    const shell = this.#shell;
    const { runId = "" } = current ?? {};
    return [
      ...current === undefined ? [] : [
        { keys: ["enter", "o", "right"], title: "open", run: () => shell.open({ screen: "run", run: runId }) },
        { keys: ["l"], title: "logs", run: () => shell.open({ screen: "logs", run: runId }) },
      ],
      ...runActions(shell, chosen, null, () => this.#list.unmark()),
      { keys: ["f"], title: this.#turnTitle(), run: () => this.#turnFilter() },
      ...shell.isReadOnly ? [] : [{ keys: [" "], title: "mark", run: () => void this.#list.onKey(" ") }],
    ];
  }

  onKey(key: string): boolean {
    return this.#list.onKey(key);
  }

  onPaste(text: string): void {
    this.#list.onPaste(text);
  }

  onMouse({ kind, row }: InputEvent & { type: "mouse" }): void {
    this.#list.onMouse(kind, row);
  }

  reload(): void {
    this.#runs.reload();
  }

  close(): void {
    this.#runs.close();
  }

  #onFilter(text: string): void {
    this.#typed = readFilter(text);
    this.#runs.filter = this.#typed;
  }

  /** What `f` leads to. */
  #turnTitle(): string {
    return turns.find(({ filter }) => filter === this.#nextTurn())?.title ?? "";
  }

  #nextTurn(): string {
    const at = turns.findIndex(({ filter }) => this.#list.filter.trim() === joined(this.#base(), filter));
    return turns[(at + 1) % turns.length]?.filter ?? "";
  }

  #turnFilter(): void {
    this.#list.filter = joined(this.#base(), this.#nextTurn());
    this.#onFilter(this.#list.filter);
  }

  #base(): string {
    const { states: _, ...others } = this.route.filter ?? {};
    return filterText(others);
  }

  #whenEmpty(): string {
    if (this.#runs.error !== null && !this.#runs.isLoaded) return printable(this.#runs.error);
    if (!this.#runs.isLoaded) return "Loading ...";
    return this.#list.filter === ""
      ? "No run yet. `1` shows the workflows, `r` runs one."
      : "No run matches the filter; Esc takes it away.";
  }
}

function joined(...words: readonly string[]): string {
  return words.filter(Boolean).join(" ");
}
