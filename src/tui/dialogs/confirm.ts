/** A question before something is changed: it names the thing and what will become of it. */
import { box, cut, type Line, lineWidth, printable, type Size, span, wrapped } from "../../paint/mod.ts";
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
  /** Columns from the first up to the last of each button. */
  #yesColumns = { from: 0, to: 0 };
  #noColumns = { from: 0, to: 0 };

  constructor(shell: Shell, options: ConfirmOptions) {
    this.#shell = shell;
    this.#options = options;
  }

  draw({ width, height }: Size): Line[] {
    const { question, effects, yes } = this.#options;
    const inner = Math.min(width, 70) - 4;
    const no = "leave it as it is";
    // The way out is seen whatever the other is called.
    const yesButton = [span("y ", "accent"), span(cut(printable(yes), inner - no.length - 9), "strong")];
    const noButton = [span("n ", "accent"), span(no)];
    const text: Line[] = [
      [],
      ...wrapped(printable(question), inner).map((text): Line => [span(` ${text}`, "strong")]),
      ...effects.flatMap((effect) => wrapped(printable(effect), inner).map((text): Line => [span(` ${text}`)])),
    ];
    const lines: Line[] = [
      ...text.slice(0, Math.max(height - 4, 2)),
      [],
      [span("  "), ...yesButton, span("    "), ...noButton],
    ];
    this.#buttonRow = lines.length;
    // Behind the edge and two blanks.
    this.#yesColumns = { from: 3, to: 3 + lineWidth(yesButton) };
    const from = this.#yesColumns.to + 4;
    this.#noColumns = { from, to: from + lineWidth(noButton) };
    return box(lines, { width: inner + 4, height: lines.length + 2 }, this.#shell.glyphs, { role: "warn" });
  }

  onKey(key: string): void {
    if (key === "y" || key === "Y") this.#do();
    else if (["n", "N", "esc", "q", "enter"].includes(key)) this.#shell.closeDialog();
  }

  onMouse({ kind, column, row }: InputEvent & { type: "mouse" }): void {
    if (kind !== "press" || row !== this.#buttonRow) return;
    const isOn = ({ from, to }: { from: number; to: number }) => column >= from && column < to;
    if (isOn(this.#yesColumns)) this.#do();
    else if (isOn(this.#noColumns)) this.#shell.closeDialog();
  }

  #do(): void {
    this.#shell.closeDialog();
    this.#options.run();
  }
}
