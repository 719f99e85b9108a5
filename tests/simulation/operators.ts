/** People and programs that trigger runs and steer them, and take down what they were told. */
import { isWorthAnotherTry, PrincipalClient } from "../../src/client/mod.ts";
import { sleep } from "../../src/clock/mod.ts";
import { CdktrError, isFinal } from "../../src/core/mod.ts";
import type { JournalModel } from "./journal_model.ts";
import { Machine, SimProcess } from "./machine.ts";
import { type Network, requestTimeoutMs } from "./network.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { workflowOf, workflows } from "./workflows.ts";
import type { World } from "./world.ts";

/** Errors that a client may get for what it asks here; any other is a defect. */
const expectedCodes = ["UNREACHABLE", "TIMED_OUT", "STORAGE", "SHUTTING_DOWN", "LIMIT_EXCEEDED", "CONFLICT"];
/** Tries of one trigger that is repeated until it is answered. */
const triesMax = 30;
const reason = "an operator wants it";

/** One operator. */
export class Operator {
  readonly machine: Machine;
  /** Runs that a reply told of. */
  readonly accepted = new Set<string>();
  readonly #world: World;
  readonly #model: JournalModel;
  readonly #process: SimProcess;
  readonly #client: PrincipalClient;
  readonly #random: SeededRandom;
  readonly #runOfKey = new Map<string, string>();
  #isActive = true;
  #keys = 0;

  constructor(world: World, network: Network, model: JournalModel, name: string) {
    this.#world = world;
    this.#model = model;
    this.machine = new Machine(world, name);
    this.#process = new SimProcess(this.machine, name);
    this.#random = world.random.fork(name);
    this.#client = PrincipalClient.overLink(network.link(this.#process), {
      clock: this.#process,
      random: this.#random,
      version: "1.0.0",
      role: "cli",
      timeoutMs: requestTimeoutMs,
    });
  }

  /** Acts every now and then. */
  start(meanPauseMs: number): void {
    const next = () => {
      if (!this.#isActive) return;
      this.#begin(this.#act());
      this.#process.setTimer(this.#random.exponential(meanPauseMs), next);
    };
    this.#process.setTimer(this.#random.exponential(meanPauseMs), next);
  }

  /** Acts no more; what was begun is finished. */
  stop(): void {
    this.#isActive = false;
  }

  /** Lets every run go on that stands still, until none does. */
  resumeAll(): void {
    const next = () => {
      for (const { triggered: { runId }, paused } of this.#model.open) {
        if (paused) this.#begin(this.#pause(runId, false));
      }
      this.#process.setTimer(10_000, next);
    };
    next();
  }

  #begin(action: Promise<void>): void {
    action.catch((error: unknown) => {
      if (error instanceof CdktrError && expectedCodes.includes(error.code)) return;
      this.#world.violated("nothing fails unexpectedly", `${this.machine.name} was told: ${String(error)}`);
    });
  }

  #act(): Promise<void> {
    const random = this.#random;
    const action = random.fraction();
    if (action < 0.6 || this.accepted.size === 0) return this.#trigger();
    const runId = random.pick([...this.accepted].slice(-8));
    if (action < 0.68) return this.#cancel(runId);
    if (action < 0.74) return this.#cancelTask(runId);
    if (action < 0.8) return this.#retry(runId);
    if (action < 0.88) return this.#pause(runId, random.chance(0.5));
    return this.#wait(runId);
  }

  async #trigger(): Promise<void> {
    const random = this.#random;
    const workflow = random.pick(workflows.filter(({ cron }) => cron === null));
    const hasKey = random.chance(0.7);
    const isOld = hasKey && this.#keys > 0 && random.chance(0.2);
    const key = hasKey ? `${this.machine.name}:${isOld ? random.integer(1, this.#keys) : ++this.#keys}` : null;
    // A key stands for one wish; whoever uses it again means the same.
    const workflowId = key === null
      ? workflow.id
      : random.fork(key).pick(workflows.filter(({ cron }) => cron === null)).id;
    for (let tries = 1; tries <= (key === null ? 1 : triesMax); tries++) {
      try {
        const reply = await this.#client.call("RUN", {
          ...{ workflowId, params: {}, idempotencyKey: key, dueMs: null, reason },
          trigger: "manual",
        });
        this.#accepted(reply.runId, key, reply.duplicate);
        // The reply was lost on its way to whoever asked this program to ask.
        if (key === null || !random.chance(0.1)) return;
      } catch (error) {
        if (key === null || !isWorthAnotherTry(error)) throw error;
        await sleep(this.#process, random.between(100, 3000));
      }
    }
  }

  #accepted(runId: string, key: string | null, isDuplicate: boolean): void {
    this.#world.trace.add(this.machine.name, `is told that ${runId} was accepted${isDuplicate ? " before" : ""}`);
    this.#world.coverage.count(isDuplicate ? "triggers answered as repeated" : "triggers accepted");
    this.accepted.add(runId);
    if (!this.#model.runs.has(runId)) this.#notDurable(`run ${runId} was accepted, and is not in the journal`);
    if (key === null) return;
    const earlier = this.#runOfKey.get(key);
    if (earlier !== undefined && earlier !== runId) {
      this.#world.violated("a key counts once", `${key} was answered with ${earlier}, then with ${runId}`);
    }
    this.#runOfKey.set(key, runId);
  }

  async #cancel(run: string): Promise<void> {
    const { outcome } = await this.#client.call("CANCEL", { run, task: null, reason });
    this.#world.coverage.count(`cancellations: ${outcome}`);
    if (outcome === "done" && !this.#model.runs.get(run)?.statuses.includes("CANCELLED")) {
      this.#notDurable(`run ${run} was told to be cancelled, and is ${this.#model.runs.get(run)?.state}`);
    }
  }

  async #cancelTask(run: string): Promise<void> {
    const workflowId = this.#model.runs.get(run)?.triggered.workflowId;
    if (workflowId === undefined) return;
    const task = this.#random.pick(workflowOf(workflowId).tasks).id;
    const { outcome } = await this.#client.call("CANCEL", { run, task, reason });
    this.#world.coverage.count(`cancellations of a task: ${outcome}`);
  }

  async #retry(run: string): Promise<void> {
    const workflowId = this.#model.runs.get(run)?.triggered.workflowId;
    if (workflowId === undefined) return;
    const fromTask = this.#random.chance(0.5) ? this.#random.pick(workflowOf(workflowId).tasks).id : null;
    const { attempt } = await this.#client.call("RETRY", { run, fromTask, reason });
    this.#world.coverage.count("retries accepted");
    const known = this.#model.runs.get(run);
    if (known !== undefined && (known.endOfAttempt.has(attempt - 1) || known.attempt >= attempt)) return;
    this.#notDurable(`attempt ${attempt} of run ${run} was promised, and the present one is ${known?.attempt}`);
  }

  async #pause(run: string, paused: boolean): Promise<void> {
    const { outcome } = await this.#client.call("PAUSE", { run, paused, reason });
    this.#world.coverage.count(`${paused ? "pauses" : "resumptions"}: ${outcome}`);
  }

  async #wait(wanted: string): Promise<void> {
    const { run } = await this.#client.call("WAITRUN", { run: wanted, waitMs: 5000 });
    this.#world.coverage.count(isFinal(run.state) ? "ends waited for" : "waits that were too short");
    const known = this.#model.runs.get(wanted);
    if (isFinal(run.state) && known?.endOfAttempt.get(run.attempt) !== run.state) {
      this.#notDurable(`attempt ${run.attempt} of run ${wanted} was told to be ${run.state}, and is ${known?.state}`);
    }
  }

  #notDurable(what: string): void {
    this.#world.violated("a reply rests on what is durable", what);
  }
}
