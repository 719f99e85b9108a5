/** Which tasks are shown. */
import {
  box,
  fitLine,
  type Glyphs,
  type Line,
  printable,
  type Role,
  selected,
  type Size,
  span,
} from "../../paint/mod.ts";
import type { InputEvent } from "../input.ts";
import type { Dialog } from "../screen.ts";

/** What there is to pick from, and what becomes of it. */
export interface TaskPickerOptions {
  readonly glyphs: Glyphs;
  readonly tasks: readonly { readonly name: string; readonly role: Role }[];
  /** The names that are picked; null for all. */
  readonly picked: ReadonlySet<string> | null;
  /** Called with the choice; null for all. */
  readonly onPick: (picked: ReadonlySet<string> | null) => void;
  /** Called when it is over. */
  readonly onClose: () => void;
  /** Called when it has to be drawn again. */
  readonly onChange: () => void;
}

/** See the top of this file. */
export class TaskPicker implements Dialog {
  readonly #options: TaskPickerOptions;
  readonly #picked: Set<string>;
  #cursor = 0;
  #top = 0;

  constructor(options: TaskPickerOptions) {
    this.#options = options;
    this.#picked = new Set(options.picked ?? options.tasks.map(({ name }) => name));
  }

  draw({ width, height }: Size): Line[] {
    const { glyphs, tasks } = this.#options;
    const inner = Math.min(width, 56) - 2;
    const rows = Math.max(Math.min(height - 2, tasks.length), 1);
    this.#top = Math.max(Math.min(this.#top, this.#cursor), this.#cursor - rows + 1);
    const lines = tasks.slice(this.#top, this.#top + rows).map(({ name, role }, index): Line => {
      const isPicked = this.#picked.has(name);
      const line = fitLine(
        [span(isPicked ? " [x] " : " [ ] "), span(printable(name), isPicked ? role : "faint")],
        inner,
      );
      return this.#top + index === this.#cursor ? selected(line) : line;
    });
    return box(
      lines.length === 0 ? [[span(" No task has printed anything yet.")]] : lines,
      {
        width: inner + 2,
        height: rows + 2,
      },
      glyphs,
      {
        title: [span("Tasks", "title")],
        footer: [span("space one  o only it  a all  Enter shows", "faint")],
        role: "accent",
      },
    );
  }

  onKey(key: string): void {
    const { tasks, onClose, onChange } = this.#options;
    const name = tasks[this.#cursor]?.name;
    if (key === "esc" || key === "q") return onClose();
    if (key === "enter" || key === "tab") return this.#pick();
    if (key === "j" || key === "down") this.#cursor = Math.min(this.#cursor + 1, tasks.length - 1);
    else if (key === "k" || key === "up") this.#cursor = Math.max(this.#cursor - 1, 0);
    else if (key === "g" || key === "home") this.#cursor = 0;
    else if (key === "G" || key === "end") this.#cursor = tasks.length - 1;
    else if (key === " " && name !== undefined) this.#toggle(name);
    else if (key === "a") this.#all();
    else if (key === "o" && name !== undefined) {
      this.#picked.clear();
      this.#picked.add(name);
      return this.#pick();
    }
    onChange();
  }

  onMouse({ kind, row }: InputEvent & { type: "mouse" }): void {
    const task = this.#options.tasks[this.#top + row - 1];
    if (kind !== "press" || row < 1 || task === undefined) return;
    this.#cursor = this.#top + row - 1;
    this.#toggle(task.name);
    this.#options.onChange();
  }

  #toggle(name: string): void {
    if (!this.#picked.delete(name)) this.#picked.add(name);
  }

  #all(): void {
    const isAll = this.#picked.size === this.#options.tasks.length;
    this.#picked.clear();
    if (!isAll) { for (const { name } of this.#options.tasks) this.#picked.add(name); }
  }

  /** None picked is all: a screen without lines helps nobody. */
  #pick(): void {
    const { tasks, onPick, onClose } = this.#options;
    onClose();
    const isAll = this.#picked.size === 0 || tasks.every(({ name }) => this.#picked.has(name));
    onPick(isAll ? null : new Set(this.#picked));
  }
}
