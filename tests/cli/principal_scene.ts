/** A real principal on free ports, with an agent that does what the test says, for commands that talk to one. */
import { workRequest } from "../work_request.ts";
import { call, type CallOptions, type Outcome } from "./call.ts";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { CdktrError, type FinalRunState, type TaskState } from "../../src/core/mod.ts";
import { History } from "../../src/history/mod.ts";
import { MemoryJournal } from "../../src/journal/mod.ts";
import { Principal, Server, type ServerPorts } from "../../src/principal/mod.ts";
import { encodeLogLine, logPayload, type ReplyTo, type RequestOf } from "../../src/wire/mod.ts";
import { parseWorkflow, type Workflow } from "../../src/workflow/mod.ts";

/** An attempt that the scene's agent holds. */
export interface Attempt {
  readonly runId: string;
  readonly attempt: number;
}

const holder = { agentId: "ada@lab/AG", session: "session-1" };
const report = { info: () => {}, warn: () => {}, error: (sentence: string) => console.error(sentence) };

/** What may be different about a scene. */
export interface SceneOptions {
  /** What is wrong with workflow files. */
  readonly problems?: readonly string[];
  /** Where the history is kept, for a principal that is to be restarted. @default ":memory:" */
  readonly historyPath?: string;
  /** Of its requests. @default a free one */
  readonly port?: number;
}

/** See the top of this file. */
export class PrincipalScene implements AsyncDisposable {
  /** A client of the same principal, to do what other processes would. */
  readonly client: PrincipalClient;
  readonly ports: ServerPorts;
  readonly #open: () => Promise<Principal>;
  #principal: Principal;
  #server: Server;
  #lastRequest = 0;

  private constructor(open: () => Promise<Principal>, principal: Principal, server: Server) {
    this.#open = open;
    this.#principal = principal;
    this.#server = server;
    this.ports = server.ports;
    const options = { clock: systemClock, random: systemRandom, version: "1", role: "test", timeoutMs: 15_000 };
    this.client = PrincipalClient.overTcp({ host: "127.0.0.1", ...this.ports }, options);
  }

  /** Starts a principal with workflows, by id. */
  static async start(
    files: Readonly<Record<string, string>>,
    { problems = [], historyPath = ":memory:", port = 0 }: SceneOptions = {},
  ): Promise<PrincipalScene> {
    const workflows = Object.entries(files).map(([id, text]): Workflow => {
      const { workflow } = parseWorkflow(text, { id, path: `workflows/${id}.yml` });
      if (workflow === null) throw new Error(`the workflow ${id} of the test is invalid`);
      return workflow;
    });
    const journal = new MemoryJournal();
    const open = async () =>
      await Principal.open({
        version: "1",
        journal,
        history: await History.open({ path: historyPath, clock: systemClock, onProblem: () => {} }),
        workflows: {
          get: (id) => workflows.find((workflow) => workflow.id === id),
          list: () => workflows,
          problems: () => problems,
          onChange: () => () => {},
        },
        clock: systemClock,
        random: systemRandom,
        report,
        agentTimeoutMs: 30_000,
        isServing: true,
        upkeep: null,
      });
    const principal = await open();
    return new PrincipalScene(open, principal, await listen(principal, { port, logsInPort: 0, logsOutPort: 0 }));
  }

  /** Calls `cdktr` with settings that name this principal. */
  call(argv: readonly string[], options: CallOptions = {}): Promise<Outcome> {
    return call(argv, { ...options, environment: { ...this.environment, ...options.environment } });
  }

  get environment(): Record<string, string> {
    return {
      CDKTR_PRINCIPAL_HOST: "127.0.0.1",
      CDKTR_PRINCIPAL_PORT: String(this.ports.port),
      CDKTR_LOGS_LISTENING_PORT: String(this.ports.logsInPort),
      CDKTR_LOGS_PUBLISHING_PORT: String(this.ports.logsOutPort),
    };
  }

  /** Ends the principal and, after `meanwhile`, starts it again with the same journal, history and ports. */
  async restart({ meanwhile, beforeListening }: { meanwhile: () => Promise<void>; beforeListening: () => void }) {
    await this.#stop();
    await meanwhile();
    this.#principal = await this.#open();
    beforeListening();
    this.#server = await listenAgain(this.#principal, this.ports);
  }

  /** Triggers a run; its id. */
  async trigger(workflowId: string, params: Record<string, string> = {}): Promise<string> {
    const request = {
      workflowId,
      trigger: "manual",
      params,
      idempotencyKey: null,
      dueMs: null,
      reason: "a test",
    } as const;
    return (await this.client.call("RUN", request)).runId;
  }

  /** The agent fetches the run that waits longest. */
  async fetch(): Promise<Attempt> {
    const { begin: [begun] } = await this.#work({});
    if (begun === undefined) throw new Error("there was no work");
    return { runId: begun.runId, attempt: begun.attempt };
  }

  /** The agent says that it has this and takes no more. */
  async stopAgent(...held: Attempt[]): Promise<void> {
    const holding = held.map((attempt) => ({ ...attempt, cancelling: false, paused: false, cancelTasks: [] }));
    await this.#work({ slots: 0, slotsTotal: held.length, stopping: true, holding, waitMs: 0 });
  }

  /** An agent of the same id comes, and finds nothing to do. */
  async meet(session: string): Promise<void> {
    await this.#work({ session, waitMs: 0 });
  }

  async #work(more: Partial<RequestOf<"WORK">>): Promise<ReplyTo<"WORK">> {
    const asked = { sequence: this.#lastRequest++, offers: ["beyond-original"], waitMs: 5000, ...more };
    return await this.client.call("WORK", workRequest(holder, asked));
  }

  /** The agent reports a run's state. */
  async reportRun({ runId, attempt }: Attempt, state: "RUNNING" | FinalRunState, reason: string | null = null) {
    const one = { kind: "run", runId, attempt, state, reason, instanceId: null } as const;
    await this.client.call("REPORT", { ...holder, reports: [one] });
  }

  /** The agent reports a task's state. */
  async reportTask(
    { runId, attempt }: Attempt,
    taskId: string,
    state: TaskState,
    facts: {
      exitCode?: number;
      reason?: string;
      happenedAtMs?: number;
      tryNumber?: number;
      outputs?: Record<string, string>;
    } = {},
  ) {
    const one = {
      kind: "task",
      runId,
      attempt,
      taskId,
      taskRunId: `${taskId}-1`,
      tryNumber: facts.tryNumber ?? 1,
      state,
      happenedAtMs: facts.happenedAtMs ?? Date.now(),
      exitCode: facts.exitCode ?? null,
      reason: facts.reason ?? null,
      outputs: facts.outputs ?? null,
    } as const;
    await this.client.call("REPORT", { ...holder, reports: [one] });
  }

  /** A line of a task arrives at the principal, by the same way inside it as over the network, but at once. */
  print(
    runId: string,
    text: string,
    about: {
      workflowId?: string;
      taskName?: string;
      stream?: "stdout" | "stderr";
      timeMs?: number;
      taskRunId?: string;
    } = {},
  ): void {
    const { workflowId = "etl", taskName = "Load", stream = "stdout", timeMs = Date.now(), taskRunId = "load-1" } =
      about;
    this.#principal.logs.take([
      encodeLogLine({
        workflowId,
        workflowName: workflowId.toUpperCase(),
        workflowInstanceId: runId,
        taskName,
        taskInstanceId: taskRunId,
        timeMs,
        ...logPayload(stream, text),
        extra: [],
      }),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.#stop();
  }

  async #stop(): Promise<void> {
    await this.#server.close();
    await this.#principal.close();
  }
}

function listen(principal: Principal, ports: ServerPorts): Promise<Server> {
  return Server.listen(principal, { host: "127.0.0.1", ...ports, clock: systemClock, random: systemRandom });
}

/** The ports were free ones before; meanwhile the system may have given them to a connection of somebody else, for a while. */
async function listenAgain(principal: Principal, ports: ServerPorts): Promise<Server> {
  const untilMs = Date.now() + 30_000;
  while (true) {
    try {
      return await listen(principal, ports);
    } catch (error) {
      const isTaken = error instanceof CdktrError && error.code === "ADDRESS_IN_USE";
      if (!isTaken || Date.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** A workflow of a single task. */
export const oneTask = "name: One task\ntasks:\n  only: {name: Only, config: {type: subprocess, cmd: echo}}\n";
