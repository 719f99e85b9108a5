/** Values that a principal knows. All is silence: where nobody answers in time there are none. */
import { resolve } from "node:path";
import { orAborted, sleep, spanText } from "../../clock/mod.ts";
import type { PrincipalClient } from "../../client/mod.ts";
import type { Config } from "../../config/mod.ts";
import { isFinal, type RunState } from "../../core/mod.ts";
import { type Workflow, workflowFromJson } from "../../workflow/definition.ts";
import { connectToPrincipal } from "../connect.ts";
import type { Invocation } from "../invocation.ts";

/** A value that can be written, and a few words on it. */
export interface Candidate {
  readonly value: string;
  readonly about: string;
}

/** What a key press may wait for, in milliseconds. */
const answerMaxMs = 500;
/** So many runs are offered, the newest. */
const runsMax = 100;

/** Which runs are offered. */
export type RunChoice = "all" | "ended" | "ended, not completed" | "not ended";

function isAmong(choice: RunChoice, state: RunState): boolean {
  switch (choice) {
    case "all":
      return true;
    case "ended":
      return isFinal(state);
    case "ended, not completed":
      return isFinal(state) && state !== "COMPLETED";
    case "not ended":
      return !isFinal(state);
  }
}

/** Asks each time it is called: a shell calls once. */
export class LiveValues {
  readonly #invocation: Invocation;
  readonly #config: Config;

  constructor(invocation: Invocation, config: Config) {
    this.#invocation = invocation;
    this.#config = config;
  }

  /** The principal's workflows; without one, those of the workflow directory. */
  async workflows(): Promise<Candidate[]> {
    const known = await this.#ask(async (client, signal) => {
      const { workflows } = await client.call("WORKFLOWS", { knownRevision: null, waitMs: 0 }, { signal });
      return workflows.map(({ id, name, description }) => ({ value: id, about: description ?? name }));
    });
    if (known !== null) return known;
    const { listWorkflowFiles } = await import("../../workflow/mod.ts");
    const listing = await listWorkflowFiles(this.#config.workflowDir).catch(() => null);
    return (listing?.files ?? []).map(({ id, relativePath }) => ({ value: id, about: relativePath }));
  }

  /** Runs, newest first. */
  async runs(choice: RunChoice): Promise<Candidate[]> {
    const nowMs = this.#invocation.clock.nowMs();
    const runs = await this.#ask(async (client, signal) => {
      return (await client.call("RUNS", { limit: runsMax }, { signal })).runs;
    });
    return (runs ?? []).filter(({ state }) => isAmong(choice, state))
      .map(({ runId, workflowId, state, triggeredAtMs }) => {
        return { value: runId, about: `${state} ${workflowId}, ${spanText(Math.max(nowMs - triggeredAtMs, 0))} ago` };
      });
  }

  /** The tasks of a run, by their ids or their names. */
  async tasks(run: string, by: "id" | "name"): Promise<Candidate[]> {
    const shown = await this.#ask((client, signal) => client.call("SHOWRUN", { run }, { signal }));
    if (shown === null) return [];
    const { shownTasks } = await import("../shown_tasks.ts");
    return shownTasks(shown).tasks.map(({ taskId, name, state }) => {
      const other = by === "id" ? name : taskId;
      return { value: by === "id" ? taskId : name ?? taskId, about: [state, other].filter(Boolean).join(" ") };
    });
  }

  /** The tasks of a workflow, by their names. */
  async tasksOfWorkflow(workflowId: string): Promise<Candidate[]> {
    const tasks = await this.#ask(async (client, signal) => {
      const { workflow } = await client.call("SHOWWORKFLOW", { workflowId }, { signal });
      return workflowFromJson(workflow).tasks;
    });
    return (tasks ?? []).map(({ id, name }) => ({ value: name, about: id }));
  }

  /**
   * The parameters that a workflow declares, as far as they can be written: `date=`, and with its choices `stage=prod`.
   *
   * @param target Its id, or its file.
   */
  async params(target: string): Promise<Candidate[]> {
    const known = await this.#ask(async (client, signal) => {
      const { workflows } = await client.call("WORKFLOWS", { knownRevision: null, waitMs: 0 }, { signal });
      return workflows.find(({ id }) => id === target)?.params ?? null;
    });
    return Object.entries(known ?? await this.#paramsOfFile(target)).flatMap(([name, param]) => {
      const about = param.description ?? (param.required ? `${param.type}, required` : param.type);
      const choices: readonly string[] = param.choices ?? [""];
      return choices.map((choice) => ({ value: `${name}=${choice}`, about }));
    });
  }

  async #paramsOfFile(target: string): Promise<Workflow["params"]> {
    const { listWorkflowFiles, loadFile } = await import("../../workflow/mod.ts");
    const directory = resolve(this.#invocation.workingDirectory, this.#config.workflowDir);
    const listing = await listWorkflowFiles(directory).catch(() => null);
    const file = listing?.files.find(({ id }) => id === target)?.relativePath;
    const path = file === undefined ? resolve(this.#invocation.workingDirectory, target) : `${directory}/${file}`;
    return await loadFile(path).then(({ workflow }) => workflow?.params ?? {}, () => ({}));
  }

  /** The agents that the principal hears of. */
  async agents(): Promise<Candidate[]> {
    const agents = await this.#ask(async (client, signal) => (await client.call("STATUS", {}, { signal })).agents);
    return (agents ?? []).map(({ agentId, running }) => ({ value: agentId, about: `${running.length} running` }));
  }

  /** What `ask` tells; null when that takes too long or goes wrong. */
  async #ask<T>(ask: (client: PrincipalClient, signal: AbortSignal) => Promise<T>): Promise<T | null> {
    const { clock } = this.#invocation;
    const late = new AbortController();
    const answered = new AbortController();
    void sleep(clock, answerMaxMs, answered.signal).then(() => late.abort(), () => {});
    const client = connectToPrincipal({ ...this.#config, defaultZmqTimeoutMs: answerMaxMs }, this.#invocation, "cli");
    try {
      return await orAborted(ask(client, late.signal), late.signal);
    } catch {
      return null;
    } finally {
      answered.abort();
      void client.close();
    }
  }
}
