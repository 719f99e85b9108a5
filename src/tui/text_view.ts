/** Text that is longer than its place. */
import { fitBlock, type Line, type Size } from "../paint/mod.ts";

/** Rows that one step of the wheel goes. */
const wheelRows = 3;

/** See the top of this file. */
export class TextView {
  #top = 0;
  #rows = 1;
  #length = 0;

  draw(lines: readonly Line[], size: Size): Line[] {
    this.#rows = size.height;
    this.#length = lines.length;
    this.#move(0);
    return fitBlock(lines.slice(this.#top, this.#top + size.height), size);
  }

  /** Whether the key was one for moving. */
  onKey(key: string): boolean {
    const steps: Readonly<Record<string, number>> = {
      j: 1,
      down: 1,
      k: -1,
      up: -1,
      pgdn: this.#rows - 1,
      "ctrl-f": this.#rows - 1,
      pgup: 1 - this.#rows,
      "ctrl-b": 1 - this.#rows,
      g: -Infinity,
      home: -Infinity,
      G: Infinity,
      end: Infinity,
      "wheel-down": wheelRows,
      "wheel-up": -wheelRows,
    };
    const step = steps[key];
    if (step === undefined) return false;
    this.#move(step);
    return true;
  }

  #move(rows: number): void {
    this.#top = Math.max(Math.min(this.#top + rows, this.#length - this.#rows), 0);
  }
}
