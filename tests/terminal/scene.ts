/** A principal and an agent as processes, and the program `cdktr` in a real terminal beside them. */
import { fileURLToPath } from "node:url";
import { type CdktrProcess, commandLine, Place } from "../system/processes.ts";
import { shellWorkflow } from "../system/workflows.ts";
import { type TerminalOptions, TestTerminal } from "./tmux.ts";

const crashingUiPath = fileURLToPath(new URL("crashing_ui.ts", import.meta.url));

/** What prints these bytes could do harm to a terminal that took them: title, clipboard, screen, cursor, colours. */
const hostileBytes = [
  "\\033]0;forged title\\007",
  "\\033]52;c;Zm9yZ2Vk\\007",
  "\\033[?1049l",
  "\\033[2J\\033[H",
  "\\033[?25h",
  "\\033[?1000l",
  "\\033[31mred\\033[0m",
].join("");

/** The workflows of these tests, by id. */
const workflows: Readonly<Record<string, string>> = {
  quick: shellWorkflow({ only: { run: "echo done" } }),
  broken: shellWorkflow({ load: { run: "echo cannot find the table >&2; exit 3" } }),
  // Goes on until it is cancelled, and says something all the time.
  ticking: shellWorkflow({ clock: { run: "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done" } }),
  hostile: shellWorkflow({ only: { run: `printf 'before %bafter\\n' '${hostileBytes}'; echo the last line` } }),
  etl: [
    "name: Load the orders",
    "params:",
    "  day: { type: date, required: true }",
    "  table: { default: orders }",
    "tasks:",
    "  load:",
    "    name: Load",
    "    config: !Subprocess",
    "      cmd: sh",
    `      args: ["-c", 'echo "loading $CDKTR_PARAM_TABLE of $CDKTR_PARAM_DAY"']`,
    "",
  ].join("\n"),
};

/** See the top of this file. Disposed, everything of it ends. */
export class Scene implements AsyncDisposable {
  readonly place: Place;
  #principal: CdktrProcess;
  readonly #agent: CdktrProcess;
  readonly #terminals: TestTerminal[] = [];

  private constructor(place: Place, principal: CdktrProcess, agent: CdktrProcess) {
    this.place = place;
    this.#principal = principal;
    this.#agent = agent;
  }

  static async start(): Promise<Scene> {
    const place = await Place.make();
    for (const [id, yaml] of Object.entries(workflows)) await place.write(id, yaml);
    await Deno.mkdir(`${place.path}/bin`);
    const programs = { cdktr: commandLine, crashing_ui: [...commandLine.slice(0, -1), crashingUiPath] };
    for (const [name, words] of Object.entries(programs)) {
      const quoted = words.map((word) => `'${word}'`).join(" ");
      // The shell's child is the program itself, so that its job control and its exit codes are the program's.
      const script = `#!/bin/sh\necho $$ > '${place.path}/pid'\nexec ${quoted} "$@"\n`;
      await Deno.writeTextFile(`${place.path}/bin/${name}`, script, { mode: 0o755 });
    }
    const principal = await place.startPrincipal();
    return new Scene(place, principal, await place.startAgent());
  }

  /** Opens a terminal in which `cdktr` can be called. */
  async terminal(options: Partial<TerminalOptions> = {}): Promise<TestTerminal> {
    const inherited = Object.entries(Deno.env.toObject()).filter(([name]) =>
      !/^(?:CDKTR_|TERM$|COLORTERM$|NO_COLOR$|FORCE_COLOR$|TMUX)/.test(name)
    );
    const { env = {}, ...others } = options;
    const terminal = await TestTerminal.open({
      cwd: this.place.path,
      env: {
        ...Object.fromEntries(inherited),
        ...this.place.env,
        PATH: `${this.place.path}/bin:${Deno.env.get("PATH") ?? ""}`,
        ...env,
      },
      ...others,
    });
    this.#terminals.push(terminal);
    return terminal;
  }

  /** Sends a signal to the program that was called last in a terminal. */
  async signal(signal: Deno.Signal): Promise<void> {
    Deno.kill(Number(await Deno.readTextFile(`${this.place.path}/pid`)), signal);
  }

  /** Triggers a workflow, outside the terminal; its run's id. */
  async trigger(workflowId: string, args: readonly string[] = []): Promise<string> {
    const { code, stdout, stderr } = await this.place.call(["task", "run", workflowId, ...args]);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  /** `kill -9`. */
  async killPrincipal(): Promise<void> {
    await this.#principal.end("SIGKILL");
  }

  async restartPrincipal(): Promise<void> {
    this.#principal = await this.place.startPrincipal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const terminal of this.#terminals) await terminal[Symbol.asyncDispose]();
    await this.#agent[Symbol.asyncDispose]();
    await this.#principal[Symbol.asyncDispose]();
    await this.place[Symbol.asyncDispose]();
  }
}
