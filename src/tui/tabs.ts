/** Several views of one thing, of which one is shown. */
import { type Glyphs, type Line, lineWidth, span } from "../paint/mod.ts";
import type { Action } from "./screen.ts";

/** See the top of this file. */
export class Tabs<Name extends string> {
  current: Name;
  readonly #names: readonly Name[];
  readonly #glyphs: Glyphs;
  readonly #onChange: () => void;

  /** @param names Of the views; the first one is shown at first. */
  constructor(names: readonly [Name, ...Name[]], glyphs: Glyphs, onChange: () => void) {
    this.current = names[0];
    this.#names = names;
    this.#glyphs = glyphs;
    this.#onChange = onChange;
  }

  /** The names in a rule. */
  draw(width: number): Line {
    const rule = this.#glyphs.horizontal;
    const tabs = this.#names.map((name) => {
      const isSelected = name === this.current;
      return { text: ` ${name} `, role: isSelected ? "title" as const : "faint" as const, isSelected };
    });
    return [span(rule, "faint"), ...tabs, span(rule.repeat(Math.max(width - lineWidth(tabs) - 1, 0)), "faint")];
  }

  /** Goes through the views. */
  get actions(): Action[] {
    return [
      { keys: ["tab"], title: "next view", run: () => this.#turn(1) },
      { keys: ["shift-tab"], title: "view before", isHinted: false, run: () => this.#turn(-1) },
    ];
  }

  /** Shows a view. */
  show(name: Name): void {
    this.current = name;
    this.#onChange();
  }

  /** @param column Of what {@linkcode draw} gave. */
  onClick(column: number): void {
    let at = 1;
    const name = this.#names.find(({ length }) => column < (at += length + 2));
    if (name !== undefined) this.show(name);
  }

  #turn(step: number): void {
    const count = this.#names.length;
    this.show(this.#names[(this.#names.indexOf(this.current) + step + count) % count] ?? this.current);
  }
}
