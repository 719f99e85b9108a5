/**
 * Lines at the bottom of a terminal that are drawn again in place; what is said meanwhile goes above them.
 *
 * The block ends with a line end: the cursor stands below it, and goes up as many rows as the block takes to draw again. It
 * is hidden only within one write, so it is there however the process ends. Between two drawings nobody else writes to
 * the terminal but through {@linkcode LiveBlock.above} and {@linkcode LiveBlock.talk}.
 */
import type { Clock } from "../clock/mod.ts";
import { fitLine, type Line, lineWidth } from "../paint/mod.ts";
import type { ConsoleSize, Talk } from "./output.ts";

/** A terminal. */
export interface Screen {
  write(text: string): void;
  size(): ConsoleSize;
  /** A line as it is written. */
  text(line: Line): string;
}

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
/** Erases from the cursor to the end of its line, and to the end of the screen (ECMA-48 8.3.41 and 8.3.39). */
const eraseLine = "\x1b[K";
const eraseBelow = "\x1b[J";
/** What was erased for a text above is drawn again with it, unless this was done a moment before: then with the next frame. */
const redrawMs = 100;

/** See the top of this file. */
export class LiveBlock {
  readonly #screen: Screen;
  readonly #clock: Clock;
  #lines: readonly Line[] = [];
  /** Of each line on the screen, its columns. */
  #drawnWidths: number[] = [];
  #drawnAtMs = -Infinity;
  /** Texts that are being written above. */
  #writers = 0;

  constructor(screen: Screen, clock: Clock) {
    this.#screen = screen;
    this.#clock = clock;
  }

  /** Shows these lines in place of those shown before: as many as fit, in one row each. */
  draw(lines: readonly Line[]): void {
    this.#lines = lines;
    if (this.#writers > 0) return;
    const { columns, rows } = this.#screen.size();
    const back = this.#back();
    // Nothing is written into the last column: terminals differ in what they do then.
    const shown = lines.slice(0, Math.max(rows - 1, 1))
      .map((line) => lineWidth(line) < columns ? line : fitLine(line, columns - 1));
    this.#drawnWidths = shown.map(lineWidth);
    this.#drawnAtMs = this.#clock.monotonicMs();
    const text = shown.map((line) => `${this.#screen.text(line)}${eraseLine}\n`).join("");
    this.#screen.write(`${hideCursor}${back}${text}${eraseBelow}${showCursor}`);
  }

  /** Takes the lines off the screen. */
  erase(): void {
    this.#lines = [];
    this.#takeOff();
  }

  /** Leaves the lines where they are; the next drawing comes below them. */
  leave(): void {
    this.#lines = [];
    this.#drawnWidths = [];
  }

  /** Has `write` write whole lines to the same terminal, above the block. */
  async above(write: () => Promise<void>): Promise<void> {
    this.#takeOff();
    this.#writers++;
    try {
      await write();
    } finally {
      this.#writers--;
      this.#drawAgain();
    }
  }

  /** `talk` to the same terminal, with what is said above the block. */
  talk(talk: Talk): Pick<Talk, "say" | "colours"> {
    return {
      colours: talk.colours,
      say: (line) => {
        this.#takeOff();
        talk.say(line);
        this.#drawAgain();
      },
    };
  }

  #drawAgain(): void {
    if (this.#lines.length > 0 && this.#clock.monotonicMs() - this.#drawnAtMs >= redrawMs) this.draw(this.#lines);
  }

  #takeOff(): void {
    if (this.#drawnWidths.length === 0) return;
    this.#screen.write(`${this.#back()}${eraseBelow}`);
    this.#drawnWidths = [];
  }

  /** To the beginning of the block. Where the terminal became narrower since, its lines were broken into more rows. */
  #back(): string {
    const { columns, rows } = this.#screen.size();
    const taken = this.#drawnWidths.reduce((sum, width) => sum + Math.max(Math.ceil(width / columns), 1), 0);
    const up = Math.min(taken, rows - 1);
    return up > 0 ? `\r\x1b[${up}A` : "\r";
  }
}
