/** A principal of ours as original clients meet it: real sockets, a journal and a history on disk, time by hand. */
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import type { Run } from "../../src/core/mod.ts";
import { History } from "../../src/history/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { Principal, Server, type ServerPorts, type WorkflowSource } from "../../src/principal/mod.ts";
import { parseWorkflow, type Workflow } from "../../src/workflow/mod.ts";
import { ManualClock } from "../history/fixtures.ts";

/** CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS of these principals. */
export const agentTimeoutMs = 30_000;

/** What a scene starts with. */
export interface SceneOptions {
  /** YAML by workflow id. */
  readonly workflows?: Readonly<Record<string, string>>;
}

/** A principal and where its files are. */
export class Scene implements AsyncDisposable {
  /** The principal's time. Its sockets and its history are on the machine's clock. */
  readonly clock = new ManualClock();
  /** What the principal told its operator. */
  readonly told: string[] = [];
  readonly #directory: string;
  readonly #workflows: ReadonlyMap<string, Workflow>;
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

  /** Lets `seconds` pass in the principal, one after the other. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1000);
      // What a tick set going is decided at once and durable before the next request is answered.
      await Promise.resolve();
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
      clock: systemClock,
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
      random: systemRandom,
      report,
      agentTimeoutMs,
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
