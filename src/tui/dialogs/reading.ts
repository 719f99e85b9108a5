/** Something that was too long where it stood, in full. */
import { box, type Line, printable, type Role, type Size, span, wrapped } from "../../paint/mod.ts";
import type { InputEvent } from "../input.ts";
import type { Dialog, Shell } from "../screen.ts";
import { TextView } from "../text_view.ts";

/** Columns that a text takes at most: longer lines are hard to read. */
const columnsMax = 100;

/** What is read. */
export interface ReadingOptions {
  readonly title: string;
  /** Each begins a line of its own, with a blank line between two. */
  readonly texts: readonly string[];
  readonly role: Role;
}

/** See the top of this file. */
export class Reading implements Dialog {
  readonly #shell: Shell;
  readonly #options: ReadingOptions;
  readonly #view = new TextView();

  constructor(shell: Shell, options: ReadingOptions) {
    this.#shell = shell;
    this.#options = options;
  }

  draw({ width, height }: Size): Line[] {
    const { title, texts, role } = this.#options;
    const inner = Math.min(width, columnsMax) - 2;
    const lines = texts.flatMap((text, index): Line[] => [
      ...index === 0 ? [] : [[]],
      ...text.split("\n").flatMap((line) => wrapped(printable(line), inner - 2)).map((line) => [
        span(" "),
        span(line, role),
      ]),
    ]);
    const rows = Math.min(lines.length, height - 2);
    const footer = lines.length > rows ? "j k scroll, Esc closes" : "Esc closes";
    return box(
      this.#view.draw(lines, { width: inner, height: rows }),
      { width: inner + 2, height: rows + 2 },
      this.#shell.glyphs,
      { title: [span(title, "title")], footer: [span(footer, "faint")], role: "accent" },
    );
  }

  onKey(key: string): void {
    if (["esc", "q", "enter"].includes(key)) this.#shell.closeDialog();
    else if (this.#view.onKey(key)) this.#shell.changed();
  }

  onMouse({ kind }: InputEvent & { type: "mouse" }): void {
    this.onKey(kind);
  }
}
