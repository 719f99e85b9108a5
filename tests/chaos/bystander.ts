/** Another client's view of a flood: how long it takes from its trigger to the start of its run. */
import { fileURLToPath } from "node:url";
import { percentile } from "../../bench/measure/figures.ts";
import type { Fleet } from "./fleet.ts";
import { until } from "./scenario.ts";
import { singleTask } from "./workflows.ts";

/** The label of the agent that works for the bystander, and of its workflow. */
const label = "bystander";
const firstSampleLimitMs = 30_000;

/** What it saw, in whole milliseconds. */
export interface Latency {
  readonly samples: number;
  /** From trigger to start. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From trigger to the news that the run has ended, the longest. */
  readonly heardMaxMs: number;
}

/** See the top of this file. It has an agent of its own, and its runs go first. */
export class Bystander implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #samples: { sentAtMs: number; startedMs: number; heardMs: number }[] = [];
  #problem = "";
  #isClosed = false;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = this.#read();
  }

  /** Puts the bystander's workflow and agent in place. To be called once, when the principal runs. */
  static async start(fleet: Fleet): Promise<Bystander> {
    await fleet.place.write("bystander", singleTask("true", `labels: [${label}]\npriority: 100`));
    await fleet.startAgent("bystander", { slots: 1, env: { CDKTR_AGENT_LABELS: label } });
    const { port, logsInPort, logsOutPort } = fleet.principalPorts;
    await using client = fleet.client();
    await until("the bystander's workflow to be known", firstSampleLimitMs, async () => {
      const { workflows } = await client.call("WORKFLOWS", { knownRevision: null, waitMs: 0 });
      return workflows.some(({ id }) => id === "bystander");
    });
    const script = fileURLToPath(new URL("bystander_process.ts", import.meta.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", script, ...[port, logsInPort, logsOutPort].map(String), "bystander"],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const bystander = new Bystander(child);
    try {
      await until("the bystander's first run", firstSampleLimitMs, () => bystander.#samples.length > 0);
      return bystander;
    } catch (error) {
      await bystander[Symbol.asyncDispose]();
      throw new Error(`${error instanceof Error ? error.message : error}\n${bystander.#problem}`);
    }
  }

  /**
   * What it saw of all triggers that were under way at some moment of a time (Unix milliseconds). Waits for the answer to
   * the last of them.
   *
   * @throws When there was none, or when one of its runs did not complete.
   */
  async seen(fromMs: number, toMs: number): Promise<Latency> {
    await until("the bystander to hear of its last run", 120_000, () => {
      if (this.#problem !== "") throw new Error(this.#problem);
      return this.#samples.some(({ sentAtMs }) => sentAtMs > toMs);
    });
    const seen = this.#samples.filter(({ sentAtMs, heardMs }) => sentAtMs + heardMs >= fromMs && sentAtMs <= toMs);
    if (seen.length === 0) throw new Error("the bystander had no run in that time");
    const times = seen.map(({ startedMs }) => startedMs);
    return {
      samples: seen.length,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      heardMaxMs: Math.max(...seen.map(({ heardMs }) => heardMs)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It ended by itself.
    }
    await this.#reading;
  }

  async #read(): Promise<void> {
    const errors = new Response(this.#child.stderr).text();
    let rest = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [sentAtMs = NaN, startedMs = NaN, heardMs = NaN] = line.split(" ").map(Number);
        this.#samples.push({ sentAtMs, startedMs, heardMs });
      }
    }
    await this.#child.status;
    if (!this.#isClosed) this.#problem = `the bystander ended: ${await errors}`;
  }
}
