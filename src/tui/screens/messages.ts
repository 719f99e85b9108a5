/**
 * The principal, with all that needs attention about it in full; and below what the interface itself has said, newest at the
 * bottom. The original calls this tab Admin.
 */
import { spanText } from "../../clock/mod.ts";
import { counted } from "../../core/mod.ts";
import { box, fitLine, type Line, printable, type Size, span, wrapped } from "../../paint/mod.ts";
import { Reading } from "../dialogs/reading.ts";
import type { Message, Messages } from "../messages.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import { troubles } from "../overview_troubles.ts";
import type { Action, Screen, Shell } from "../screen.ts";
import { absence, asOf, isFresh } from "../told.ts";
import { instantText } from "../words.ts";

/** Lower than this the messages have the screen for themselves. */
const blockFromRows = 12;

/** See the top of this file. */
export class MessagesScreen implements Screen {
  readonly route = { screen: "messages" } as const;
  readonly title = "Admin";
  readonly #shell: Shell;
  readonly #messages: Messages;
  readonly #list: List<Message>;
  #known: readonly Message[] | null = null;
  /** Where the list was drawn. */
  #listTop = 0;

  constructor(shell: Shell, messages: Messages) {
    this.#shell = shell;
    this.#messages = messages;
    this.#list = new List({
      glyphs: shell.glyphs,
      keyOf: ({ atMs, text }) => `${atMs} ${text}`,
      textOf: ({ text }) => text,
      whenEmpty: () => "Nothing was said yet. What is done here, and what went wrong with it, is kept on this screen.",
      columns: [
        { heading: "TIME (UTC)", width: 19, cell: ({ atMs }) => [span(instantText(atMs), "faint")] },
        { heading: "MESSAGE", width: 20, grow: 1, cell: ({ text, role }) => [span(printable(text), role)] },
      ],
    });
  }

  get isTyping(): boolean {
    return this.#list.isTyping;
  }

  draw({ width, height }: Size): Line[] {
    this.#takeNews();
    // The heading and the messages there are, or that there are none.
    const listRows = Math.min(Math.max(this.#list.total + 1, 3), Math.floor(height / 2));
    const block = height < blockFromRows ? [] : this.#block({ width, height: height - listRows });
    this.#listTop = block.length;
    return [...block, ...this.#list.draw({ width, height: height - block.length })];
  }

  drawPrompt(width: number): Line | null {
    return this.#list.drawFilter(width);
  }

  actions(): Action[] {
    this.#takeNews();
    const shell = this.#shell;
    const message = this.#list.current;
    const problems = this.#problems;
    const read = (title: string, texts: readonly string[], role: Message["role"]) => () =>
      shell.ask(new Reading(shell, { title, texts, role }));
    return [
      ...message === undefined ? [] : [{
        keys: ["enter", "o", "right"],
        title: "all of it",
        run: read(instantText(message.atMs), [message.text], message.role),
      }],
      ...problems.length === 0 ? [] : [{
        keys: ["p"],
        title: "what needs attention",
        run: read("NEEDS ATTENTION", problems, "plain"),
      }],
    ];
  }

  onKey(key: string): boolean {
    return this.#list.onKey(key);
  }

  onPaste(text: string): void {
    this.#list.onPaste(text);
  }

  onMouse({ kind, row }: InputEvent & { type: "mouse" }): void {
    if (kind !== "press" || row >= this.#listTop) this.#list.onMouse(kind, row - this.#listTop);
  }

  close(): void {}

  get #problems(): string[] {
    const { session } = this.#shell;
    return troubles(session.status, session.workflowProblems);
  }

  #takeNews(): void {
    if (this.#messages.all === this.#known) return;
    this.#list.rows = this.#known = this.#messages.all;
    this.#list.onKey("G");
  }

  /** What there is to know about the principal; of its problems as much as there is room for. */
  #block({ width, height }: Size): Line[] {
    const problems = this.#problems;
    const facts = this.#facts().flatMap(([name, text]) =>
      wrapped(printable(text), width - 14).map((part, row): Line => [
        span(` ${(row === 0 ? name : "").padEnd(10)}`, "faint"),
        span(part),
      ])
    );
    const told = problems.flatMap((text) =>
      wrapped(printable(text), width - 6).map((part, row): Line => [span(row === 0 ? " ! " : "   ", "bad"), span(part)])
    );
    const room = Math.max(height - facts.length - 2, 0);
    const isCut = told.length > room;
    const lines = [...facts, ...told.slice(0, room)].map((line) => fitLine(line, width - 2));
    const age = asOf(this.#shell);
    return box(lines, { width, height: lines.length + 2 }, this.#shell.glyphs, {
      title: [
        span("PRINCIPAL", "title"),
        ...age === "" ? [] : [span(` ${age}`, "faint")],
        ...problems.length === 0 ? [] : [span(` ${counted(problems.length, "problem")}`, "bad")],
      ],
      ...isCut ? { footer: [span("p: all problems in full", "bad")] } : {},
      role: problems.length === 0 ? "faint" : "bad",
    });
  }

  #facts(): [name: string, text: string][] {
    const { session } = this.#shell;
    const { name, address, status, workflows, dialect } = session;
    const where: [string, string] = ["Address", name === address ? address : `${address} (${name})`];
    const listed: [string, string] = ["Workflows", workflowWords(workflows)];
    if (status === null) return [where, ["", absence(this.#shell)]];
    if (dialect === "original") return [where, ["Version", "an original cdktr, which does not tell it"], listed];
    const { version, startedAtMs, history: { state, reason, eventsBehind } } = status;
    const upMs = session.nowMs() - startedAtMs;
    const up = isFresh(this.#shell) ? `, for ${spanText(upMs)}` : "";
    const behind = eventsBehind === 0
      ? "abreast of the journal"
      : `${counted(eventsBehind, "decision")} behind the journal`;
    return [
      where,
      ["Version", version],
      ["Up since", `${instantText(startedAtMs)}${up}`],
      ["History", `${state}, ${behind}${reason === null ? "" : `: ${reason}`}`],
      listed,
    ];
  }
}

function workflowWords(workflows: readonly { readonly cron: string | null }[]): string {
  const scheduled = workflows.filter(({ cron }) => cron !== null).length;
  return `${workflows.length}, ${scheduled} with a schedule`;
}
