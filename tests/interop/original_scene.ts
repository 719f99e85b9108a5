/** A principal of ours as original clients meet it: real sockets, a journal and a history on disk, time by hand. */
import { type Random, systemClock, systemRandom } from "../../src/clock/mod.ts";
import type { Run } from "../../src/core/mod.ts";
import { History } from "../../src/history/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { Principal, Server, type ServerPorts, type WorkflowSource } from "../../src/principal/mod.ts";
import { parseWorkflow, type Workflow } from "../../src/workflow/mod.ts";
import { FakeClock } from "../fake_clock.ts";

/** CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS of these principals. */
export const agentTimeoutMs = 30_000;

/** How long a test waits for what has to come about. */
const waitMaxMs = 15_000;

/** What a scene starts with. */
export interface SceneOptions {
  /** YAML by workflow id. */
  readonly workflows?: Readonly<Record<string, string>>;
}

/** Wall time at the start of every scene, Unix milliseconds: 2026-11-21T09:13:22.023Z. */
export const startMs = 1_795_252_402_023;

/** A principal and where its files are. */
export class Scene implements AsyncDisposable {
  /** The principal's time, and its history's. Timers of its sockets and its history are the machine's. */
  readonly clock = new FakeClock(startMs);
  /** What the principal told its operator. */
  readonly told: string[] = [];
  readonly #directory: string;
  readonly #workflows: ReadonlyMap<string, Workflow>;
  /** While the clock stands, run ids are in the order of their triggers only if what follows the time grows. */
  readonly #random: Random = { ...systemRandom, bytes: (count) => growingBytes(count, ++this.#drawn) };
  #drawn = 0;
  #running: Running | null = null;

  private constructor(directory: string, workflows: ReadonlyMap<string, Workflow>) {
    this.#directory = directory;
    this.#workflows = workflows;
  }

  static async open({ workflows = {} }: SceneOptions = {}): Promise<Scene> {
    const directory = await Deno.makeTempDir({ prefix: "cdktr-original-test-" });
    const parsed = Object.entries(workflows).map(([id, yaml]) => [id, workflowFrom(id, yaml)] as const);
    const scene = new Scene(directory, new Map(parsed));
    await scene.#start({ port: 0, logsInPort: 0, logsOutPort: 0 });
    return scene;
  }

  get ports(): ServerPorts {
    return this.#now.server.ports;
  }

  get history(): History {
    return this.#now.history;
  }

  /** All runs, oldest first. */
  async runs(): Promise<Run[]> {
    const { runs } = await this.#now.journal.runs({ limit: 1000 });
    return [...runs].reverse();
  }

  /** The only run there is. */
  async run(): Promise<Run> {
    const [run, ...others] = await this.runs();
    if (run === undefined || others.length > 0) throw new Error(`There are ${others.length + 1} runs, or none.`);
    return run;
  }

  /** Final states of the tasks of a run's last attempt, by task id. */
  async taskStates(run: Run): Promise<Record<string, string>> {
    const tasks = await this.#now.journal.tasks(run.runId, run.attempt);
    return Object.fromEntries(tasks.map(({ taskId, state }) => [taskId, state]));
  }

  /** What was reported about a run and moved nothing, in the order of arrival. */
  async ignoredReports(runId: string): Promise<string[]> {
    const events = await this.#now.journal.eventsOfRun(runId);
    return events.flatMap(({ event }) => event.type === "report_ignored" ? [event.report] : []);
  }

  /** Statuses of a run in DuckDB, in the order of arrival. */
  async runStatuses(runId: string): Promise<string[]> {
    await this.history.flush();
    return (await this.history.runStatuses(runId)).map(({ status }) => status);
  }

  /** Statuses of a run's tasks in DuckDB as `task STATUS`, in the order of arrival. */
  async taskStatuses(runId: string): Promise<string[]> {
    await this.history.flush();
    return (await this.history.taskStatuses(runId)).map(({ taskId, status }) => `${taskId} ${status}`);
  }

  /** The stored lines of a run as `task LEVEL payload`, once there are `count`. */
  async storedLines(runId: string, count: number): Promise<string[]> {
    const look = async () => {
      await this.history.flush();
      return await this.history.queryLogs({ runIds: [runId] });
    };
    await this.until(async () => (await look()).length >= count);
    return (await look()).map(({ taskName, level, payload }) => `${taskName} ${level} ${payload}`);
  }

  /** Looks again and again until it holds; for what is set going by a peer that waits for no reply. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + waitMaxMs;
    while (!await holds()) {
      if (performance.now() > deadlineMs) {
        throw new Error(`It did not come about. The principal: ${this.told.join("; ")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends the principal and starts it anew on the same ports and files. */
  async restart(): Promise<void> {
    const { ports } = this;
    await this.#stop();
    await this.#start(ports);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await Deno.remove(this.#directory, { recursive: true });
  }

  get #now(): Running {
    if (this.#running === null) throw new Error("The principal is not running.");
    return this.#running;
  }

  async #start(ports: ServerPorts): Promise<void> {
    const journal = SqliteJournal.open(`${this.#directory}/journal.sqlite`);
    const history = await History.open({
      path: `${this.#directory}/history.duckdb`,
      clock: { ...systemClock, nowMs: () => this.clock.nowMs() },
      onProblem: ({ code, message }) => this.told.push(`history ${code}: ${message}`),
    });
    const tell = (sentence: string) => void this.told.push(sentence);
    const report = { info: tell, warn: tell, error: tell };
    const principal = await Principal.open({
      version: "0.0.0",
      journal,
      history,
      workflows: sourceOf(this.#workflows),
      clock: this.clock,
      random: this.#random,
      report,
      agentTimeoutMs,
      isServing: false,
      upkeep: null,
    });
    const sources = { clock: systemClock, random: systemRandom };
    const server = await Server.listen(principal, { host: "127.0.0.1", ...ports, ...sources });
    this.#running = { principal, server, history, journal };
  }

  async #stop(): Promise<void> {
    const { server, principal } = this.#now;
    this.#running = null;
    await server.close();
    await principal.close();
  }
}

interface Running {
  readonly principal: Principal;
  readonly server: Server;
  readonly history: History;
  readonly journal: SqliteJournal;
}

function growingBytes(count: number, value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** A workflow from YAML. */
function workflowFrom(id: string, yaml: string): Workflow {
  const { workflow, problems } = parseWorkflow(yaml, { id, path: `workflows/${id.replaceAll(".", "/")}.yml` });
  if (workflow === null) throw new Error(`${id}: ${problems.map(({ message }) => message).join(" ")}`);
  return workflow;
}

function sourceOf(workflows: ReadonlyMap<string, Workflow>): WorkflowSource {
  return {
    get: (id) => workflows.get(id),
    list: () => [...workflows.values()],
    problems: () => [],
    onChange: () => () => {},
  };
}

/** YAML of a workflow whose tasks run a line of `sh` each; `depends` by task id. */
export function shellWorkflow(
  name: string,
  tasks: Readonly<Record<string, { readonly run: string; readonly depends?: readonly string[] }>>,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const lines = [`name: ${name}`, ...Object.entries(more).map(([key, value]) => `${key}: ${JSON.stringify(value)}`)];
  lines.push("tasks:");
  for (const [id, { run, depends }] of Object.entries(tasks)) {
    lines.push(`  ${id}:`, `    name: Task ${id}`);
    if (depends !== undefined) lines.push(`    depends: ${JSON.stringify(depends)}`);
    lines.push("    config: !Subprocess", "      cmd: sh", `      args: ["-c", ${JSON.stringify(run)}]`);
  }
  return `${lines.join("\n")}\n`;
}
