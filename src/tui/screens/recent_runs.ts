/** What an original principal tells of its runs: the newest of each of a few workflows. */
import { filledTo, type Line, printable, type Size, span } from "../../paint/mod.ts";
import { maxRecentStatuses, type RecentStatus } from "../../wire/mod.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import type { Action, RunFilter, Screen, Shell } from "../screen.ts";
import { askTrigger } from "../trigger.ts";
import { agoText, instantText, recentSpans } from "../words.ts";

/** See the top of this file. */
export class RecentRunsScreen implements Screen {
  readonly route: { readonly screen: "runs"; readonly filter?: RunFilter };
  readonly title: string;
  readonly #shell: Shell;
  readonly #list: List<RecentStatus>;
  #known: readonly RecentStatus[] | null = null;

  constructor(shell: Shell, filter: RunFilter = {}) {
    this.#shell = shell;
    this.route = { screen: "runs", filter };
    this.title = filter.workflowId === undefined ? "Runs" : `Runs of ${filter.workflowId}`;
    const { session, glyphs } = shell;
    this.#list = new List({
      glyphs,
      keyOf: ({ workflowId }) => workflowId,
      textOf: ({ workflowId, workflowInstanceId, status }) => `${workflowId} ${workflowInstanceId} ${status}`,
      whenEmpty: () =>
        session.heardMs === null
          ? "Waiting for the principal ..."
          : this.#list.total > 0
          ? "No run matches the filter; Esc takes it away."
          : "The principal tells of no run.",
      columns: [
        { heading: "WORKFLOW", width: 16, grow: 2, cell: ({ workflowId }) => [span(printable(workflowId), "strong")] },
        {
          heading: "INSTANCE",
          width: 18,
          grow: 1,
          cell: ({ workflowInstanceId }) => [span(printable(workflowInstanceId), "faint")],
        },
        { heading: "STATE", width: 11, cell: ({ status }) => recentSpans(status, glyphs) },
        { heading: "UPDATED", width: 19, cell: ({ timestampMs }) => [span(instantText(timestampMs))] },
        {
          heading: "",
          width: 14,
          fromWidth: 90,
          cell: ({ timestampMs }) => [span(agoText(timestampMs, session.nowMs()), "faint")],
        },
      ],
    });
  }

  get isTyping(): boolean {
    return this.#list.isTyping;
  }

  draw({ width, height }: Size): Line[] {
    const { recent } = this.#shell.session;
    if (recent !== this.#known) {
      this.#known = recent;
      this.#list.rows = recent.filter((status) => this.#isWanted(status));
    }
    const list = this.#list.draw({ width, height: height - 1 });
    const limits =
      ` An original principal tells the newest run of each of ${maxRecentStatuses} workflows, and no other.`;
    return [...filledTo(list, height - 1), [span(limits, "faint")]];
  }

  drawPrompt(width: number): Line | null {
    return this.#list.drawFilter(width);
  }

  actions(): Action[] {
    const { current } = this.#list;
    if (current === undefined) return [];
    const shell = this.#shell;
    const { workflowId } = current;
    const listedId = this.#listedId(workflowId);
    return [
      { keys: ["enter", "l"], title: "logs", run: () => shell.open({ screen: "logs", workflowId }) },
      ...listedId === null ? [] : [
        {
          keys: ["o", "right"],
          title: "workflow",
          run: () => shell.open({ screen: "workflow", workflowId: listedId }),
        },
        { keys: ["r"], title: "run it again", isChange: true, run: () => askTrigger(shell, listedId) },
      ],
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

  #isWanted({ workflowId, status }: RecentStatus): boolean {
    const { workflowId: wantedId, states } = this.route.filter ?? {};
    return (wantedId === undefined || workflowId === wantedId || this.#listedId(workflowId) === wantedId) &&
      (states === undefined || states.some((state) => state === status));
  }

  /** The id under which the principal lists the workflow whose runs bear `documentId`; null when it does not any more. */
  #listedId(documentId: string): string | null {
    const { session } = this.#shell;
    const found = session.workflows.find(({ id }) => (session.workflowDocument(id)?.id ?? id) === documentId);
    return found?.id ?? null;
  }
}
