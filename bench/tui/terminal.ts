/** A terminal with a program in it, kept by `terminal.py`: Deno itself cannot make one. */
import { TextLineStream } from "../../tests/interop/text_lines.ts";

/** What runs in the terminal. */
export interface Program {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** See the top of this file. Disposed, it ends its program by force if that still runs. */
export class BenchTerminal implements AsyncDisposable {
  /** The program's own. */
  pid = 0;
  readonly #child: Deno.ChildProcess;
  readonly #answers: ReadableStreamDefaultReader<string>;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;

  private constructor() {
    this.#child = new Deno.Command("python3", {
      args: [new URL("terminal.py", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    this.#answers = lines.getReader();
    this.#requests = this.#child.stdin.getWriter();
  }

  /** Opens a terminal and starts a program in it. */
  static async start(program: Program): Promise<BenchTerminal> {
    const terminal = new BenchTerminal();
    const answer = await terminal.#ask({ do: "start", ...program });
    terminal.pid = Number(answer["pid"]);
    return terminal;
  }

  /** Waits until the screen matches; the time since the program was started, in milliseconds. */
  async shows(pattern: RegExp): Promise<number> {
    return Number((await this.#ask({ do: "wait", pattern: pattern.source }))["ms"]);
  }

  /**
   * Presses keys and waits until what the group of `watch` matches on the screen is another text.
   *
   * @returns The time that took, in milliseconds.
   */
  async press(keys: string, watch: RegExp): Promise<number> {
    return Number((await this.#ask({ do: "press", keys, watch: watch.source }))["ms"]);
  }

  /** Presses keys and does not wait. */
  async send(keys: string): Promise<void> {
    await this.#ask({ do: "send", keys });
  }

  /** Bytes that the program has written to the terminal. */
  async bytes(): Promise<number> {
    return Number((await this.#ask({ do: "count" }))["bytes"]);
  }

  /** The rows of the screen. */
  async screen(): Promise<string> {
    const { rows } = await this.#ask({ do: "screen" });
    return Array.isArray(rows) ? rows.join("\n") : "";
  }

  /** Ends the program as a signal would; its exit code. */
  async end(): Promise<number> {
    return Number((await this.#ask({ do: "end" }))["code"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests.close();
    await this.#child.status;
    await this.#answers.cancel();
  }

  async #ask(request: Record<string, unknown>): Promise<Record<string, unknown>> {
    await this.#requests.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    const { value, done } = await this.#answers.read();
    if (done) throw new Error("The terminal has ended.");
    const answer: Record<string, unknown> = JSON.parse(value);
    if (answer["error"] !== undefined) throw new Error(`${JSON.stringify(request)}: ${answer["error"]}`);
    return answer;
  }
}
