/** The process's two ways out: data on stdout, talk on stderr. */

/** Thrown when the reader of stdout is gone, as in `cdktr runs list | head`. The command ends quietly. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Thrown when stdout takes nothing more for another reason, as on a full disk. */
export class OutputFailed extends Error {
  override readonly name = "OutputFailed";
}

/** Where data goes. */
export interface Output {
  /**
   * Writes all of `content`, after everything written before it.
   *
   * @throws {OutputClosed} The reader is gone.
   * @throws {OutputFailed} It cannot be written.
   */
  write(content: string | Uint8Array): Promise<void>;
  /** Columns of the terminal, and its rows; `undefined` where the output is none. */
  columns(): number | undefined;
  rows(): number | undefined;
  /** Whether colours may be used. */
  readonly colours: boolean;
}

/** Where talk goes: errors, hints, progress and the process log. */
export interface Talk {
  /** Writes `line` and a line end. A reader that is gone is no error. */
  say(line: string): void;
  /** Writes `text` as it is: for what is drawn on a terminal. */
  write(text: string): void;
  /** Columns of the terminal, and its rows; `undefined` where talk goes to none. */
  columns(): number | undefined;
  rows(): number | undefined;
  /** Whether colours may be used. */
  readonly colours: boolean;
}

/** What {@linkcode stdoutOf} needs of `Deno.stdout`. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

/** What {@linkcode stderrOf} needs of `Deno.stderr`. */
export interface SyncByteSink {
  writeSync(bytes: Uint8Array): number;
  isTerminal(): boolean;
}

/** Size of the terminal. */
export interface ConsoleSize {
  readonly columns: number;
  readonly rows: number;
}

const encoder = new TextEncoder();

/** Data to `sink`, in order, whether or not the caller awaits each write. */
export function stdoutOf(
  sink: ByteSink,
  environment: Readonly<Record<string, string>>,
  consoleSize: () => ConsoleSize,
): Output {
  let written: Promise<void> = Promise.resolve();
  const writeAll = async (bytes: Uint8Array) => {
    try {
      for (let at = 0; at < bytes.length;) at += await sink.write(bytes.subarray(at));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed("The reader of stdout is gone.");
      const why = error instanceof Error ? error.message : String(error);
      throw new OutputFailed(`Stdout cannot be written: ${why}.`, { cause: error });
    }
  };
  return {
    write(content) {
      const bytes = typeof content === "string" ? encoder.encode(content) : content;
      written = written.then(() => writeAll(bytes));
      return written;
    },
    columns: () => sink.isTerminal() ? consoleSize().columns : undefined,
    rows: () => sink.isTerminal() ? consoleSize().rows : undefined,
    colours: coloursWanted(sink.isTerminal(), environment),
  };
}

/** Talk to `sink`, written at once: it must be out before the process ends, however it ends. */
export function stderrOf(
  sink: SyncByteSink,
  environment: Readonly<Record<string, string>>,
  consoleSize: () => ConsoleSize,
): Talk {
  const write = (text: string) => {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += sink.writeSync(bytes.subarray(at));
    } catch {
      // Nobody listens any more, and there is no other place to say so.
    }
  };
  return {
    say: (line) => write(`${line}\n`),
    write,
    columns: () => sink.isTerminal() ? consoleSize().columns : undefined,
    rows: () => sink.isTerminal() ? consoleSize().rows : undefined,
    colours: coloursWanted(sink.isTerminal(), environment),
  };
}

/** Colours only on a terminal that has them, and not with NO_COLOR (no-color.org: set and not empty). */
function coloursWanted(isTerminal: boolean, environment: Readonly<Record<string, string>>): boolean {
  return isTerminal && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
}

/** What JSON leaves as it is and a terminal may act on: DEL, C1 control characters, marks that turn the reading direction. */
const unescapedControls = /[\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;

/** `value` as JSON with nothing in it that a terminal could act on. On one line, unless it is to be indented. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent)
    .replace(unescapedControls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `value` as one JSON document, indented. */
export function printJson(output: Output, value: unknown): Promise<void> {
  return output.write(`${jsonText(value, 2)}\n`);
}
