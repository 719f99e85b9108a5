/** A real agent that runs real processes for a real principal. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Agent, type AgentOptions, ProcessWorkplace, systemFiles } from "../../src/agent/mod.ts";
import { systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { parseWorkflow, type Workflow } from "../../src/workflow/mod.ts";
import { type FakeClock, turn } from "../fake_clock.ts";
import { CuttableLink } from "../principal/cuttable_link.ts";
import { Scene, Shelf } from "../principal/scene.ts";

/** A workflow whose one task does this in a shell. */
export function shell(id: string, script: string, more = ""): Workflow {
  const yaml = `name: ${id}\ntasks:\n  only:\n    name: Only\n    config: !Subprocess\n      cmd: sh\n` +
    `      args: ["-c", ${JSON.stringify(script)}]\n${more}`;
  const { workflow, problems } = parseWorkflow(yaml, { id, path: `${id}.yml` });
  if (workflow === null) throw new Error(problems[0]?.message);
  return workflow;
}

/** See the top of this file; and a way between them that can be cut. */
export class Stage implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly scene: Scene;
  readonly link: CuttableLink;
  readonly agent: Agent;
  readonly told: string[] = [];
  readonly directory: string;
  readonly #ended: Promise<unknown>;

  private constructor(scene: Scene, directory: string, options: Partial<AgentOptions>, isCut: boolean) {
    this.scene = scene;
    this.clock = scene.clock;
    this.directory = directory;
    this.link = new CuttableLink(scene.principal);
    if (isCut) this.link.cut();
    const { clock } = scene;
    const tell = (sentence: string) => void this.told.push(sentence);
    const sources = { clock, random: systemRandom };
    this.agent = new Agent({
      agentId: "ann@host/AG",
      version: "1",
      client: PrincipalClient.overLink(this.link, { ...sources, version: "1", role: "agent", timeoutMs: 3000 }),
      ...sources,
      log: { info: tell, warn: tell, error: tell },
      maxConcurrentRuns: 2,
      maxParallelTasks: 5,
      workplace: new ProcessWorkplace({
        directory: join(directory, "agents"),
        ...{ clock, log: { info: tell, warn: tell, error: tell } },
        limits: { graceMs: 5000, maxLineBytes: 1000 },
      }),
      spool: { directory: join(directory, "spool"), maxBytes: 2 ** 30, files: systemFiles },
      labels: [],
      retryAttempts: 20,
      timeoutMs: 3000,
      ...options,
    });
    // Settles with what the agent's end throws, or undefined.
    this.#ended = this.agent.run().then(() => undefined, (error) => error);
  }

  /** Workflows: `quick` ends at once, `held` (and `held2`, `held3`) when the test lets it, `long` never. */
  static async open(
    options: Partial<AgentOptions> = {},
    { isCut = false, workflows = () => [] }: {
      readonly isCut?: boolean;
      /** More of them, which may use the directory. */
      readonly workflows?: (directory: string) => Workflow[];
    } = {},
  ): Promise<Stage> {
    const directory = await Deno.makeTempDir({ prefix: "cdktr-agent-test-" });
    const gates = ["held", "held2", "held3"];
    const { success } = await new Deno.Command("mkfifo", { args: gates.map((gate) => `${directory}/${gate}`) })
      .output();
    assert.ok(success);
    const shelf = new Shelf(
      shell("quick", "echo done"),
      ...gates.map((gate) => shell(gate, `read line < ${directory}/${gate}; exit $line`)),
      shell("long", "sleep 600"),
      shell("wordy", "true", `  next:\n    name: Next\n    config: !Subprocess {cmd: ${"x".repeat(6000)}}\n`),
      ...workflows(directory),
    );
    return new Stage(await Scene.open({ shelf }), directory, options, isCut);
  }

  /** Lets the task of a `held` workflow end with this exit code. */
  async release(exitCode = 0, workflowId = "held"): Promise<void> {
    await Deno.writeTextFile(`${this.directory}/${workflowId}`, `${exitCode}\n`);
  }

  trigger(workflowId: string): Promise<string> {
    return this.scene.trigger({ workflowId });
  }

  /** Resolves when the run has begun. */
  async begun(runId: string): Promise<void> {
    while ((await this.scene.run(runId)).state !== "RUNNING") await turn();
  }

  /** Resolves when no process runs any more. What the agent waits for meanwhile passes. */
  async idle(): Promise<void> {
    while (this.agent.running > 0) await this.clock.pass(10);
  }

  /** Resolves with the state that the run ended in. */
  async final(runId: string): Promise<string> {
    return (await this.scene.ask("WAITRUN", { run: runId, waitMs: 60_000 }).reply).run.state;
  }

  async state(runId: string): Promise<string> {
    return (await this.scene.run(runId)).state;
  }

  /** Waits for the agent's end. Resolves with the error it ended with. */
  async end(): Promise<unknown> {
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.agent.cancelAll("the test is over");
    this.agent.drain();
    this.link.mend();
    await this.#ended;
    await this.scene[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}
