/** Every action of where one is, found by some of its letters. */
import { box, fitLine, type Line, selected, type Size, span } from "../../paint/mod.ts";
import { fuzzyScore } from "../fuzzy.ts";
import type { InputEvent } from "../input.ts";
import type { Action, Desk, Dialog } from "../screen.ts";
import { TextField } from "../text_field.ts";
import { keyName } from "../words.ts";

/** Workflows that can be found here, beside the actions. */
const workflowsMax = 5000;

interface Entry {
  readonly title: string;
  readonly key: string;
  readonly run: () => void;
}

/** See the top of this file. */
export class Palette implements Dialog {
  readonly #ui: Desk;
  readonly #field = new TextField();
  readonly #entries: readonly Entry[];
  #chosen = 0;
  #top = 0;

  constructor(ui: Desk) {
    this.#ui = ui;
    this.#entries = [
      ...ui.actions().map(({ title, keys, run }: Action): Entry => ({ title, key: keyName(keys[0] ?? ""), run })),
      ...ui.session.workflows.slice(0, workflowsMax).map(({ id }): Entry => ({
        title: `open workflow ${id}`,
        key: "",
        run: () => ui.open({ screen: "workflow", workflowId: id }),
      })),
    ];
  }

  draw({ width, height }: Size): Line[] {
    const { glyphs } = this.#ui;
    const inner = Math.min(width, 64) - 2;
    const rows = Math.max(Math.min(height - 4, 14), 1);
    const found = this.#found();
    this.#top = Math.max(Math.min(this.#top, this.#chosen), this.#chosen - rows + 1, 0);
    const entries = found.slice(this.#top, this.#top + rows).map(({ title, key }, index): Line => {
      const line = [...fitLine([span(` ${title}`)], inner - 10), ...fitLine([span(key, "accent")], 10)];
      return index + this.#top === this.#chosen ? selected(line) : line;
    });
    const lines = [[span(glyphs.cursor + " ", "accent"), ...this.#field.draw(inner - 3)], ...entries];
    return box(lines, { width: inner + 2, height: rows + 3 }, glyphs, {
      title: [span("Find an action", "title")],
      footer: [span(`${found.length} found`, "faint")],
      role: "accent",
    });
  }

  onKey(key: string): void {
    if (key === "esc") return this.#ui.closeDialog();
    if (key === "enter") return this.#run();
    const last = this.#found().length - 1;
    if (key === "down" || key === "ctrl-n" || key === "tab") {
      this.#chosen = Math.max(Math.min(this.#chosen + 1, last), 0);
    } else if (key === "up" || key === "ctrl-p" || key === "shift-tab") this.#chosen = Math.max(this.#chosen - 1, 0);
    else if (this.#field.onKey(key)) this.#chosen = 0;
    this.#ui.changed();
  }

  onPaste(text: string): void {
    this.#field.insert(text);
    this.#chosen = 0;
  }

  onMouse({ kind, row }: InputEvent & { type: "mouse" }): void {
    if (kind !== "press" || row < 2 || row - 2 + this.#top >= this.#found().length) return;
    this.#chosen = row - 2 + this.#top;
    this.#run();
  }

  #run(): void {
    const entry = this.#found()[this.#chosen];
    this.#ui.closeDialog();
    entry?.run();
  }

  #found(): readonly Entry[] {
    const typed = this.#field.text.trim();
    if (typed === "") return this.#entries;
    return this.#entries.flatMap((entry) => {
      const score = fuzzyScore(typed, entry.title);
      return score === null ? [] : [{ entry, score }];
    }).sort((a, b) => b.score - a.score).map(({ entry }) => entry);
  }
}
