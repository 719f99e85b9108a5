/**
 * A real terminal with a shell in it: one pane of a tmux server that is this terminal's own. Keys go in, the screen comes
 * out, and what a program may leave behind (modes, cursor, title, clipboard) can be asked for.
 */

/** Columns and rows. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a terminal is made. */
export interface TerminalOptions {
  /** @default 100 by 30 */
  readonly size?: Size;
  /** The shell's environment, all of it but for what is told here. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the shell begins. */
  readonly cwd: string;
  /** What the terminal calls itself. @default "xterm-256color" */
  readonly term?: string;
}

/** What a program can leave behind in the terminal it ran in. */
export interface TerminalState {
  /** What `stty -a` tells: modes, special characters, size. */
  readonly settings: string;
  readonly isCursorShown: boolean;
  readonly isAlternateScreen: boolean;
  /** Whether clicks are told to the program. */
  readonly isMouseTold: boolean;
  readonly title: string;
}

/** No step of these tests takes so long, on a busy machine. */
const patienceMs = 30_000;
/** The screen is looked at this often until it is as expected. */
const lookEveryMs = 40;

/** The terminal of a prompt tells nothing but the exit code of what ran last. */
const prompt = /^(\d+)>$/;

/** See the top of this file. */
export class TestTerminal implements AsyncDisposable {
  readonly #directory: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(directory: string, env: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.#env = env;
  }

  /** Opens a terminal and waits for the shell's prompt. */
  static async open(
    { size = { width: 100, height: 30 }, env, cwd, term = "xterm-256color" }: TerminalOptions,
  ): Promise<TestTerminal> {
    const directory = await Deno.makeTempDir({ prefix: "cdktr-tmux-" });
    const terminal = new TestTerminal(directory, { ...env, LC_ALL: "C.UTF-8", PS1: "$?>" });
    await Deno.writeTextFile(
      `${directory}/tmux.conf`,
      [
        "set -s escape-time 0",
        // A program that writes to the clipboard is to be seen doing it.
        "set -s set-clipboard on",
        `set -g default-terminal ${term}`,
        "set -g status off",
        "set -g history-limit 5000",
      ].join("\n"),
    );
    const { width, height } = size;
    // Without line editing the shell leaves the terminal's settings alone: what is found there is what programs left.
    const shell = ["bash", "--noprofile", "--norc", "--noediting", "-i"];
    await terminal.#tmux("new-session", "-d", "-x", `${width}`, "-y", `${height}`, "-c", cwd, ...shell);
    try {
      await terminal.prompted();
    } catch (error) {
      await terminal[Symbol.asyncDispose]();
      throw error;
    }
    return terminal;
  }

  /** Presses keys by tmux's names: `Enter`, `Escape`, `C-c`, `Down`, or characters. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", "-t", "0", ...keys);
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-t", "0", "-l", text);
  }

  /** Has the shell do something. */
  async enter(command: string): Promise<void> {
    await this.type(command);
    await this.press("Enter");
  }

  /** What is on the screen, blanks at the ends of lines cut. */
  screen(): Promise<string> {
    return this.#tmux("capture-pane", "-p", "-t", "0");
  }

  /** The screen with its colours and weights as SGR sequences, and with the blanks at the ends of lines. */
  styledScreen(): Promise<string> {
    return this.#tmux("capture-pane", "-p", "-e", "-N", "-t", "0");
  }

  /** The first screen that holds the text, or matches. @throws when none comes in time */
  async until(expected: string | RegExp): Promise<string> {
    const holds = (screen: string) => typeof expected === "string" ? screen.includes(expected) : expected.test(screen);
    return await this.untilTrue(holds, `the screen to have ${expected}`);
  }

  /** The first screen that has the text, or a match, no more. */
  async untilGone(expected: string | RegExp): Promise<string> {
    const holds = (screen: string) => typeof expected === "string" ? screen.includes(expected) : expected.test(screen);
    return await this.untilTrue((screen) => !holds(screen), `the screen to be without ${expected}`);
  }

  /** Waits until the shell is back; the exit code of what ran. */
  async prompted(): Promise<number> {
    const lastLine = (screen: string) => screen.trimEnd().split("\n").at(-1) ?? "";
    const screen = await this.untilTrue((screen) => prompt.test(lastLine(screen)), "the shell's prompt");
    return Number(prompt.exec(lastLine(screen))?.[1]);
  }

  async resize({ width, height }: Size): Promise<void> {
    await this.#tmux("resize-window", "-t", "0", "-x", `${width}`, "-y", `${height}`);
  }

  /** See {@linkcode TerminalState}. */
  async state(): Promise<TerminalState> {
    const [cursor, alternate, mouse, ...title] =
      (await this.ask("#{cursor_flag} #{alternate_on} #{mouse_any_flag} #{pane_title}")).split(" ");
    const tty = await this.ask("#{pane_tty}");
    return {
      settings: await output("sh", ["-c", `stty -a < ${tty}`], this.#env),
      isCursorShown: cursor === "1",
      isAlternateScreen: alternate === "1",
      isMouseTold: mouse === "1",
      title: title.join(" "),
    };
  }

  /** What was written to the clipboard; null for nothing. */
  async clipboard(): Promise<string | null> {
    const names = await this.#tmux("list-buffers", "-F", "#{buffer_name}");
    return names.trim() === "" ? null : await this.#tmux("show-buffer");
  }

  /** A format of tmux, filled in for the pane. */
  async ask(format: string): Promise<string> {
    return (await this.#tmux("display-message", "-p", "-t", "0", format)).trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    await Deno.remove(this.#directory, { recursive: true });
  }

  /** The first screen that is as it should be. @throws when none comes in time */
  async untilTrue(holds: (screen: string) => boolean, what: string): Promise<string> {
    const deadlineMs = performance.now() + patienceMs;
    for (;;) {
      const screen = await this.screen();
      if (holds(screen)) return screen;
      if (performance.now() > deadlineMs) {
        throw new Error(`waited ${patienceMs / 1000} s for ${what}; it is\n${screen}`);
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  #tmux(...args: readonly string[]): Promise<string> {
    const own = ["-u", "-S", `${this.#directory}/socket`, "-f", `${this.#directory}/tmux.conf`];
    return output(tmuxCommand, [...own, ...args], this.#env);
  }
}

/** Where tmux is. `tools/test.ts` names what it found. */
const tmuxCommand = Deno.env.get("CDKTR_TEST_TMUX") ?? "tmux";

/** Registers a test that needs tmux; it is skipped where there is none, and with `CI=true` it fails instead. */
export function terminalTest(name: string, run: () => Promise<void>): void {
  const isThere = hasTmux();
  if (isThere) Deno.test(name, run);
  else if (Deno.env.get("CI") === "true") {
    Deno.test(name, () => {
      throw new Error("There is no tmux here.");
    });
  } else Deno.test({ name: `${name} (skipped: there is no tmux)`, ignore: true, fn: () => {} });
}

function hasTmux(): boolean {
  try {
    return new Deno.Command(tmuxCommand, { args: ["-V"] }).outputSync().success;
  } catch {
    return false;
  }
}

async function output(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env: { ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
