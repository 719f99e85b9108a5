/**
 * Triggers workflows by their cron expressions. An event listener like any other: a client of the principal's API.
 *
 * Each due time is triggered under the key `cron:<workflow>:<due time>`, so that a restart or a second scheduler starts
 * nothing twice. Times that passed while no scheduler was there are not made up. Of those that passed while the principal was
 * not there to take them, each workflow is triggered for the first.
 */
import { type Clock, sleep } from "../clock/mod.ts";
import { isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import { messageOf, type OperatorLog } from "../core/mod.ts";
import { maxWaitMs, type ReplyTo, type WorkflowSummary } from "../wire/mod.ts";
import { Timetable } from "./timetable.ts";

/** The pause after a request that failed. */
const retryPauseMs = 1000;

/** Options of a {@linkcode Scheduler}. */
export interface SchedulerOptions {
  /** Closed by its owner, not by the scheduler. */
  readonly client: PrincipalClient;
  readonly clock: Clock;
  readonly log: OperatorLog;
  /**
   * The timer is set no further ahead than this, in milliseconds, so that a wall clock that was put forward is noticed.
   *
   * @default 500
   */
  readonly longestTimerMs?: number;
}

/** See the top of this file. Runs from start to stop. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #timetable = new Timetable();
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();
  readonly #triggering = new Set<Promise<void>>();
  /** Workflows whose trigger failed and is tried again. */
  readonly #retrying = new Set<string>();
  #cancelTimer: () => void = () => {};
  #lastLookMs = -Infinity;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Begins to follow the workflows and to trigger them. */
  start(): void {
    this.#following = this.#followWorkflows();
  }

  /** Ends; what is being triggered at this moment is given up, and its principal may have taken it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelTimer();
    await Promise.all([this.#following, ...this.#triggering]);
  }

  async #followWorkflows(): Promise<void> {
    const { client, clock, log } = this.#options;
    const { signal } = this.#stopping;
    let knownRevision: number | null = null;
    while (!signal.aborted) {
      try {
        const reply: ReplyTo<"WORKFLOWS"> = await client.call("WORKFLOWS", { knownRevision, waitMs: maxWaitMs }, {
          signal,
        });
        if (signal.aborted) return;
        if (reply.revision !== knownRevision) this.#take(reply.workflows);
        knownRevision = reply.revision;
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`cannot learn the workflows: ${messageOf(error)}`);
        await sleep(clock, retryPauseMs, signal).catch(() => {});
      }
    }
  }

  #take(workflows: readonly WorkflowSummary[]): void {
    const { log, clock } = this.#options;
    const problems = this.#timetable.update(workflows, clock.nowMs());
    for (const problem of problems) log.error(problem);
    log.info(`${this.#timetable.size} of ${workflows.length} workflows have a schedule`);
    this.#arm();
  }

  #arm(): void {
    this.#cancelTimer();
    if (this.#stopping.signal.aborted) return;
    const nextMs = this.#timetable.nextDueMs();
    const { clock, longestTimerMs = 500 } = this.#options;
    const delayMs = Math.min((nextMs ?? Infinity) - clock.nowMs(), longestTimerMs);
    this.#cancelTimer = clock.setTimer(delayMs, () => {
      this.#look();
      this.#arm();
    });
  }

  #look(): void {
    const nowMs = this.#options.clock.nowMs();
    // The wall clock was put back: what comes next by the new time may be long before what was next by the old.
    if (nowMs < this.#lastLookMs) this.#timetable.restart(nowMs);
    this.#lastLookMs = nowMs;
    for (const { workflowId, dueMs } of this.#timetable.takeDue(nowMs)) {
      if (this.#retrying.has(workflowId)) {
        this.#options.log.warn(
          `${workflowId} is not triggered for ${isoTime(dueMs)}: an earlier trigger still waits for the principal`,
        );
        continue;
      }
      const triggering = this.#trigger(workflowId, dueMs);
      this.#triggering.add(triggering);
      triggering.finally(() => this.#triggering.delete(triggering));
    }
  }

  /** Tries until the principal has taken the trigger, or refuses it for good. Never rejects. */
  async #trigger(workflowId: string, dueMs: number): Promise<void> {
    const { client, clock, log } = this.#options;
    const { signal } = this.#stopping;
    const request = {
      workflowId,
      trigger: "cron",
      params: {},
      idempotencyKey: `cron:${workflowId}:${dueMs}`,
      reason: `its schedule was due at ${isoTime(dueMs)}`,
    } as const;
    while (!signal.aborted) {
      try {
        await client.call("RUN", request, { signal });
        break;
      } catch (error) {
        if (signal.aborted) break;
        if (!isWorthAnotherTry(error)) {
          log.error(`${workflowId} was not triggered for ${isoTime(dueMs)}: ${messageOf(error)}`);
          break;
        }
        if (!this.#retrying.has(workflowId)) log.warn(`cannot trigger ${workflowId} yet: ${messageOf(error)}`);
        this.#retrying.add(workflowId);
        await sleep(clock, retryPauseMs, signal).catch(() => {});
      }
    }
    this.#retrying.delete(workflowId);
  }
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
