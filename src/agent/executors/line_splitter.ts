/** A stream of bytes -> lines of text, in bounded memory. */

/** Longest line delivered in one piece, in bytes of UTF-8. Well below any frame limit of the wire, above any sane line. */
export const defaultMaxLineBytes = 64 * 1024;

/** Stands at the end of every piece of an overlong line but the last. */
export const continuationMarker = " …[continued]";

/** A UTF-16 unit becomes at most this many bytes of UTF-8 (a pair of surrogates: four bytes for two units). */
const maxBytesPerUnit = 3;

/**
 * Splits output into lines.
 *
 * - A line ends at `\n`; `\r\n` counts as one line end. A lone `\r`, as progress bars write it, stays in its line.
 * - What stands behind the last `\n` is kept until more comes, and delivered by {@linkcode end}: a prompt without a
 *   line end shows up when the process goes on or ends.
 * - Bytes that are not UTF-8 become U+FFFD; a character cut in two by a read is put together again.
 * - U+0000 and U+0001 become their control pictures `␀` and `␁`: the wire separates fields by U+0001, and stores and
 *   terminals stumble over U+0000.
 * - A line of more than `maxLineBytes` comes in pieces of at most that size; every piece but the last ends in
 *   {@linkcode continuationMarker}. No more than one such piece is ever held back, whatever the process writes.
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #encoder = new TextEncoder();
  readonly #piece: Uint8Array<ArrayBuffer>;
  #partial = "";
  /** No less than the bytes of `#partial`. Saves measuring, and so copying, it at each read. */
  #partialBytesMax = 0;

  /** @param maxLineBytes Longest piece, in bytes of UTF-8, at least 4 (one character). @default 65536 */
  constructor(maxLineBytes: number = defaultMaxLineBytes) {
    if (!Number.isSafeInteger(maxLineBytes) || maxLineBytes < 4) {
      throw new RangeError(`maxLineBytes must be a whole number of at least 4, got ${maxLineBytes}`);
    }
    this.#piece = new Uint8Array(maxLineBytes);
  }

  /** Takes what was read. Returns the lines and pieces that are complete now. */
  push(chunk: Uint8Array): string[] {
    return this.#add(this.#decoder.decode(chunk, { stream: true }));
  }

  /** The stream ended. Returns the last line, when it had no line end. The splitter is empty afterwards. */
  end(): string[] {
    const lines = this.#add(this.#decoder.decode());
    if (this.#partial !== "") lines.push(this.#partial);
    this.#keep("", 0);
    return lines;
  }

  #add(decoded: string): string[] {
    const text = withoutSeparators(decoded);
    const lines: string[] = [];
    if (text.includes("\n")) {
      const complete = (this.#partial + text).split("\n");
      const rest = complete.pop() ?? "";
      for (const line of complete) this.#cut(line.endsWith("\r") ? line.slice(0, -1) : line, lines);
      this.#keep(rest, rest.length * maxBytesPerUnit);
    } else {
      this.#keep(this.#partial + text, this.#partialBytesMax + text.length * maxBytesPerUnit);
    }
    this.#cutPartial(lines);
    return lines;
  }

  #keep(partial: string, bytesMax: number): void {
    this.#partial = partial;
    this.#partialBytesMax = bytesMax;
  }

  /** Appends a whole line to `lines`, in pieces where it is too long. */
  #cut(line: string, lines: string[]): void {
    let rest = line;
    while (rest.length * maxBytesPerUnit > this.#piece.length) {
      const { read } = this.#encoder.encodeInto(rest, this.#piece);
      if (read === rest.length) break;
      lines.push(rest.slice(0, read) + continuationMarker);
      rest = rest.slice(read);
    }
    lines.push(rest);
  }

  /** Delivers pieces of a line that is still open. */
  #cutPartial(lines: string[]): void {
    while (this.#partialBytesMax > this.#piece.length) {
      const { read, written } = this.#encoder.encodeInto(this.#partial, this.#piece);
      const excess = this.#partial.length - read;
      // A single `\r` too many may be half of the line end; it waits for what follows.
      if (excess === 0 || (excess === 1 && this.#partial.endsWith("\r"))) {
        this.#partialBytesMax = written + excess;
        return;
      }
      lines.push(this.#partial.slice(0, read) + continuationMarker);
      const rest = this.#partial.slice(read);
      this.#keep(rest, rest.length * maxBytesPerUnit);
    }
  }
}

// Runs, because a flood of NUL (a sparse file, a device) would else be replaced at 30 MB/s, one by one.
const separators = /\u0000+|\u0001+/g;

function withoutSeparators(text: string): string {
  if (!text.includes("\u0000") && !text.includes("\u0001")) return text;
  return text.replace(separators, (run) => (run.startsWith("\u0000") ? "␀" : "␁").repeat(run.length));
}
