/**
 * Puts frames on a terminal: of each only what is other than in the frame before, cell by cell, in one write. While a write
 * is under way no frame is drawn, so that a slow line gets as many as it can take and the newest one at last.
 */
import { displayWidth, type Line, type Painter, type Stroke } from "../paint/mod.ts";

/** What the writer needs. */
export interface FrameWriterOptions {
  /** The newest frame. */
  readonly frame: () => readonly Line[];
  readonly painter: Painter;
  readonly write: (text: string) => Promise<void>;
  /** Told how long the text of a frame was. */
  readonly onWritten: (chars: number) => void;
  /** Told why a frame could not be drawn or written. */
  readonly onError: (error: unknown) => void;
}

/** A row as it stands on the screen: what is in each cell, and how it looks. Null where characters are not one cell each. */
interface Row {
  readonly strokes: readonly Stroke[];
  readonly cells: readonly string[] | null;
  readonly looks: readonly string[];
}

/** Cells between two changes that cost less written again than passed over. */
const bridgedCells = 4;
/** A terminal shows what comes between these two at once, if it knows them (synchronized output, mode 2026). */
const together = ["\x1b[?2026h", "\x1b[?2026l"] as const;
const ascii = /^[\x20-\x7e]*$/;

/** See the top of this file. */
export class FrameWriter {
  readonly #options: FrameWriterOptions;
  #shown: readonly Row[] = [];
  #isStale = false;
  #isHeld = false;
  /** Ends with the last frame; apart from it, since a promise tells its end some turns later. */
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: FrameWriterOptions) {
    this.#options = options;
  }

  /** Shows the newest frame, once the one that is being written is. */
  show(): void {
    this.#isStale = true;
    if (!this.#isWriting && !this.#isHeld) this.#writing = this.#write();
  }

  /** The screen was cleared, or holds something else: the next frame is written in full. */
  forget(): void {
    this.#shown = [];
  }

  /** Writes nothing more until {@linkcode FrameWriter.resume}; resolves when nothing is being written. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    await this.#writing;
  }

  /** Writes again, all of the newest frame. */
  resume(): void {
    this.#isHeld = false;
    this.forget();
    this.show();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#isStale && !this.#isHeld) {
        this.#isStale = false;
        const text = this.#changes();
        if (text === "") continue;
        this.#options.onWritten(text.length);
        await this.#options.write(together[0] + text + together[1]);
      }
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#isWriting = false;
    }
  }

  #changes(): string {
    const { frame, painter } = this.#options;
    const rows = frame().map((line) => rowOf(painter.strokes(line)));
    const isAnew = rows.length !== this.#shown.length;
    const before = isAnew ? [] : this.#shown;
    const changed = rows.map((row, index) => rowChange(before[index], row, index)).join("");
    this.#shown = rows;
    return isAnew ? `\x1b[0m\x1b[2J${changed}` : changed;
  }
}

function rowOf(strokes: readonly Stroke[]): Row {
  const cells: string[] = [];
  const looks: string[] = [];
  for (const { text, sgr } of strokes) {
    const characters = ascii.test(text) ? text.split("") : [...text];
    for (const character of characters) {
      if (!isOneCell(character)) return { strokes, cells: null, looks: [] };
      cells.push(character);
      looks.push(character === " " ? lookOfBlank(sgr) : sgr);
    }
  }
  return { strokes, cells, looks };
}

/** Sequences that take the terminal from one row to another; none when they are alike. */
function rowChange(before: Row | undefined, after: Row, index: number): string {
  const { cells, looks } = after;
  const to = (column: number) => `\x1b[${index + 1};${column + 1}H`;
  // Where a character takes no cell or two, terminals do not agree on which comes where.
  if (cells === null || before === undefined || before.cells === null || before.cells.length !== cells.length) {
    if (before !== undefined && isAlike(before.strokes, after.strokes)) return "";
    const text = after.strokes.map(({ text, sgr }) => sgr === "" ? text : `\x1b[${sgr}m${text}\x1b[0m`).join("");
    return `${to(0)}\x1b[2K${text}`;
  }
  let text = "";
  let look = "";
  let written = -Infinity;
  for (let column = 0; column < cells.length; column++) {
    if (cells[column] === before.cells[column] && looks[column] === before.looks[column]) continue;
    const isNear = column - written <= bridgedCells;
    if (!isNear) text += to(column);
    for (let at = isNear ? written : column; at <= column; at++) {
      const next = looks[at] ?? "";
      if (next !== look) text += `\x1b[${next === "" ? "0" : look === "" ? next : `0;${next}`}m`;
      look = next;
      text += cells[at];
    }
    written = column + 1;
  }
  return look === "" ? text : `${text}\x1b[0m`;
}

function isAlike(some: readonly Stroke[], others: readonly Stroke[]): boolean {
  return some.length === others.length &&
    some.every(({ text, sgr }, index) => text === others[index]?.text && sgr === others[index]?.sgr);
}

/** Weight and colour of a blank are not seen; inverse video and backgrounds are, and lines under it and through it. */
function lookOfBlank(sgr: string): string {
  return /^(?:[12]|3[0-7]|9[0-7]|38;5;\d+)?(?:;(?:3[0-7]|9[0-7]|38;5;\d+))?$/.test(sgr) ? "" : sgr;
}

const oneCell = new Map<string, boolean>();

function isOneCell(character: string): boolean {
  if (ascii.test(character)) return true;
  let isOne = oneCell.get(character);
  if (isOne === undefined) {
    isOne = displayWidth(character) === 1;
    // Whatever tasks print comes by here.
    if (oneCell.size > 1_000) oneCell.clear();
    oneCell.set(character, isOne);
  }
  return isOne;
}
