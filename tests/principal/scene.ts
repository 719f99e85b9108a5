/** A principal with a journal that the test gates, a real history, and time by hand; reached without a socket. */
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { CdktrError, type FinalRunState, type Run } from "../../src/core/mod.ts";
import { History } from "../../src/history/mod.ts";
import type { Journal } from "../../src/journal/mod.ts";
import { directLink, Principal } from "../../src/principal/mod.ts";
import type { Answer } from "../../src/principal/principal.ts";
import type { UpkeepOptions } from "../../src/principal/upkeep/upkeep.ts";
import {
  encodeText,
  encodeVerbRequest,
  parseVerbReply,
  type ReplyTo,
  type RequestOf,
  type Verb,
} from "../../src/wire/mod.ts";
import { parseWorkflow, type Workflow } from "../../src/workflow/mod.ts";
import { FakeClock, turn } from "../fake_clock.ts";
import { workRequest } from "../work_request.ts";
import { GatedJournal } from "./gated_journal.ts";

/** CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS of these principals. */
export const agentTimeoutMs = 30_000;

const oneTask = `tasks: { only: { name: Only, config: !Subprocess { cmd: "true" } } }`;

/** A workflow of one task. */
export function workflowOf(id: string, more = "", tasks = oneTask): Workflow {
  const yaml = `name: ${id}\n${more}\n${tasks}\n`;
  const { workflow, problems } = parseWorkflow(yaml, { id, path: `workflows/${id}.yml` });
  if (workflow === null) throw new Error(`the workflow of the test is wrong: ${problems[0]?.message}`);
  return workflow;
}

/** Workflows that a test can change. */
export class Shelf {
  readonly #listeners = new Set<() => void>();
  workflows: Workflow[];

  constructor(...workflows: Workflow[]) {
    this.workflows = workflows;
  }

  get(id: string): Workflow | undefined {
    return this.workflows.find((workflow) => workflow.id === id);
  }

  list(): Workflow[] {
    return this.workflows;
  }

  problems(): string[] {
    return [];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  replace(...workflows: Workflow[]): void {
    this.workflows = workflows;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** What a scene may be given. */
export interface SceneOptions {
  readonly journal?: Journal;
  readonly history?: History;
  readonly clock?: FakeClock;
  readonly shelf?: Shelf;
  readonly agentTimeoutMs?: number;
  /** @default false, so that nothing is journalled but what a test asks for */
  readonly isServing?: boolean;
  /** @default null */
  readonly upkeep?: UpkeepOptions | null;
  /** Called with each word to the operator. */
  readonly onTold?: () => void;
}

/** See the top of this file. */
export class Scene implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly journal: GatedJournal;
  readonly history: History;
  readonly principal: Principal;
  readonly shelf: Shelf;
  readonly client: PrincipalClient;
  /** What the operator was told, `level: sentence`. */
  readonly told: string[];

  private constructor(parts: Pick<Scene, "clock" | "journal" | "history" | "principal" | "shelf" | "told">) {
    const { clock, principal } = parts;
    this.clock = clock;
    this.journal = parts.journal;
    this.history = parts.history;
    this.principal = principal;
    this.shelf = parts.shelf;
    this.told = parts.told;
    this.client = PrincipalClient.overLink(directLink(principal), {
      clock,
      random: systemRandom,
      version: "1",
      role: "test",
      timeoutMs: 3000,
    });
  }

  static async open(options: SceneOptions = {}): Promise<Scene> {
    const { clock = new FakeClock(), shelf = new Shelf(workflowOf("etl")) } = options;
    const told: string[] = [];
    const teller = (level: string) => (sentence: string) => {
      told.push(`${level}: ${sentence}`);
      options.onTold?.();
    };
    const report = { info: teller("info"), warn: teller("warn"), error: teller("error") };
    const journal = new GatedJournal(options.journal);
    const history = options.history ??
      await History.open({ path: ":memory:", clock: systemClock, onProblem: () => {} });
    const timeoutMs = options.agentTimeoutMs ?? agentTimeoutMs;
    const parts = { version: "1.2.3", journal, history, workflows: shelf, clock, random: systemRandom, report };
    const principal = await Principal.open({
      ...parts,
      agentTimeoutMs: timeoutMs,
      isServing: options.isServing ?? false,
      upkeep: options.upkeep ?? null,
    });
    return new Scene({ clock, journal, history, principal, shelf, told });
  }

  /** Sends the text of a request as it is. */
  async send(text: string): Promise<string> {
    const { body } = await this.principal.answer([encodeText(text)], new AbortController().signal);
    return new TextDecoder().decode(body);
  }

  /** Asks with a verb of ours over a connection that `gone` ends. */
  ask<V extends Verb>(verb: V, request: RequestOf<V>, gone = new AbortController().signal): Asked<V> {
    return new Asked(verb, this.principal.answer([encodeVerbRequest(verb, request)], gone));
  }

  /** Triggers a run and returns its id. */
  async trigger(more: Partial<RequestOf<"RUN">> = {}): Promise<string> {
    return (await this.ask("RUN", runRequest(more)).reply).runId;
  }

  async run(runId: string): Promise<Run> {
    return (await this.ask("SHOWRUN", { run: runId }).reply).run;
  }

  /** The states of all runs, oldest first. */
  async states(): Promise<string[]> {
    const { runs } = await this.ask("RUNS", { limit: 1000 }).reply;
    return runs.toReversed().map(({ state }) => state);
  }

  agent(name: string): FakeAgent {
    return new FakeAgent(this, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.journal.fail(null);
    this.journal.release();
    await this.principal.close();
  }
}

/** A request under way. */
export class Asked<V extends Verb> {
  readonly answer: Promise<Answer>;
  readonly reply: Promise<ReplyTo<V>>;
  isAnswered = false;

  constructor(verb: V, answer: Promise<Answer>) {
    this.answer = answer;
    this.reply = answer.then(({ body }) => {
      this.isAnswered = true;
      return parseVerbReply(verb, body);
    });
    this.reply.catch(() => {}); // A test that expects an error awaits it later.
  }

  /** Tells the principal that the client was gone before it could have the reply. */
  async undelivered(): Promise<void> {
    (await this.answer).undelivered();
  }

  /** Whether it is answered once everything had its turn. */
  async isHeld(): Promise<boolean> {
    await turn();
    return !this.isAnswered;
  }

  /** The code of the error it is answered with. */
  async code(): Promise<string> {
    return await this.reply.then(() => "no error", codeOf);
  }
}

/** The code of a {@linkcode CdktrError}; anything else is thrown. */
export function codeOf(error: unknown): string {
  if (error instanceof CdktrError) return error.code;
  throw error;
}

/** A trigger by hand, changed as told. */
export function runRequest(more: Partial<RequestOf<"RUN">> = {}): RequestOf<"RUN"> {
  return {
    workflowId: "etl",
    trigger: "manual",
    params: {},
    idempotencyKey: null,
    dueMs: null,
    reason: "asked by the test",
    ...more,
  };
}

/** Says on the wire what the test wants an agent to say. */
export class FakeAgent {
  readonly #scene: Scene;
  readonly holder: { readonly agentId: string; readonly session: string };
  #sequence = 0;

  constructor(scene: Scene, name: string) {
    this.#scene = scene;
    this.holder = { agentId: `${name}@host/AG`, session: `session of ${name}` };
  }

  /** Asks for work: one free slot, holding nothing, held for 5 s, unless told otherwise. */
  work(more: Partial<RequestOf<"WORK">> = {}, gone?: AbortSignal): Asked<"WORK"> {
    const asked = { sequence: ++this.#sequence, offers: ["beyond-original"], waitMs: 5000, ...more };
    return this.#scene.ask("WORK", workRequest(this.holder, asked), gone);
  }

  /** Takes the run at the head of the queue and says that it has begun. */
  async begin(): Promise<{ runId: string; attempt: number }> {
    const { begin: [first] } = await this.work({ waitMs: 0 }).reply;
    if (first === undefined) throw new Error("there was no work");
    const { runId, attempt } = first;
    await this.report(runId, "RUNNING");
    return { runId, attempt };
  }

  /** Says what became of a run's first attempt. */
  async report(runId: string, state: "RUNNING" | FinalRunState, attempt = 1): Promise<ReplyTo<"REPORT">> {
    const report = { kind: "run", runId, attempt, state, reason: null, instanceId: null } as const;
    return await this.#scene.ask("REPORT", { ...this.holder, reports: [report] }).reply;
  }
}

/** What an agent says that it holds. */
export function holding(runId: string, attempt = 1, cancelling = false) {
  return { holding: [{ runId, attempt, cancelling, paused: false, cancelTasks: [] }] };
}
