/**
 * An agent: asks its principal for work while it has room, runs it, and reports.
 *
 * ```
 * working --drain()--> draining --all ended, all reported--> gone
 *    |                    ^
 *    +--principal lost----+   (what runs is finished first; what could not be delivered is told)
 * ```
 */
import { type Clock, type Random, sleep } from "../clock/mod.ts";
import { isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import {
  CdktrError,
  counted,
  makeRunId,
  messageOf,
  type OperatorLog,
  type Report,
  runIdRandomBytes,
} from "../core/mod.ts";
import { CdktrDispatcher, type DispatcherOptions } from "./cdktr_dispatcher.ts";
import type { AgentSide, Assignment, Dispatcher, HeldAttempt, Wish } from "./dispatcher.ts";
import type { Workplace } from "./executor.ts";
import { type LogOutlet, pushedLogs } from "./log_outlet.ts";
import { OriginalDispatcher } from "./original_dispatcher.ts";
import { Patience } from "./patience.ts";
import { Pulse } from "./pulse.ts";
import { spooledLogs, type SpoolPlace } from "./spooled_logs.ts";
import { toTaskReport } from "./task_event.ts";
import { WorkflowRun } from "./workflow_run.ts";

/** So many runs are named when their end could not be reported. */
const namedRunsMax = 5;

/** Options of an {@linkcode Agent}. */
export interface AgentOptions {
  /** What the agent is called, such as `alice@build01/AG`. Need not be unique. */
  readonly agentId: string;
  readonly version: string;
  /** Closed by its owner, not by the agent. */
  readonly client: PrincipalClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: OperatorLog;
  /** Runs at a time; {@linkcode Agent.takeAtMost} changes it. */
  readonly maxConcurrentRuns: number;
  /** Tasks of one run at a time. */
  readonly maxParallelTasks: number;
  /** Where the tasks run. The agent opens and closes it. */
  readonly workplace: Workplace;
  /** Where log lines are kept until a principal of ours has them. */
  readonly spool: SpoolPlace;
  /** What the agent is for: it gets runs that ask for these labels, or for none. */
  readonly labels: readonly string[];
  /** CDKTR_RETRY_ATTEMPTS. */
  readonly retryAttempts: number;
  /** CDKTR_DEFAULT_ZMQ_TIMEOUT_MS. */
  readonly timeoutMs: number;
  /** The only run to take. @default any */
  readonly onlyRunId?: string;
  /** Told when it begins to look for its principal, and when it has found it. @default nobody */
  readonly onStanding?: (standing: "seeking" | "working") => void;
}

interface Held extends Pick<HeldAttempt, "runId" | "attempt"> {
  readonly canceller: AbortController;
  cancelling: boolean;
  wish: Wish;
  /** Null before its tasks may start. */
  run: WorkflowRun | null;
  hasEnded: boolean;
  /** Settles when nothing of it runs any more. */
  readonly ended: PromiseWithResolvers<void>;
}

/** See the top of this file. */
export class Agent implements AgentSide {
  readonly #options: AgentOptions;
  readonly #session: string;
  /** By run and attempt. */
  readonly #held = new Map<string, Held>();
  readonly #asking = new AbortController();
  #dispatcher: Dispatcher | null = null;
  #logs: LogOutlet | null = null;
  #isDraining = false;
  #maxConcurrentRuns: number;
  readonly #ended = new Pulse();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#maxConcurrentRuns = options.maxConcurrentRuns;
    this.#session = makeRunId(options.clock.nowMs(), options.random.bytes(runIdRandomBytes));
  }

  /** How many runs have not ended. */
  get running(): number {
    return [...this.#held.values()].filter(({ hasEnded }) => !hasEnded).length;
  }

  /**
   * Works until {@linkcode Agent.drain} is called and everything begun is finished and reported.
   *
   * @throws {CdktrError} UNREACHABLE when the principal was lost for good, saying what could not be delivered. What was
   * running has been finished first. STORAGE when its workplace cannot be used.
   */
  async run(): Promise<void> {
    const { workplace } = this.#options;
    const outlived = await workplace.open(this.#session);
    this.#options.onStanding?.("seeking");
    try {
      await this.#runThere(outlived);
    } finally {
      this.#logs?.close();
      workplace.close();
    }
  }

  async #runThere(outlived: readonly string[]): Promise<void> {
    const dispatcher = this.#dispatcher = await this.#meetPrincipal(outlived);
    if (dispatcher === null) return;
    this.#options.onStanding?.("working");
    const loss = await this.#work(dispatcher);
    await this.#allEnded();
    await dispatcher.outbox.settled();
    if (loss === null) await Promise.all([this.#logs?.drain(), dispatcher.windUp()]);
    const undelivered = dispatcher.outbox.waiting;
    if (undelivered.length === 0) await dispatcher.leave(this.#isDraining ? "it was asked to stop" : "it gave up");
    if (loss === null && undelivered.length === 0) return;
    const { address } = this.#options.client;
    throw new CdktrError("UNREACHABLE", `The principal at ${address} was lost; ${inWords(undelivered)}.`, {
      hint: "Its runs there end as CRASHED. Look at the principal, then start the agent again.",
      cause: loss,
    });
  }

  /** Takes no more work. What runs is finished. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#dispatcher?.slotsChanged.beat();
    if (this.running === 0) this.#asking.abort();
  }

  /** From now on takes so many runs at a time. What runs beyond them is finished. */
  takeAtMost(concurrentRuns: number): void {
    this.#maxConcurrentRuns = concurrentRuns;
    this.#dispatcher?.slotsChanged.beat();
  }

  /** Cancels everything that runs, for an end that cannot wait. */
  cancelAll(reason: string): void {
    for (const { runId, attempt } of this.#held.values()) this.end(runId, attempt, reason);
  }

  get isStopping(): boolean {
    return this.#isDraining;
  }

  get slotsTotal(): number {
    return this.#isDraining ? this.running : this.#maxConcurrentRuns;
  }

  freeSlots(): number {
    this.#forgetReported();
    return this.#isDraining ? 0 : Math.max(this.#maxConcurrentRuns - this.running, 0);
  }

  held(): readonly HeldAttempt[] {
    this.#forgetReported();
    // One that has ended waits for its reports to be taken; it need not be told to end.
    return [...this.#held.values()].map(({ runId, attempt, cancelling, hasEnded, wish }) => {
      return { runId, attempt, cancelling: cancelling || hasEnded, ...wish };
    });
  }

  begin(assignment: Assignment): void {
    const { runId, attempt, paused, cancelTasks } = assignment;
    const known = [...this.#held.values()].filter((held) => held.runId === runId);
    if (known.some((held) => held.attempt >= attempt)) return;
    for (const older of known) this.end(runId, older.attempt, `the principal assigned attempt ${attempt} of the run`);
    const held: Held = {
      ...{ runId, attempt, wish: { paused, cancelTasks }, run: null },
      ...{ canceller: new AbortController(), cancelling: false, hasEnded: false, ended: Promise.withResolvers() },
    };
    this.#held.set(keyOf(runId, attempt), held);
    this.#execute(assignment, held, known.filter(({ hasEnded }) => !hasEnded)).catch((error) => {
      this.#options.log.error(`run ${runId} could not be executed: ${messageOf(error)}`);
    });
  }

  end(runId: string, attempt: number, reason: string): void {
    const held = this.#held.get(keyOf(runId, attempt));
    if (held === undefined || held.cancelling || held.hasEnded) return;
    held.cancelling = true;
    held.canceller.abort(reason);
    this.#options.log.info(`ending run ${runId}: ${reason}`);
  }

  steer(runId: string, attempt: number, wish: Wish): void {
    const held = this.#held.get(keyOf(runId, attempt));
    if (held === undefined || held.hasEnded) return;
    const { log } = this.#options;
    if (held.wish.paused !== wish.paused) log.info(`run ${runId} ${wish.paused ? "pauses" : "goes on"}`);
    for (const taskId of wish.cancelTasks) {
      if (!held.wish.cancelTasks.includes(taskId)) log.info(`ending task ${taskId} of run ${runId}`);
    }
    held.wish = wish;
    held.run?.steer(wish);
  }

  /** Finds out whom it works for; null when it was asked to stop before. */
  async #meetPrincipal(outlived: readonly string[]): Promise<Dispatcher | null> {
    const { client, clock, random, log, spool, retryAttempts, timeoutMs, agentId, version, labels, onlyRunId } =
      this.#options;
    const newPatience = () => new Patience({ clock, random, attempts: retryAttempts, timeoutMs });
    const patience = newPatience();
    const session = this.#session;
    const options: DispatcherOptions = {
      ...{ agentId, session, outlived, version, labels, client, clock, random, log, newPatience },
      onReporting: () => this.#logs?.sendAhead(),
      onlyRunId: onlyRunId ?? null,
    };
    for (let isFirst = true;; isFirst = false) {
      try {
        const dialect = await client.dialect({ signal: this.#asking.signal });
        log.info(`agent ${agentId} works for the ${dialect} principal (${client.address})`);
        if (dialect === "original") {
          this.#logs = pushedLogs(client, clock);
          return new OriginalDispatcher(options, this);
        }
        this.#logs = spooledLogs({ agentId, session, client, clock, random, log, place: spool });
        return new CdktrDispatcher(options, this);
      } catch (error) {
        if (this.#asking.signal.aborted) return null;
        const pauseMs = isWorthAnotherTry(error) ? patience.failed() : null;
        if (pauseMs === null) throw error;
        if (isFirst) log.warn(`${messageOf(error)} Trying again.`);
        await sleep(clock, pauseMs, this.#asking.signal).catch(() => {});
      }
    }
  }

  /** Drops what has ended and was reported. */
  #forgetReported(): void {
    for (const [key, { runId, hasEnded }] of this.#held) {
      if (hasEnded && this.#dispatcher?.outbox.has(runId) === false) this.#held.delete(key);
    }
  }

  async #work(dispatcher: Dispatcher): Promise<CdktrError | null> {
    try {
      await dispatcher.run(this.#asking.signal);
      return null;
    } catch (error) {
      if (!(error instanceof CdktrError)) throw error;
      this.#options.log.error(
        `${error.message} The agent ends when what it runs is finished: ${counted(this.running, "run")}.`,
      );
      return error;
    }
  }

  /** @param older Attempts of the same run that are ending. Nothing of this one starts before they are gone. */
  async #execute(assignment: Assignment, held: Held, older: readonly Held[]): Promise<void> {
    const { runId, attempt, workflow, params, kept } = assignment;
    const { clock, random, log, maxParallelTasks, workplace } = this.#options;
    const ofRun = { kind: "run", runId, attempt, instanceId: null } as const;
    if (older.length > 0) await Promise.all(older.map(({ ended }) => ended.promise));
    const lines = this.#logs?.begin(assignment);
    this.#dispatcher?.outbox.add({ ...ofRun, state: "RUNNING", reason: null });
    log.info(`run ${runId} of ${workflow.id} begins`);
    try {
      held.run = new WorkflowRun({
        ...{
          workflow,
          runId,
          attempt,
          params,
          kept,
          wish: held.wish,
          executor: workplace,
          clock,
          random,
          maxParallelTasks,
        },
        newTaskRunId: () => makeRunId(clock.nowMs(), random.bytes(runIdRandomBytes)),
        signal: held.canceller.signal,
        report: (event) => this.#dispatcher?.outbox.add(toTaskReport(runId, attempt, event)),
        emit: (batch) => lines?.send(batch),
      });
      const { state, reason } = await held.run.run();
      await lines?.end();
      log.info(`run ${runId} of ${workflow.id} ended ${state}${reason === null ? "" : `: ${reason}`}`);
      this.#dispatcher?.outbox.add({ ...ofRun, state: state === "TIMED_OUT" ? "FAILED" : state, reason });
    } catch (error) {
      await lines?.end();
      this.#dispatcher?.outbox.add({ ...ofRun, state: "FAILED", reason: `the agent failed: ${messageOf(error)}` });
      throw error;
    } finally {
      held.hasEnded = true;
      held.run = null;
      held.ended.resolve();
      this.#ended.beat();
      if (this.#isDraining && this.running === 0) this.#asking.abort();
      this.#dispatcher?.slotsChanged.beat();
    }
  }

  async #allEnded(): Promise<void> {
    while (this.running > 0) await this.#ended.next;
  }
}

function keyOf(runId: string, attempt: number): string {
  return `${runId}\x01${attempt}`;
}

/** What could not be delivered, as the end of a sentence. */
function inWords(undelivered: readonly Report[]): string {
  if (undelivered.length === 0) return "nothing was left to deliver";
  const ends = undelivered.filter(({ kind, state }) => kind === "run" && state !== "RUNNING");
  const named = ends.slice(0, namedRunsMax).map(({ runId, state }) => `${runId} (${state})`).join(", ");
  const more = ends.length > namedRunsMax ? ` and ${ends.length - namedRunsMax} more` : "";
  const reports = undelivered.length === 1 ? "1 report" : `${undelivered.length} reports`;
  return `${reports} could not be delivered${named === "" ? "" : `, among them the end of the runs ${named}${more}`}`;
}
