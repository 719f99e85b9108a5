/** A list on the screen: columns, a cursor, a filter, marks. Only the rows that are seen are drawn. */
import { fitLine, type Glyphs, type Line, selected, type Size, span } from "../paint/mod.ts";
import { type InputEvent } from "./input.ts";
import { TextField } from "./text_field.ts";

/** One column. */
export interface Column<Row> {
  readonly heading: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** Takes its share of what is left over. @default 0 */
  readonly grow?: number;
  /** @default "left" */
  readonly align?: "left" | "right";
  /** Left out where the list is narrower than this. @default 0 */
  readonly fromWidth?: number;
  /** Left out where the list is as wide as this, or wider. @default never */
  readonly belowWidth?: number;
  readonly cell: (row: Row, width: number) => Line;
}

/** What a list needs. */
export interface ListOptions<Row> {
  readonly glyphs: Glyphs;
  readonly columns: readonly Column<Row>[];
  /** Names a row across changes of the list. */
  readonly keyOf: (row: Row) => string;
  /** What the filter is matched against. */
  readonly textOf: (row: Row) => string;
  /** What is said in place of rows, when there are none. */
  readonly whenEmpty: () => string;
  /** Whether rows can be marked. @default false */
  readonly canMark?: boolean;
  /** What of a typed filter is matched against the rows; the rest is for whoever loads them. @default all of it */
  readonly localFilter?: (filter: string) => string;
  /** Told when the filter was changed. */
  readonly onFilter?: (filter: string) => void;
}

/** How a list is to be drawn. */
export interface ListLook {
  /** Whether keys go to it: then the row under the cursor is marked. @default true */
  readonly isFocused?: boolean;
  /** Whether the columns have their names above them. @default true */
  readonly hasHeading?: boolean;
}

const gap = 2;
/** A wheel click moves by this many rows. */
const wheelRows = 3;

/** See the top of this file. */
export class List<Row> {
  readonly #options: ListOptions<Row>;
  readonly #filter = new TextField();
  #isTyping = false;
  #rows: readonly Row[] = [];
  #shown: readonly Row[] = [];
  #cursorKey: string | null = null;
  #cursor = 0;
  #top = 0;
  #pageRows = 10;
  readonly #marks = new Set<string>();

  constructor(options: ListOptions<Row>) {
    this.#options = options;
  }

  /** Whether the filter is being typed: then every key is text. */
  get isTyping(): boolean {
    return this.#isTyping;
  }

  get filter(): string {
    return this.#filter.text;
  }

  set filter(text: string) {
    this.#filter.text = text;
    this.#narrow();
  }

  /** The row under the cursor. */
  get current(): Row | undefined {
    return this.#shown[this.#cursor];
  }

  /** The rows that pass the filter. */
  get shown(): readonly Row[] {
    return this.#shown;
  }

  /** Rows below the cursor. */
  get rowsBelow(): number {
    return Math.max(this.#shown.length - 1 - this.#cursor, 0);
  }

  /** How many there are without the filter. */
  get total(): number {
    return this.#rows.length;
  }

  /** The marked rows that pass the filter, since nobody sees the others; without any the one under the cursor. */
  get chosen(): Row[] {
    const marked = this.#marks.size === 0 ? [] : this.#shown.filter((row) => this.#marks.has(this.#options.keyOf(row)));
    if (marked.length > 0) return marked;
    return this.current === undefined ? [] : [this.current];
  }

  /** Replaces the rows. The cursor stays on its row, or at its place when that row is gone. */
  set rows(rows: readonly Row[]) {
    this.#rows = rows;
    if (this.#marks.size > 0) {
      const keys = new Set(rows.map(this.#options.keyOf));
      for (const key of this.#marks) if (!keys.has(key)) this.#marks.delete(key);
    }
    this.#narrow();
  }

  /** Puts the cursor on a row. */
  select(key: string): void {
    const index = this.#shown.findIndex((row) => this.#options.keyOf(row) === key);
    if (index >= 0) this.#moveTo(index);
    else this.#cursorKey = key;
  }

  /** Takes every mark away. */
  unmark(): void {
    this.#marks.clear();
  }

  /** Begins to type the filter. */
  startFilter(): void {
    // What comes now is another word.
    if (this.filter !== "") this.#filter.text = `${this.filter.trimEnd()} `;
    this.#isTyping = true;
  }

  /** Takes the filter away; whether there was one. */
  clearFilter(): boolean {
    this.#isTyping = false;
    if (this.filter === "") return false;
    this.filter = "";
    this.#options.onFilter?.("");
    return true;
  }

  /** Whether the key was one for lists. */
  onKey(key: string): boolean {
    if (this.#isTyping) return this.#onFilterKey(key);
    const last = this.#shown.length - 1;
    switch (key) {
      case "j":
      case "down":
        this.#moveTo(this.#cursor + 1);
        return true;
      case "k":
      case "up":
        this.#moveTo(this.#cursor - 1);
        return true;
      case "g":
      case "home":
        this.#moveTo(0);
        return true;
      case "G":
      case "end":
        this.#moveTo(last);
        return true;
      case "pgdn":
      case "ctrl-f":
        this.#moveTo(this.#cursor + this.#pageRows);
        return true;
      case "pgup":
      case "ctrl-b":
        this.#moveTo(this.#cursor - this.#pageRows);
        return true;
      case "ctrl-d":
        this.#moveTo(this.#cursor + Math.ceil(this.#pageRows / 2));
        return true;
      case "ctrl-u":
        this.#moveTo(this.#cursor - Math.ceil(this.#pageRows / 2));
        return true;
      case "/":
        this.startFilter();
        return true;
      case " ":
        return this.#toggleMark();
      case "esc":
        if (this.#marks.size > 0) {
          this.unmark();
          return true;
        }
        return this.clearFilter();
      default:
        return false;
    }
  }

  /** @param row Of the list as drawn, its heading being row 0. */
  onMouse(kind: (InputEvent & { type: "mouse" })["kind"], row: number): void {
    if (kind === "wheel-up") this.#moveTo(this.#cursor - wheelRows);
    else if (kind === "wheel-down") this.#moveTo(this.#cursor + wheelRows);
    else if (row >= 1 && this.#top + row - 1 < this.#shown.length) this.#moveTo(this.#top + row - 1);
  }

  /** Text that was pasted. */
  onPaste(text: string): void {
    if (!this.#isTyping) return;
    this.#filter.insert(text);
    this.#filterChanged();
  }

  /** The heading and as many rows as there is room for. */
  draw({ width, height }: Size, { isFocused = true, hasHeading = true }: ListLook = {}): Line[] {
    const { glyphs, keyOf, canMark = false, whenEmpty } = this.#options;
    const rows = this.#pageRows = Math.max(height - (hasHeading ? 1 : 0), 1);
    this.#top = Math.min(Math.max(this.#top, this.#cursor - rows + 1), this.#cursor);
    this.#top = Math.max(Math.min(this.#top, this.#shown.length - rows), 0);
    const lead = canMark ? 3 : 2;
    const layout = columnsFor(this.#options.columns, width - lead);
    const heading = layout.flatMap(({ column, width }) =>
      aligned([span(column.heading, "title")], width, column.align)
    );
    const lines: Line[] = hasHeading ? [fitLine([span(" ".repeat(lead)), ...heading], width)] : [];
    for (let index = this.#top; index < Math.min(this.#top + rows, this.#shown.length); index++) {
      const row = this.#shown[index];
      if (row === undefined) break;
      const isCurrent = isFocused && index === this.#cursor;
      const isMarked = this.#marks.has(keyOf(row));
      const cells = layout.flatMap(({ column, width }) => aligned(column.cell(row, width), width, column.align));
      const mark = canMark ? span(isMarked ? glyphs.marked : " ", "accent") : span("");
      const line = fitLine([span(isCurrent ? glyphs.cursor : " ", "accent"), mark, span(" "), ...cells], width);
      lines.push(isCurrent ? selected(line) : line);
    }
    if (this.#shown.length === 0) lines.push(fitLine([], width), fitLine([span(`  ${whenEmpty()}`, "faint")], width));
    return lines;
  }

  /** The filter as far as it is typed, or in force; null for none. */
  drawFilter(width: number): Line | null {
    const marked = this.#marks.size === 0 ? "" : `  ${this.#marks.size} marked`;
    const hidden = this.#marks.size - this.#shown.filter((row) => this.#marks.has(this.#options.keyOf(row))).length;
    const count = `  ${this.#shown.length} of ${this.#rows.length}${marked}${
      hidden === 0 ? "" : `, ${hidden} not shown`
    }`;
    if (this.#isTyping) {
      const typed = this.#filter.draw(width - 1 - count.length);
      return fitLine([span("/", "accent"), ...typed, span(count, "faint")], width);
    }
    if (this.filter === "") return marked === "" ? null : fitLine([span(marked.trim(), "accent")], width);
    return fitLine([span("/", "accent"), span(this.filter, "match"), span(count, "faint")], width);
  }

  #onFilterKey(key: string): boolean {
    if (key === "enter" || key === "down" || key === "tab") this.#isTyping = false;
    else if (key === "esc") this.clearFilter();
    else if (this.#filter.onKey(key)) this.#filterChanged();
    return true;
  }

  #filterChanged(): void {
    this.#narrow();
    this.#options.onFilter?.(this.filter);
  }

  #toggleMark(): boolean {
    const { canMark = false, keyOf } = this.#options;
    if (!canMark || this.current === undefined) return false;
    const key = keyOf(this.current);
    if (!this.#marks.delete(key)) this.#marks.add(key);
    this.#moveTo(this.#cursor + 1);
    return true;
  }

  #moveTo(index: number): void {
    this.#cursor = Math.max(Math.min(index, this.#shown.length - 1), 0);
    this.#cursorKey = this.current === undefined ? null : this.#options.keyOf(this.current);
  }

  #narrow(): void {
    const { keyOf, textOf, localFilter = (filter: string) => filter } = this.#options;
    const matches = matcherOf(localFilter(this.filter));
    this.#shown = matches === null ? this.#rows : this.#rows.filter((row) => matches(textOf(row)));
    const index = this.#cursorKey === null ? 0 : this.#shown.findIndex((row) => keyOf(row) === this.#cursorKey);
    const key = this.#cursorKey;
    this.#moveTo(index >= 0 ? index : this.#cursor);
    if (index < 0 && this.#shown.length === 0) this.#cursorKey = key; // It may come back with the next rows.
  }
}

/** Whether a text passes a filter: a regular expression, as in the original, or where it is none, words to be found. */
function matcherOf(filter: string): ((text: string) => boolean) | null {
  if (filter.trim() === "") return null;
  try {
    const pattern = new RegExp(filter.trim(), "i");
    return (text) => pattern.test(text);
  } catch {
    const words = filter.toLowerCase().trim();
    return (text) => text.toLowerCase().includes(words);
  }
}

function columnsFor<Row>(columns: readonly Column<Row>[], width: number) {
  const kept = columns.filter(({ fromWidth = 0, belowWidth = Infinity }) => width >= fromWidth && width < belowWidth);
  const taken = kept.reduce((sum, column) => sum + column.width + gap, 0);
  const shares = kept.reduce((sum, { grow = 0 }) => sum + grow, 0);
  const left = width - taken;
  return kept.map((column) => {
    const share = shares === 0 ? 0 : Math.floor(left * (column.grow ?? 0) / shares);
    return { column, width: Math.max(column.width + share, 4) };
  });
}

function aligned(cell: Line, width: number, align: "left" | "right" = "left"): Line {
  const used = cell.reduce((sum, { text }) => sum + text.length, 0);
  const filled = align === "right" && used < width ? [span(" ".repeat(width - used)), ...cell] : cell;
  return [...fitLine(filled, width), span(" ".repeat(gap))];
}
