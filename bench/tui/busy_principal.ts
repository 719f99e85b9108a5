/** A principal with many workflows and a long past, where runs change and a task prints for as long as one wants. */
import type { PrincipalClient } from "../../src/client/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { encodeLogLine, logPayload } from "../../src/wire/mod.ts";
import { type CdktrProcess, Place } from "../../tests/system/processes.ts";
import { shellWorkflow } from "../../tests/system/workflows.ts";
import { PastRuns } from "../journal/past_runs.ts";

/** How much there is. */
export interface BusyOptions {
  readonly workflows: number;
  /** That have ended, in the last 24 hours. */
  readonly pastRuns: number;
}

/** A run that goes on. */
export interface OpenRun {
  readonly runId: string;
  readonly workflowId: string;
}

interface Attempt {
  readonly runId: string;
  readonly attempt: number;
}

const dayMs = 86_400_000;
const holder = { agentId: "ada@bench/AG", session: "session-1" };
/** Runs that are open at a time while runs change. */
const openRuns = 30;
/** Lines are sent in batches this far apart, in milliseconds. */
const logTickMs = 20;

/** See the top of this file. */
export class BusyPrincipal implements AsyncDisposable {
  readonly place: Place;
  /** Characters that tasks have printed, ends of lines included. */
  printedChars = 0;
  readonly #process: CdktrProcess;
  readonly #client: PrincipalClient;
  readonly #workflows: number;
  #triggered = 0;
  #sequence = 0;
  /** Runs that this agent has begun, longest first. */
  readonly #begun: Attempt[] = [];
  /** Runs that it has begun and does not end. */
  readonly #others: Attempt[] = [];

  private constructor(place: Place, process: CdktrProcess, workflows: number) {
    this.place = place;
    this.#process = process;
    this.#client = place.client();
    this.#workflows = workflows;
  }

  static async start({ workflows, pastRuns }: BusyOptions): Promise<BusyPrincipal> {
    await using made = new AsyncDisposableStack();
    const place = made.use(await Place.make());
    const text = shellWorkflow({ only: { run: "true" }, then: { run: "true", depends: ["only"] } });
    for (let index = 0; index < workflows; index++) await place.write(`workflow${index}`, text);
    await Deno.mkdir(`${place.path}/kept`);
    const journal = SqliteJournal.open(`${place.path}/kept/state.db`);
    const stepMs = dayMs / pastRuns;
    await new PastRuns(journal, Date.now() - dayMs, stepMs).add(pastRuns, "ended");
    await journal.close();
    const process = made.use(await place.startPrincipal());
    made.move();
    return new BusyPrincipal(place, process, workflows);
  }

  /** Has runs change this often a second: triggered, begun, ended in turns. Until `signal` is aborted. */
  async changeRuns(perSecond: number, signal: AbortSignal): Promise<void> {
    for await (const turn of ticks(1_000 / perSecond, signal)) {
      if (turn % 3 === 0) await this.#trigger();
      else if (turn % 3 === 1) await this.#begin();
      else await this.#end();
    }
  }

  /** Triggers a run that goes on. */
  async openRun(): Promise<OpenRun> {
    const { runId, workflowId } = await this.#trigger();
    // Those that have waited longer come first.
    for (;;) {
      await this.#begin();
      const place = this.#begun.findIndex((begun) => begun.runId === runId);
      if (place >= 0) {
        this.#others.push(...this.#begun.splice(place, 1));
        return { runId, workflowId };
      }
    }
  }

  /** Has a task of a run print so many lines a second, until `signal` is aborted. */
  async print({ runId, workflowId }: OpenRun, perSecond: number, signal: AbortSignal): Promise<void> {
    const beganMs = performance.now();
    let printed = 0;
    for await (const _ of ticks(logTickMs, signal)) {
      for (const due = (performance.now() - beganMs) / 1_000 * perSecond; printed < due; printed++) {
        const text = lineText(printed);
        this.printedChars += text.length + 1;
        const line = encodeLogLine({
          workflowId,
          workflowName: "For a test",
          workflowInstanceId: runId,
          taskName: `Task ${printed % 7 === 0 ? "then" : "only"}`,
          taskInstanceId: `${printed % 7 === 0 ? "then" : "only"}-1`,
          timeMs: Date.now(),
          ...logPayload(printed % 50 === 0 ? "stderr" : "stdout", text),
          extra: [],
        });
        if (!this.#client.tryPushLog(line)) await this.#client.pushLog(line, signal).catch(() => {});
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.#process[Symbol.asyncDispose]();
    await this.place[Symbol.asyncDispose]();
  }

  async #trigger(): Promise<OpenRun> {
    const workflowId = `workflow${this.#triggered++ % this.#workflows}`;
    const { runId } = await this.#client.call("RUN", {
      workflowId,
      trigger: "manual",
      params: {},
      idempotencyKey: null,
      dueMs: null,
      reason: "a benchmark",
    });
    return { runId, workflowId };
  }

  async #begin(): Promise<void> {
    const { begin } = await this.#client.call("WORK", {
      ...holder,
      version: "1",
      sequence: this.#sequence++,
      slots: 1,
      offers: ["beyond-original"],
      holding: [...this.#begun, ...this.#others].map((attempt) => ({
        ...attempt,
        cancelling: false,
        paused: false,
        cancelTasks: [],
      })),
      slotsTotal: 40,
      outlived: [],
      stopping: false,
      onlyRun: null,
      waitMs: 1_000,
    });
    for (const { runId, attempt } of begin) {
      const one = { kind: "run", runId, attempt, state: "RUNNING", reason: null, instanceId: null } as const;
      await this.#client.call("REPORT", { ...holder, reports: [one] });
      this.#begun.push({ runId, attempt });
    }
  }

  async #end(): Promise<void> {
    const ended = this.#begun.length > openRuns ? this.#begun.shift() : undefined;
    if (ended === undefined) return;
    const state = this.#triggered % 10 === 0 ? "FAILED" : "COMPLETED";
    const one = { kind: "run", ...ended, state, reason: null, instanceId: null } as const;
    await this.#client.call("REPORT", { ...holder, reports: [one] });
  }
}

/** Lines that have little in common with the ones above and below them: 45 to 100 characters, 73 on average. */
function lineText(index: number): string {
  const number = (index * 2_654_435_761) % 4_294_967_296;
  const word = number.toString(36);
  const path = `/srv/data/${word}/part-${number % 100_000}.parquet`;
  switch (index % 5) {
    case 0:
      return `read ${number % 90_000} rows from ${path} in ${number % 977} ms, ${number % 31} of them without a key`;
    case 1:
      return `${word} ${index}: ${(number / 1_000).toFixed(2)} MiB written to ${path}`;
    case 2:
      return `[${word.toUpperCase()}] checked ${index} of 1000000: ${number % 7} problems, next is customer ${number}`;
    case 3:
      return `warning: the column amount_${number % 100} of ${word} holds ${number % 1_000} values out of range`;
    default:
      return `commit ${number.toString(16).padStart(8, "0")}${word} took ${number % 300} ms`;
  }
}

/** Counts up, one each `everyMs`, without drifting, until `signal` is aborted. */
async function* ticks(everyMs: number, signal: AbortSignal): AsyncGenerator<number, void> {
  const beganMs = performance.now();
  for (let turn = 0; !signal.aborted; turn++) {
    const waitMs = beganMs + turn * everyMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    yield turn;
  }
}
