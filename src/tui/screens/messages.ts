/** What the interface itself has said, newest at the bottom: the original calls this tab Admin. */
import { type Line, printable, type Size, span } from "../../paint/mod.ts";
import type { Messages } from "../messages.ts";
import type { InputEvent } from "../input.ts";
import { List } from "../list.ts";
import type { Message } from "../messages.ts";
import type { Action, Screen, Shell } from "../screen.ts";
import { instantText } from "../words.ts";

/** See the top of this file. */
export class MessagesScreen implements Screen {
  readonly route = { screen: "messages" } as const;
  readonly title = "Admin";
  readonly #messages: Messages;
  readonly #list: List<Message>;
  #known: readonly Message[] | null = null;

  constructor({ glyphs }: Shell, messages: Messages) {
    this.#messages = messages;
    this.#list = new List({
      glyphs,
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

  draw(size: Size): Line[] {
    if (this.#messages.all !== this.#known) {
      this.#list.rows = this.#known = this.#messages.all;
      this.#list.onKey("G");
    }
    return this.#list.draw(size);
  }

  drawPrompt(width: number): Line | null {
    return this.#list.drawFilter(width);
  }

  actions(): Action[] {
    return [];
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
}
