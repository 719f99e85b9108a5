/** A small terminal: applies the few escape sequences that displays use, and tells what is on the screen. */

/** See the top of this file. Lines that scroll off the top are kept. */
export class Terminal {
  readonly #columns: number;
  readonly #rows: number;
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  isCursorShown = true;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** What a terminal of this size shows after `text`, from its beginning. */
  static shown(text: string, columns = 80, rows = 24): string[] {
    const terminal = new Terminal(columns, rows);
    terminal.write(text);
    return terminal.lines();
  }

  write(text: string): void {
    for (let at = 0; at < text.length;) {
      const escape = /^\x1b\[(\??)([\d;]*)([A-Za-z])/.exec(text.slice(at, at + 20));
      if (escape !== null) {
        this.#apply(escape[1] === "?", Number(escape[2] || "0"), escape[3] ?? "");
        at += escape[0].length;
        continue;
      }
      const char = text[at++] ?? "";
      if (char === "\x1b") {
        throw new Error(`an escape sequence the terminal does not know: ${JSON.stringify(text.slice(at))}`);
      }
      this.#put(char);
    }
  }

  /** Everything on the screen and above it, without blanks at the ends. */
  lines(): string[] {
    const lines = this.#lines.map((line) => Array.from(line, (char) => char ?? " ").join("").trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  #put(char: string): void {
    if (char === "\n") {
      this.#lineFeed();
      this.#column = 0;
    } else if (char === "\r") {
      this.#column = 0;
    } else {
      if (this.#column >= this.#columns) {
        this.#lineFeed();
        this.#column = 0;
      }
      const line = this.#lines[this.#row] ?? [];
      line[this.#column++] = char;
    }
  }

  #lineFeed(): void {
    this.#row++;
    while (this.#lines.length <= this.#row) this.#lines.push([]);
  }

  #apply(isPrivate: boolean, count: number, final: string): void {
    const line = this.#lines[this.#row] ?? [];
    if (isPrivate && count === 25) this.isCursorShown = final === "h";
    else if (final === "A") this.#row = Math.max(this.#row - Math.max(count, 1), this.#lines.length - this.#rows, 0);
    else if (final === "K") line.length = Math.min(line.length, this.#column);
    else if (final === "J") {
      line.length = Math.min(line.length, this.#column);
      this.#lines.length = this.#row + 1;
    } else if (final !== "m") throw new Error(`an escape sequence the terminal does not know: ${final}`);
  }
}
