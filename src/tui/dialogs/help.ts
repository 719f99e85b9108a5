/** The keys of where one is. */
import { box, fitLine, type Line, type Size, span } from "../../paint/mod.ts";
import type { Action, Desk, Dialog } from "../screen.ts";
import { keyName } from "../words.ts";

const moving: readonly (readonly [keys: string, meaning: string])[] = [
  ["j k, arrows", "down, up"],
  ["g G", "first, last"],
  ["PgDn PgUp", "a page (also ctrl-f ctrl-b)"],
  ["/", "filter, or search"],
  ["space", "mark a row, where rows can be marked"],
  ["Tab", "next part of the screen"],
  ["mouse", "click and wheel"],
  ["ctrl-z", "stop for a moment; `fg` comes back"],
  ["ctrl-c, :q", "quit from anywhere"],
];

/** See the top of this file. */
export class Help implements Dialog {
  readonly #ui: Desk;
  readonly #actions: readonly Action[];
  #top = 0;
  #rows = 0;

  constructor(ui: Desk) {
    this.#ui = ui;
    this.#actions = ui.actions();
  }

  draw({ width, height }: Size): Line[] {
    const inner = Math.min(width, 72) - 2;
    const row = (keys: string, meaning: string): Line =>
      fitLine([span("  "), span(keys.padEnd(16), "accent"), span(meaning)], inner);
    const lines = [
      [span(" Here and everywhere", "title")],
      ...this.#actions.map(({ keys, title, isChange }) =>
        row(keys.map(keyName).join(" "), isChange ? `${title}  (asks first)` : title)
      ),
      [],
      [span(" Moving", "title")],
      ...moving.map(([keys, meaning]) => row(keys, meaning)),
    ];
    this.#rows = Math.min(lines.length, height - 2);
    this.#top = Math.max(Math.min(this.#top, lines.length - this.#rows), 0);
    const footer = lines.length > this.#rows
      ? [span("j k scroll, Esc closes", "faint")]
      : [span("Esc closes", "faint")];
    return box(
      lines.slice(this.#top, this.#top + this.#rows),
      { width: inner + 2, height: this.#rows + 2 },
      this.#ui.glyphs,
      {
        title: [span("Keys", "title")],
        footer,
        role: "accent",
      },
    );
  }

  onKey(key: string): void {
    if (key === "j" || key === "down") this.#top++;
    else if (key === "k" || key === "up") this.#top = Math.max(this.#top - 1, 0);
    else if (key === "pgdn") this.#top += this.#rows;
    else if (key === "pgup") this.#top = Math.max(this.#top - this.#rows, 0);
    else return this.#ui.closeDialog();
    this.#ui.changed();
  }
}
