/** A question before something is changed: it names the thing and what will become of it. */
import { box, type Line, lineWidth, printable, type Size, span, wrapped } from "../../paint/mod.ts";
import type { InputEvent } from "../input.ts";
import type { Dialog, Shell } from "../screen.ts";

/** What is asked. */
export interface ConfirmOptions {
  /** What will be done, to what: `Cancel run 0198c7a2 of etl.daily?` */
  readonly question: string;
  /** What comes of it, one sentence each. */
  readonly effects: readonly string[];
  /** What `y` is said to do: `cancel it`. */
  readonly yes: string;
  readonly run: () => void;
}

/** See the top of this file. Nothing is done but with `y` or on the button that says so: Enter leaves all as it is. */
export class Confirm implements Dialog {
  readonly #shell: Shell;
  readonly #options: ConfirmOptions;
  #buttonRow = 0;
  #noColumn = 0;

  constructor(shell: Shell, options: ConfirmOptions) {
    this.#shell = shell;
    this.#options = options;
  }

  draw({ width }: Size): Line[] {
    const { question, effects, yes } = this.#options;
    const inner = Math.min(width, 70) - 4;
    const yesButton = [span("  y ", "accent"), span(yes, "strong")];
    const noButton = [span("    n ", "accent"), span("leave it as it is")];
    const lines: Line[] = [
      [],
      ...wrapped(printable(question), inner).map((text): Line => [span(` ${text}`, "strong")]),
      ...effects.flatMap((effect) => wrapped(printable(effect), inner).map((text): Line => [span(` ${text}`)])),
      [],
      [...yesButton, ...noButton],
    ];
    this.#buttonRow = lines.length;
    this.#noColumn = lineWidth(yesButton) + 2;
    return box(lines, { width: inner + 4, height: lines.length + 2 }, this.#shell.glyphs, { role: "warn" });
  }

  onKey(key: string): void {
    if (key === "y" || key === "Y") this.#do();
    else if (["n", "N", "esc", "q", "enter"].includes(key)) this.#shell.closeDialog();
  }

  onMouse({ kind, column, row }: InputEvent & { type: "mouse" }): void {
    if (kind !== "press" || row !== this.#buttonRow) return;
    if (column < this.#noColumn) this.#do();
    else this.#shell.closeDialog();
  }

  #do(): void {
    this.#shell.closeDialog();
    this.#options.run();
  }
}
