/** Processes as their users have them: they say on stderr what happens to them, and are ended by their pid. */

/** What no step of these tests takes, on a busy machine. A wait that takes longer has failed. */
const limitMs = 60_000;

/** How a process ended, and all it wrote. */
export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a process is started. */
export interface ProcessOptions {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** What it is called when something is said about it. */
  readonly name: string;
  readonly cwd: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** One `cdktr`. Disposed, it is killed if it still runs. */
export class CdktrProcess implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  readonly #stdout: LineWatch;
  readonly #stderr: LineWatch;
  #hasEnded = false;

  constructor({ words: [program = "", ...args], name, cwd, env }: ProcessOptions) {
    this.#name = name;
    this.#child = new Deno.Command(program, {
      args,
      cwd,
      clearEnv: true,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdout = new LineWatch(this.#child.stdout);
    this.#stderr = new LineWatch(this.#child.stderr);
    this.ended = this.#awaitEnd();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The first line on stderr, already there or still to come, that matches. Fails when the process ends without it. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return within(this.#stderr.first(pattern), `${this.#name} to say ${pattern}`, () => this.#stderr.text);
  }

  /** As {@linkcode CdktrProcess.said}, on stdout. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return within(this.#stdout.first(pattern), `${this.#name} to print ${pattern}`, () => this.#stderr.text);
  }

  /** Waits for the end that it comes to by itself. */
  exit(): Promise<Ended> {
    return within(this.ended, `${this.#name} to end`, () => this.#stderr.text);
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<Ended> {
    this.kill(signal);
    return await within(this.ended, `${this.#name} to end after ${signal}`, () => this.#stderr.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.kill("SIGKILL");
    await this.ended;
  }

  async #awaitEnd(): Promise<Ended> {
    const { code, signal } = await this.#child.status;
    this.#hasEnded = true;
    await Promise.all([this.#stdout.ended, this.#stderr.ended]);
    return { code, signal, stdout: this.#stdout.text, stderr: this.#stderr.text };
  }
}

/** A `cdktr` to call, and what it is called with. */
export interface Surroundings {
  /** The words that call it. */
  readonly command: readonly string[];
  /** The environment of its processes, without the settings of the place. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How often a principal is started whose port is taken. */
const portTries = 40;

/** A directory with workflows and data of its own, and the settings of processes that live there. */
export class Place implements AsyncDisposable {
  /** The settings, which come on top of the environment. */
  readonly env: Record<string, string>;
  readonly #surroundings: Surroundings;

  /** @param path What {@linkcode makePlace} made. */
  constructor(readonly path: string, surroundings: Surroundings, settings: Readonly<Record<string, string>> = {}) {
    this.#surroundings = surroundings;
    this.env = {
      CDKTR_APP_DATA_DIRECTORY: `${path}/kept`,
      CDKTR_PRINCIPAL_HOST: "127.0.0.1",
      CDKTR_PRINCIPAL_PORT: "0",
      CDKTR_LOGS_LISTENING_PORT: "0",
      CDKTR_LOGS_PUBLISHING_PORT: "0",
      ...settings,
    };
  }

  /** Writes a workflow file. */
  async write(name: string, yaml: string): Promise<void> {
    await Deno.writeTextFile(`${this.path}/workflows/${name}.yml`, yaml);
  }

  /**
   * Starts a process here.
   *
   * @param through A program that becomes it, and its arguments, such as `env`. @default none
   */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    through: readonly string[] = [],
  ): CdktrProcess {
    const { command } = this.#surroundings;
    return this.spawn([...through, ...command, ...args], `cdktr ${args.join(" ")}`, env);
  }

  /** Starts any program here, with the environment that a `cdktr` gets. */
  protected spawn(words: readonly string[], name: string, env: Readonly<Record<string, string>>): CdktrProcess {
    const { environment } = this.#surroundings;
    return new CdktrProcess({ words, name, cwd: this.path, env: { ...environment, ...this.env, ...env } });
  }

  /** Calls a `cdktr` that ends by itself, and waits for that. */
  async call(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    await using called = this.start(args, env);
    return await called.exit();
  }

  /** Starts a principal that triggers nothing by itself. From then on this place's other processes find it. */
  startPrincipal(args: readonly string[] = [], through: readonly string[] = []): Promise<CdktrProcess> {
    return this.startScheduling(["--no-scheduler", ...args], through);
  }

  /** As {@linkcode Place.startPrincipal}, one that follows the schedules. */
  async startScheduling(args: readonly string[] = [], through: readonly string[] = []): Promise<CdktrProcess> {
    for (let tries = 1;; tries++) {
      const principal = this.start(["start", "principal", ...args], {}, through);
      try {
        const [, port = "", logsIn = "", logsOut = ""] = await principal.said(
          /serves \d+ workflows? on [^ ]*:(\d+), logs in on (\d+), logs out on (\d+)/,
        );
        this.env["CDKTR_PRINCIPAL_PORT"] = port;
        this.env["CDKTR_LOGS_LISTENING_PORT"] = logsIn;
        this.env["CDKTR_LOGS_PUBLISHING_PORT"] = logsOut;
        return principal;
      } catch (error) {
        await principal[Symbol.asyncDispose]();
        // A port that this place had before may belong to a connection of somebody else for a while.
        if (tries === portTries || !/ADDRESS_IN_USE/.test(String(error))) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  /** Starts an agent and waits until it works for the principal. */
  async startAgent(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<CdktrProcess> {
    const agent = this.start(["start", "agent", ...args], env);
    await agent.said(/works for the cdktr principal/);
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

/** Makes the directory of a {@linkcode Place}, in which that of the workflows is. */
export async function makePlace(): Promise<string> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix: "cdktr-test-" }));
  await Deno.mkdir(`${path}/workflows`);
  return path;
}

/** Fails with `what` and the `evidence` when `promise` takes longer than any step may. */
export async function within<T>(promise: Promise<T>, what: string, evidence: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const fail = () => late.reject(new Error(`waited ${limitMs / 1000} s for ${what}\n${evidence()}`));
  const timer = setTimeout(fail, limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a process writes to one output, line by line. */
class LineWatch {
  text = "";
  readonly ended: Promise<void>;
  readonly #lines: string[] = [];
  #isOpen = true;
  #news = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stream);
  }

  async first(pattern: RegExp): Promise<RegExpExecArray> {
    for (let index = 0;;) {
      for (; index < this.#lines.length; index++) {
        const found = pattern.exec(this.#lines[index] ?? "");
        if (found !== null) return found;
      }
      if (!this.#isOpen) throw new Error(`it ended before a line matched ${pattern}:\n${this.text}`);
      await this.#news.promise;
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.text += chunk;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#tell();
    }
    this.#isOpen = false;
    this.#tell();
  }

  #tell(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers();
    resolve();
  }
}
