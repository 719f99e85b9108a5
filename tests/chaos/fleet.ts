/** A principal and its agents as processes that are killed, stopped and started again, at one place and on fixed ports. */
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { type CdktrProcess, type Ended, Place } from "../system/processes.ts";

/** How long one request of a client of these tests waits. Short, for principals that are away a lot. */
const requestTimeoutMs = 5_000;

/** One process of an agent, from its start to its end. Times are Unix milliseconds. */
export interface AgentLife {
  readonly name: string;
  readonly process: CdktrProcess;
  readonly startedAtMs: number;
  /** When it was killed; null when it was not. */
  killedAtMs: number | null;
}

/** See the top of this file. Disposed, all its processes are killed and its directory is removed. */
export class Fleet implements AsyncDisposable {
  readonly place: Place;
  /** Every process of an agent there was, in the order of their starts. */
  readonly lives: AgentLife[] = [];
  readonly #agents = new Map<string, AgentLife>();
  readonly #all = new Set<CdktrProcess>();
  #principal: CdktrProcess | null = null;
  /** What principals that are no more wrote to stderr. */
  #pastWords = "";

  private constructor(place: Place) {
    this.place = place;
  }

  static async make(env: Readonly<Record<string, string>> = {}): Promise<Fleet> {
    const place = await Place.make(env);
    await Deno.mkdir(`${place.path}/began`);
    return new Fleet(place);
  }

  /** The principal that runs. */
  get principal(): CdktrProcess {
    if (this.#principal === null) throw new Error("there is no principal at present");
    return this.#principal;
  }

  get principalPorts(): { readonly port: number; readonly logsInPort: number; readonly logsOutPort: number } {
    const port = (name: string) => Number(this.place.env[name]);
    return {
      port: port("CDKTR_PRINCIPAL_PORT"),
      logsInPort: port("CDKTR_LOGS_LISTENING_PORT"),
      logsOutPort: port("CDKTR_LOGS_PUBLISHING_PORT"),
    };
  }

  /** Starts the principal, on the ports of the one before if there was one. */
  async startPrincipal({ scheduler = false }: { scheduler?: boolean } = {}): Promise<CdktrProcess> {
    const { place } = this;
    return this.#principal = this.#own(await (scheduler ? place.startScheduling() : place.startPrincipal()));
  }

  /** Starts a principal that is killed after `afterMs`, be it done with starting or not. */
  async startAndKillPrincipal(afterMs: number): Promise<void> {
    const { place } = this;
    const started = this.#own(place.start(["start", "principal", "--no-scheduler"]));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await started.end("SIGKILL");
  }

  /** Ends the principal; `kill -9` unless told otherwise. */
  async endPrincipal(signal: Deno.Signal = "SIGKILL"): Promise<Ended> {
    const { principal } = this;
    this.#principal = null;
    const ended = await principal.end(signal);
    this.#pastWords += ended.stderr;
    this.#all.delete(principal);
    return ended;
  }

  /** What principals that have ended said. */
  get pastWords(): string {
    return this.#pastWords;
  }

  /** Starts an agent; resolves when it works for the principal. */
  async startAgent(
    name: string,
    { slots = 5, env = {} }: { slots?: number; env?: Readonly<Record<string, string>> } = {},
  ): Promise<AgentLife> {
    const args = ["start", "agent", "--suffix", `-${name}`, "--max-concurrent", String(slots)];
    const life: AgentLife = {
      name,
      startedAtMs: Date.now(),
      process: this.#own(this.place.start(args, env)),
      killedAtMs: null,
    };
    this.lives.push(life);
    this.#agents.set(name, life);
    await life.process.said(/works for the cdktr principal/);
    return life;
  }

  /** The agent of that name that runs. */
  agent(name: string): AgentLife {
    const life = this.#agents.get(name);
    if (life === undefined) throw new Error(`there is no agent ${name} at present`);
    return life;
  }

  /** Ends an agent by `kill -9`. What it ran is left without a parent. */
  async killAgent(name: string): Promise<void> {
    const life = this.agent(name);
    this.#agents.delete(name);
    life.killedAtMs = Date.now();
    await life.process.end("SIGKILL");
    this.#all.delete(life.process);
  }

  /** Ends an agent in good order. */
  async endAgent(name: string): Promise<void> {
    const { process } = this.agent(name);
    this.#agents.delete(name);
    assertEndedWell(await process.end("SIGTERM"));
    this.#all.delete(process);
  }

  /**
   * Ends agents and principal in good order, so that everything they know is on disk.
   *
   * @throws When one of them ends with another exit code than 0.
   */
  async end(): Promise<void> {
    await Promise.all([...this.#agents.keys()].map((name) => this.endAgent(name)));
    assertEndedWell(await this.endPrincipal("SIGTERM"));
  }

  /** A client of the principal, which outlives it. */
  client(
    { timeoutMs = requestTimeoutMs, ports = this.principalPorts }: {
      timeoutMs?: number;
      ports?: Fleet["principalPorts"];
    } = {},
  ): PrincipalClient {
    return PrincipalClient.overTcp({ host: "127.0.0.1", ...ports }, {
      clock: systemClock,
      random: systemRandom,
      version: "0.0.0",
      role: "chaos",
      timeoutMs,
    });
  }

  /** Kills every process that is left. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#all].map((process) => process[Symbol.asyncDispose]()));
    this.#all.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll();
    await this.place[Symbol.asyncDispose]();
  }

  #own(process: CdktrProcess): CdktrProcess {
    this.#all.add(process);
    return process;
  }
}

function assertEndedWell({ code, stderr }: Ended): void {
  if (code !== 0) throw new Error(`a process that was asked to end exited ${code}:\n${stderr.slice(-4_000)}`);
}
