/**
 * Triggers workflows by their cron expressions. An event listener like any other: a client of the principal's API.
 *
 * Each due time is triggered under the key `cron:<workflow>:<due time>`, so that a restart or a second scheduler starts
 * nothing twice.
 *
 * A workflow with `catchup: N` has the newest N of the due times made up that were missed, oldest first: those that passed
 * since the principal's watermark while no scheduler was there, while this process stood still, or while the principal
 * could not be reached. Without it, what passed while no scheduler was there is not made up, and of what passed while the
 * principal was not there to take it, the workflow is triggered for the first.
 */
import { type Clock, sleep } from "../clock/mod.ts";
import { isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import { messageOf, type OperatorLog } from "../core/mod.ts";
import { maxWaitMs, type ReplyTo, type WorkflowSummary } from "../wire/mod.ts";
import { latestFireTimes } from "../workflow/definition.ts";
import { Lane, type Owed } from "./lane.ts";
import { type Missed, Timetable } from "./timetable.ts";

/** The pause after a request that failed. */
const retryPauseMs = 1000;

/** How long the search for missed due times may hold up everything else. */
const longestSearchMs = 10;

/** Missed due times of all workflows that wait for the principal; beyond it the search pauses. */
const owedMissedMax = 20_000;

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
  /** Lanes being served, and searches for what was missed. None of these promises rejects. */
  readonly #underWay = new Set<Promise<void>>();
  /** What a workflow missed is being found out until its promise resolves. */
  readonly #searches = new Map<string, Promise<void>>();
  /** Of workflows for which something is to be triggered. */
  readonly #lanes = new Map<string, Lane>();
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
    await Promise.all([this.#following, ...this.#underWay]);
  }

  async #followWorkflows(): Promise<void> {
    const { client, clock, log } = this.#options;
    const { signal } = this.#stopping;
    let knownRevision: number | null = null;
    let isNewContact = true;
    while (!signal.aborted) {
      try {
        const reply: ReplyTo<"WORKFLOWS"> = await client.call("WORKFLOWS", { knownRevision, waitMs: maxWaitMs }, {
          signal,
        });
        if (signal.aborted) return;
        if (reply.revision !== knownRevision) this.#take(reply.workflows, isNewContact);
        knownRevision = reply.revision;
        isNewContact = false;
      } catch (error) {
        if (signal.aborted) return;
        // It may come back with other workflows, and having missed what others would have triggered.
        knownRevision = null;
        isNewContact = true;
        log.warn(`cannot learn the workflows: ${messageOf(error)}`);
        await sleep(clock, retryPauseMs, signal).catch(() => {});
      }
    }
  }

  #take(workflows: readonly WorkflowSummary[], isNewContact: boolean): void {
    const { log, clock } = this.#options;
    const { problems, missed } = this.#timetable.update(workflows, clock.nowMs(), isNewContact);
    for (const problem of problems) log.error(problem);
    for (const lane of this.#lanes.values()) if (!this.#timetable.has(lane.workflowId)) lane.clear();
    if (missed.length > 0) this.#keep(this.#makeUp(missed));
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
    const { due, missed } = this.#timetable.takeDue(nowMs);
    for (const { workflowId, dueMs, catchup } of due) this.#owe(workflowId, [{ dueMs, isMissed: false }], catchup);
    if (missed.length > 0) this.#keep(this.#makeUp(missed));
  }

  /** Finds out what was missed and has it triggered. Thousands of workflows may have missed a thousand times each. */
  async #makeUp(missed: readonly Missed[]): Promise<void> {
    const searches = missed.map(({ workflowId }) => {
      const search = Promise.withResolvers<void>();
      this.#searches.set(workflowId, search.promise);
      return { workflowId, ...search };
    });
    await this.#search(missed, (index) => searches[index]?.resolve());
    for (const { workflowId, promise, resolve } of searches) {
      resolve();
      if (this.#searches.get(workflowId) === promise) this.#searches.delete(workflowId);
    }
  }

  /** @param onSearched Told the place of each workflow in `missed` once it is known what it missed. */
  async #search(missed: readonly Missed[], onSearched: (index: number) => void): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    let turnBeganMs = clock.monotonicMs();
    let owedAtMost = this.#owedCount();
    for (const [index, { workflowId, schedule, afterMs, untilMs, catchup }] of missed.entries()) {
      const times = latestFireTimes(schedule, afterMs, untilMs, catchup);
      if (times.length > 0) {
        const count = times.length === 1 ? "a due time that was missed is" : `${times.length} missed due times are`;
        log.info(`${workflowId}: ${count} made up`);
        this.#owe(workflowId, times.map((dueMs) => ({ dueMs, isMissed: true })), catchup);
      }
      onSearched(index);
      owedAtMost += times.length;
      if (clock.monotonicMs() - turnBeganMs < longestSearchMs && owedAtMost <= owedMissedMax) continue;
      await sleep(clock, 0, signal).catch(() => {});
      while (!signal.aborted && this.#owedCount() > owedMissedMax) {
        await sleep(clock, retryPauseMs, signal).catch(() => {});
      }
      if (signal.aborted) return;
      turnBeganMs = clock.monotonicMs();
      owedAtMost = this.#owedCount();
    }
  }

  #owedCount(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.size;
    return count;
  }

  #owe(workflowId: string, times: readonly Owed[], catchup: number): void {
    const open = this.#lanes.get(workflowId);
    const lane = open ?? new Lane(workflowId);
    const late = lane.isFailing ? times.map(({ dueMs }) => ({ dueMs, isMissed: true })) : times;
    this.#tellGivenUp(lane, lane.add(late, catchup));
    if (open !== undefined) return;
    this.#lanes.set(workflowId, lane);
    this.#keep(this.#serve(lane));
  }

  /** Triggers what is in the lane, one after the other, until it is empty. Never rejects. */
  async #serve(lane: Lane): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    const { workflowId } = lane;
    // A later due time must not be triggered before what was missed is known: none before it would count as missed then.
    await this.#searches.get(workflowId);
    for (let owed = lane.first; owed !== undefined && !signal.aborted; owed = lane.first) {
      try {
        await this.#trigger(workflowId, owed);
        lane.settle(owed);
      } catch (error) {
        if (signal.aborted) break;
        if (!isWorthAnotherTry(error)) {
          log.error(`${workflowId} was not triggered for ${isoTime(owed.dueMs)}: ${messageOf(error)}`);
          lane.settle(owed);
          continue;
        }
        if (!lane.isFailing) log.warn(`cannot trigger ${workflowId} yet: ${messageOf(error)}`);
        this.#tellGivenUp(lane, lane.fail());
        await sleep(clock, retryPauseMs, signal).catch(() => {});
      }
      await this.#searches.get(workflowId);
    }
    this.#lanes.delete(workflowId);
  }

  async #trigger(workflowId: string, { dueMs, isMissed }: Owed): Promise<void> {
    const { client, log } = this.#options;
    const { skipped } = await client.call("RUN", {
      workflowId,
      trigger: "cron",
      params: {},
      idempotencyKey: `cron:${workflowId}:${dueMs}`,
      dueMs,
      reason: `its schedule was due at ${isoTime(dueMs)}${isMissed ? ", which was missed and is made up" : ""}`,
    }, { signal: this.#stopping.signal });
    if (skipped !== null) log.info(`${workflowId} does not run for ${isoTime(dueMs)}: ${skipped}`);
  }

  #tellGivenUp({ workflowId, isFailing }: Lane, givenUp: readonly Owed[]): void {
    const why = isFailing ? "others wait for the principal already" : "the principal is too slow for its schedule";
    for (const { dueMs } of givenUp) {
      this.#options.log.warn(`${workflowId} is not triggered for ${isoTime(dueMs)}: ${why}`);
    }
  }

  #keep(work: Promise<void>): void {
    this.#underWay.add(work);
    work.finally(() => this.#underWay.delete(work));
  }
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
