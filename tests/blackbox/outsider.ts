/**
 * Whoever meets `cdktr` for the first time: has the executable, a directory, files, sockets and signals, and next to
 * nothing in the environment. What it calls is noted, so that a specification cannot claim what it does not show.
 */
import { equal } from "node:assert/strict";
import { type CdktrProcess, type Ended, makePlace, Place, within } from "../processes.ts";
import { HeldTask } from "../system/held_task.ts";
import { catalogue } from "./catalogue.ts";

/** A command by its words (`runs list`), an exit code, or the code of an error (`NOT_FOUND`). */
export type Shown = string | number;

/** Where outsiders find programs. */
const programFolders = "/usr/bin:/bin";

/** A directory with the workflows of the {@linkcode catalogue}, an empty home, and processes that are noted. */
export class Spot extends Place {
  readonly #called: { readonly text: string; readonly level: string | undefined; readonly process: CdktrProcess }[] =
    [];
  readonly #taskPids: number[] = [];
  readonly #executable: string;

  private constructor(path: string, executable: string, settings: Readonly<Record<string, string>>) {
    const environment = { PATH: programFolders, HOME: `${path}/home` };
    super(path, { command: [executable], environment }, settings);
    this.#executable = executable;
  }

  static async make(executable: string, settings: Readonly<Record<string, string>> = {}): Promise<Spot> {
    const path = await makePlace();
    await Deno.mkdir(`${path}/home`);
    for (const [id, yaml] of Object.entries(catalogue)) await Deno.writeTextFile(`${path}/workflows/${id}.yml`, yaml);
    return new Spot(path, executable, settings);
  }

  /** Calls a line of `sh`, in which `"$CDKTR"` is the executable. */
  async shell(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const shell = this.spawn(["/bin/sh", "-c", line], line.replaceAll('"$CDKTR"', "cdktr"), {
      CDKTR: this.#executable,
      ...env,
    });
    return await shell.exit();
  }

  /** Calls a `cdktr` that succeeds. @returns Its stdout. */
  async read(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.call(args);
    equal(code, 0, stderr);
    return stdout;
  }

  /** Calls a `cdktr` that succeeds and prints JSON. */
  async readJson(args: readonly string[]) {
    return JSON.parse(await this.read([...args, "--json"]));
  }

  /** Has the principal run a workflow. @returns The run's id. */
  async trigger(workflowId: string, args: readonly string[] = []): Promise<string> {
    return (await this.read(["task", "run", workflowId, ...args])).trim();
  }

  /** As {@linkcode Spot.trigger}, and waits for the end. */
  async triggerToEnd(workflowId: string, args: readonly string[] = []): Promise<string> {
    return (await this.call(["task", "run", workflowId, "--wait", ...args])).stdout.trim();
  }

  /** Waits for the end of a run. @returns Its state. */
  async endOf(runId: string): Promise<string> {
    const { stdout } = await this.call(["runs", "watch", runId, "--json"]);
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "").state;
  }

  /** Makes a folder here, for a task to meet the test in. */
  folder(): Promise<string> {
    return Deno.makeTempDir({ dir: this.path });
  }

  /** A task that says when it has begun and ends when it is told to: that of the workflow `held` in a run with `args`. */
  async held(): Promise<Held> {
    const folder = await this.folder();
    return new Held(await HeldTask.make(folder), folder, this.#taskPids);
  }

  /** Waits until a process has ended. */
  async gone(pid: number): Promise<void> {
    await until(async () => !await isThere(pid), `process ${pid} to end`);
  }

  /** What was called here, with the ends of the processes. Waits for those ends. */
  called(): Promise<Called[]> {
    return Promise.all(this.#called.map(async ({ process, ...call }) => ({ ...call, ended: await process.ended })));
  }

  /** Ends what was started here and is left. */
  override async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#called) await process[Symbol.asyncDispose]();
    for (const pid of this.#taskPids) await killLeft(pid, this.path);
    await super[Symbol.asyncDispose]();
  }

  protected override spawn(words: readonly string[], name: string, env: Readonly<Record<string, string>>) {
    const process = super.spawn(words, name, env);
    this.#called.push({ text: name, level: env["CDKTR_LOG_LEVEL"], process });
    return process;
  }
}

/** A process that has ended. */
interface Called {
  /** What was called, as a shell takes it. */
  readonly text: string;
  /** How much it was told to say. */
  readonly level: string | undefined;
  readonly ended: Ended;
}

/** See {@linkcode Spot.held}. */
export class Held {
  readonly args: readonly string[];
  /** The line of `sh` for a workflow of one's own, without parameters. */
  readonly run: string;

  readonly #task: HeldTask;
  readonly #pids: number[];

  /** @param pids Takes those of its processes, for who cleans up. */
  constructor(task: HeldTask, folder: string, pids: number[]) {
    this.#task = task;
    this.#pids = pids;
    this.run = task.run;
    this.args = ["-p", `place=${folder}`];
  }

  /** Waits until the task runs. @returns Its process and the one it left in the background. */
  async begun(): Promise<{ readonly pid: number; readonly childPid: number }> {
    const begun = await this.#task.begun();
    this.#pids.push(begun.pid, begun.childPid);
    return begun;
  }

  /** Lets the task go on to its end. */
  async release(): Promise<void> {
    await this.#task.release();
  }
}

/** What the principal that many share is made of. */
interface Shared {
  readonly spot: Spot;
  readonly principal: CdktrProcess;
  readonly agent: CdktrProcess;
}

/** One principal with one agent for all specifications that only ask, or look at runs of their own alone. */
export class Service {
  readonly #executable: string;
  #shared: Promise<Shared> | null = null;

  constructor(executable: string) {
    this.#executable = executable;
  }

  /** A new place whose processes find the principal, which is started for the first. */
  async place(): Promise<Spot> {
    this.#shared ??= this.#start();
    const { spot: { env } } = await this.#shared;
    const { CDKTR_APP_DATA_DIRECTORY: _own, ...settings } = env;
    return await Spot.make(this.#executable, settings);
  }

  /** Ends it as an operator does. What a specification that failed has left running is cancelled. */
  async end(): Promise<void> {
    const shared = await this.#shared?.catch(() => null); // Whoever asked for it tells that it did not start.
    if (!shared) return;
    const { spot, principal, agent } = shared;
    await using _spot = spot;
    agent.kill("SIGTERM");
    await agent.said(/agent: stopping/);
    agent.kill("SIGTERM");
    equal((await agent.exit()).code, 0);
    equal((await principal.end()).code, 0);
  }

  async #start(): Promise<Shared> {
    const spot = await Spot.make(this.#executable, { CDKTR_TASK_GRACE_MS: "2000" });
    try {
      const principal = await spot.startPrincipal();
      return { spot, principal, agent: await spot.startAgent(["--max-concurrent", "100"]) };
    } catch (error) {
      await spot[Symbol.asyncDispose]();
      throw error;
    }
  }
}

/** What a specification is looked at with. Disposed, nothing of it is left. */
export class Outsider implements AsyncDisposable {
  readonly #spots: Spot[] = [];
  readonly #executable: string;
  readonly #service: Service;

  /** @param service Whom {@linkcode Outsider.served} asks. */
  constructor(executable: string, service: Service) {
    this.#executable = executable;
    this.#service = service;
  }

  /** A place of its own. */
  async place(settings: Readonly<Record<string, string>> = {}): Promise<Spot> {
    return this.#note(await Spot.make(this.#executable, settings));
  }

  /** A place of its own, at the principal that many share. Its agent runs what is in the {@linkcode catalogue}. */
  async served(): Promise<Spot> {
    return this.#note(await this.#service.place());
  }

  /**
   * Ends everything, and looks at what holds for all that was called.
   *
   * @param shown What is to have been met on the way.
   */
  async finish(shown: readonly Shown[]): Promise<void> {
    const spots = [...this.#spots];
    await this[Symbol.asyncDispose]();
    const called = (await Promise.all(spots.map((spot) => spot.called()))).flat();
    for (const one of called) saysNothingAlarming(one);
    const missed = shown.filter((one) => !called.some(({ text, ended }) => isMet(one, text, ended)));
    if (missed.length > 0) throw new Error(`it says that it shows ${missed.join(", ")}, and does not`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const spot of this.#spots.splice(0)) await spot[Symbol.asyncDispose]();
  }

  #note(spot: Spot): Spot {
    this.#spots.push(spot);
    return spot;
  }
}

function isMet(shown: Shown, text: string, { code, signal, stderr }: Ended): boolean {
  if (typeof shown === "number") return signal === null && code === shown;
  if (/^[A-Z_]+$/.test(shown)) return stderr.includes(`error[${shown}]: `);
  return ` ${text.replaceAll("'", " ")} `.includes(` cdktr ${shown} `);
}

/** Nothing on stderr is a stack trace, or could steer a terminal. What goes to stdout is whoever's it is. */
function saysNothingAlarming({ text, level, ended: { stderr } }: Called): void {
  const found = level === "DEBUG" ? null : /\x1b|^ +at .*:\d+|^.*\bfile:\/\/.*$|^.*[Uu]ncaught.*$/m.exec(stderr);
  if (found !== null) throw new Error(`${text} said ${JSON.stringify(found[0])}`);
}

/** Asks until it is so, for what nothing tells of. */
export async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const over = new AbortController();
  const asking = async () => {
    while (!over.signal.aborted && !await isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  try {
    await within(asking(), what, () => "");
  } finally {
    over.abort();
  }
}

/** Whether a process is there. It need not be one's child. */
async function isThere(pid: number): Promise<boolean> {
  try {
    return !/\) [ZX] /.test(await Deno.readTextFile(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

/** Kills a process if it is still the one that was started for a place: its environment names that. */
async function killLeft(pid: number, path: string): Promise<void> {
  try {
    if ((await Deno.readTextFile(`/proc/${pid}/environ`)).includes(path)) Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended, as it ought to have.
  }
}
