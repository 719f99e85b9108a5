/** An agent of ours at work for a principal of the original. */
import { Agent, ProcessWorkplace, systemFiles } from "../../src/agent/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { type Clock, systemClock, systemRandom } from "../../src/clock/mod.ts";
import { OriginalPrincipal, type OriginalPrincipalOptions } from "./original_principal.ts";
import type { FoundRuntime } from "./peers.ts";

/** What the agent is called. */
export const agentId = "alice@build01/AG";

/** What a task is in a document: a line of `sh`, and what it depends on. */
type Tasks = Readonly<Record<string, { readonly run: string; readonly depends?: readonly string[] }>>;

/** A document in the original's words, with what it leaves out left out. */
export function document(id: string, tasks: Tasks): string {
  const ids = Object.keys(tasks);
  const edges = Object.entries(tasks).flatMap(([task, { depends = [] }]) =>
    depends.map((dependency) => [ids.indexOf(dependency), ids.indexOf(task), 0])
  );
  return JSON.stringify({
    id,
    name: id.toUpperCase(),
    description: null,
    path: `workflows/${id}.yml`,
    dag: {
      name: id.toUpperCase(),
      task_id_node_ix_map: Object.fromEntries(ids.map((task, index) => [task, index])),
      task_map: Object.fromEntries(
        Object.entries(tasks).map(([task, { run, depends = null }]) => [
          task,
          {
            name: `Task ${task}`,
            description: null,
            depends,
            config: { Subprocess: { cmd: "sh", args: ["-c", run] } },
          },
        ]),
      ),
      inner: { nodes: ids, node_holes: [], edge_property: "directed", edges },
      first_tasks: ids.filter((task) => tasks[task]?.depends === undefined),
    },
    cron: null,
    start_time: "2025-01-20T12:30:00+00:00",
  });
}

/** See the top of this file. */
export class Work implements AsyncDisposable {
  readonly principal: OriginalPrincipal;
  readonly agent: Agent;
  /** What the agent told its operator. */
  readonly told: string[] = [];
  readonly #client: PrincipalClient;
  readonly #working: Promise<void>;
  readonly #directory = Deno.makeTempDirSync({ prefix: "cdktr-interop-agent-" });

  private constructor(principal: OriginalPrincipal, clock: Clock, timeoutMs: number) {
    this.principal = principal;
    const sources = { clock: systemClock, random: systemRandom };
    const options = { ...sources, version: "0.0.0", role: "agent", timeoutMs };
    this.#client = PrincipalClient.overTcp({ host: "127.0.0.1", ...principal.ports }, options);
    const tell = (sentence: string) => void this.told.push(sentence);
    const log = { info: tell, warn: tell, error: tell };
    this.agent = new Agent({
      agentId,
      version: "0.0.0",
      client: this.#client,
      clock,
      random: systemRandom,
      log,
      maxConcurrentRuns: 2,
      maxParallelTasks: 5,
      workplace: new ProcessWorkplace({ directory: this.#directory, clock, log }),
      spool: { directory: `${this.#directory}/spool`, maxBytes: 2 ** 30, files: systemFiles },
      labels: [],
      retryAttempts: 20,
      timeoutMs,
    });
    this.#working = this.agent.run();
    // Whoever waits for it hears of its failure.
    this.#working.catch(() => {});
  }

  /** Starts a principal and an agent for it. The agent's own time is `clock`'s; its client is on the machine's. */
  static async begin(
    runtime: FoundRuntime,
    options: OriginalPrincipalOptions,
    { clock = systemClock, timeoutMs = 3000 }: { clock?: Clock; timeoutMs?: number } = {},
  ): Promise<Work> {
    return new Work(await OriginalPrincipal.start(runtime, options), clock, timeoutMs);
  }

  /** Lets the agent finish and close its connections. */
  async finish(): Promise<void> {
    this.agent.drain();
    await this.#working;
    await this.#client.close();
    await this.principal.untilAlone();
  }

  assertGoodManners(): void {
    this.principal.assertGoodManners();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.agent.drain();
    await this.#working.catch(() => {});
    await this.#client.close();
    await this.principal[Symbol.asyncDispose]();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** Whether runs as many as this have ended, as the principal was told. */
export function haveEnded(count: number): (principal: OriginalPrincipal) => boolean {
  const final = ["COMPLETED", "FAILED", "CRASHED"];
  return (principal) =>
    principal.requests().filter(([verb, , , , status = ""]) => verb === "AGENTWORKFLOWSTATUS" && final.includes(status))
      .length >= count;
}

/** The statuses a principal was told, as `workflow STATUS` and `task STATUS`. */
export function statuses(principal: OriginalPrincipal): string[] {
  return principal.requests().flatMap((request) => {
    const [verb, , id, , fourth, fifth] = request;
    if (verb === "AGENTWORKFLOWSTATUS") return [`${id} ${fourth}`];
    return verb === "AGENTTASKSTATUS" ? [`${id} ${fifth}`] : [];
  });
}
