/** The workflows: when each ran and will run, and how it went. The one under the cursor is told of below. */
import { spanText } from "../../clock/mod.ts";
import { counted } from "../../core/mod.ts";
import {
  filledTo,
  fitLine,
  type Glyphs,
  type Line,
  printable,
  type Size,
  type Span,
  span,
  stateRole,
} from "../../paint/mod.ts";
import type { WorkflowSummary } from "../../wire/mod.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import type { Action, Screen, Shell } from "../screen.ts";
import { scheduleInWords } from "../schedule_words.ts";
import type { Trend } from "../trends.ts";
import { askTrigger } from "../trigger.ts";
import { briefSpan, instantText, recentSpans, stateSpans, triggeredMsOf, untilText } from "../words.ts";

/** Rows of what is told of the workflow under the cursor. */
const detailRows = 5;

/** See the top of this file. */
export class WorkflowsScreen implements Screen {
  readonly route = { screen: "workflows" } as const;
  readonly title = "Workflows";
  readonly #shell: Shell;
  readonly #list: List<WorkflowSummary>;
  #known: readonly WorkflowSummary[] = [];

  constructor(shell: Shell) {
    this.#shell = shell;
    const { session, glyphs } = shell;
    this.#list = new List({
      glyphs,
      keyOf: ({ id }) => id,
      textOf: ({ id, name }) => `${id} ${name}`,
      whenEmpty: () =>
        session.workflows.length > 0
          ? "No workflow matches the filter; Esc takes it away."
          : session.heardMs === null
          ? "Waiting for the principal ..."
          : "The principal has no workflows. It reads them from the files in CDKTR_WORKFLOW_DIR.",
      columns: [
        { heading: "WORKFLOW", width: 16, grow: 3, cell: ({ id }) => [span(printable(id), "strong")] },
        {
          heading: "SCHEDULE",
          width: 18,
          grow: 2,
          fromWidth: 96,
          cell: (workflow) => [span(scheduleInWords(workflow), "faint")],
        },
        { heading: "NEXT", width: 15, cell: (workflow) => this.#next(workflow) },
        { heading: "LAST", width: 17, cell: ({ id }) => this.#last(id) },
        { heading: "OK", width: 4, align: "right", cell: ({ id }) => shareSpans(session.trends.of(id)) },
        {
          heading: "USUAL",
          width: 7,
          align: "right",
          fromWidth: 70,
          cell: ({ id }) => usualSpans(session.trends.of(id)),
        },
        { heading: "LAST 20", width: 20, fromWidth: 124, cell: ({ id }) => trendSpans(session.trends.of(id), glyphs) },
      ],
    });
  }

  get isTyping(): boolean {
    return this.#list.isTyping;
  }

  draw({ width, height }: Size): Line[] {
    const { workflows } = this.#shell.session;
    if (workflows !== this.#known) this.#list.rows = this.#known = workflows;
    const broken = this.#brokenFiles(width);
    const hasDetails = height > 2 * detailRows + 3;
    const rows = (hasDetails ? height - detailRows - 1 : height) - broken.length;
    const list = [...this.#list.draw({ width, height: rows }), ...broken];
    if (!hasDetails) return list;
    return [
      ...filledTo(list, rows + broken.length),
      [span(this.#shell.glyphs.horizontal.repeat(width), "faint")],
      ...this.#details(),
    ];
  }

  /** Files with errors are no workflows: without a word they would just be missing. */
  #brokenFiles(width: number): Line[] {
    const [first, ...others] = this.#shell.session.workflowProblems;
    if (first === undefined) return [];
    const more = others.length === 0 ? "" : ` (and ${counted(others.length, "more problem")})`;
    return [fitLine([span(` ! Left out: ${printable(first)}${more}`, "bad")], width)];
  }

  drawPrompt(width: number): Line | null {
    return this.#list.drawFilter(width);
  }

  actions(): Action[] {
    const workflow = this.#list.current;
    if (workflow === undefined) return [];
    const { id } = workflow;
    const shell = this.#shell;
    const logsId = shell.session.workflowDocument(id)?.id ?? id;
    return [
      { keys: ["r"], title: "run it", isChange: true, run: () => askTrigger(shell, id) },
      { keys: ["enter", "l"], title: "logs", run: () => shell.open({ screen: "logs", workflowId: logsId }) },
      { keys: ["o", "right"], title: "open", run: () => shell.open({ screen: "workflow", workflowId: id }) },
      { keys: ["v"], title: "its runs", run: () => shell.open({ screen: "runs", filter: { workflowId: id } }) },
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

  close(): void {}

  #next(workflow: WorkflowSummary): Line {
    const { session } = this.#shell;
    const atMs = session.nextFireMs(workflow);
    return atMs === null ? [span("-", "faint")] : [span(untilText(atMs, session.nowMs()))];
  }

  /** How the last run ended; of an original principal, where the newest one is. */
  #last(id: string): Span[] {
    const { session, glyphs } = this.#shell;
    if (session.dialect !== "original") {
      const open = session.trends.openState(id);
      return open === null ? lastSpans(session.trends.of(id), glyphs, session.nowMs()) : stateSpans(open, glyphs);
    }
    const documentId = session.workflowDocument(id)?.id;
    const recent = session.recent.find(({ workflowId }) => workflowId === documentId);
    return recent === undefined ? [span("-", "faint")] : recentSpans(recent.status, glyphs);
  }

  #trendText(id: string): string {
    const { session } = this.#shell;
    if (session.dialect === "original") return "How its runs went is not known: an original principal does not tell.";
    return trendText(session.trends.of(id));
  }

  #details(): Line[] {
    const workflow = this.#list.current;
    if (workflow === undefined) return [];
    const { id, name, description, path, taskCount, timezone, params } = workflow;
    const names = Object.entries(params).map(([param, { required }]) => required ? `${param}*` : param);
    const nextFireMs = this.#shell.session.nextFireMs(workflow);
    const when = nextFireMs === null ? "" : `, next at ${instantText(nextFireMs)} UTC`;
    return [
      [span(` ${printable(id)}`, "title"), span(name === id ? "" : `  ${printable(name)}`)],
      [span(` ${printable(description ?? "No description.")}`, description === null ? "faint" : "plain")],
      [
        span(` ${counted(taskCount, "task")}`),
        span(names.length === 0 ? "" : `, parameters ${names.join(", ")}`),
        span(`  ${printable(path)}`, "faint"),
      ],
      [span(` ${scheduleInWords(workflow)}${workflow.cron === null ? "" : ` (${workflow.cron}, ${timezone})`}${when}`)],
      [span(` ${this.#trendText(id)}  `), ...trendSpans(this.#shell.session.trends.of(id), this.#shell.glyphs)],
    ];
  }
}

/** How the last run ended, and how long ago it was triggered. */
function lastSpans({ outcomes }: Trend, glyphs: Glyphs, nowMs: number): Span[] {
  const last = outcomes.at(-1);
  if (last === undefined) return [span("-", "faint")];
  const ago = ` ${briefSpan(nowMs - triggeredMsOf(last.runId))}`;
  return [span(`${glyphs.states[last.state]} ${last.state}`, stateRole(last.state)), span(ago, "faint")];
}

/** A mark for each of the newest runs, oldest first. */
export function trendSpans({ outcomes }: Trend, glyphs: Glyphs): Span[] {
  return outcomes.map(({ state }) => span(glyphs.states[state], stateRole(state)));
}

function shareSpans({ successShare }: Trend): Span[] {
  if (successShare === null) return [span("-", "faint")];
  return [
    span(`${Math.round(successShare * 100)}%`, successShare === 1 ? "good" : successShare < 0.5 ? "bad" : "warn"),
  ];
}

function usualSpans({ usualMs }: Trend): Span[] {
  return [span(usualMs === null ? "-" : briefSpan(usualMs), usualMs === null ? "faint" : "plain")];
}

function trendText({ outcomes, successShare, usualMs }: Trend): string {
  if (successShare === null) return "It has not run yet, as far as the history tells.";
  const usual = usualMs === null ? "" : ` One usually takes ${spanText(usualMs)}.`;
  return `${Math.round(successShare * 100)} % of its last ${counted(outcomes.length, "run")} completed.${usual}`;
}
