/** Agents ask here for work and wait. A run that becomes ready goes to one of them at once. */
import type { Clock } from "../clock/mod.ts";
import type { WorkReply } from "../core/mod.ts";
import type { ReplyTo, RequestOf } from "../wire/mod.ts";
import type { Agents } from "./agents.ts";
import type { Ledger } from "./ledger.ts";

type WorkRequest = RequestOf<"WORK">;
type WorkAnswer = ReplyTo<"WORK">;

const nothing: WorkAnswer = { begin: [], end: [], steer: [] };

/** A request for work is the heartbeat of its agent; it is held for no longer than this part of what counts as death. */
const holdPartOfTimeout = 1 / 3;

/**
 * Runs are put into an answer until they have so many characters of JSON: a message that is longer than its receiver takes
 * ends the connection. The others are told with the agent's next request, which does not name them.
 */
const beginCharsMax = 8 * 1024 * 1024;

interface Waiter {
  readonly request: WorkRequest;
  /** The first call counts. */
  readonly answer: (answer: WorkAnswer | Promise<WorkAnswer>) => void;
  readonly fail: (error: unknown) => void;
}

/** What a {@linkcode WorkDesk} works with. */
export interface WorkDeskOptions {
  readonly ledger: Ledger;
  readonly agents: Agents;
  readonly clock: Clock;
  /** Silence of an agent that counts as death, in milliseconds. */
  readonly agentTimeoutMs: number;
}

/** The desk: at most one waiting request for each session. */
export class WorkDesk {
  readonly #ledger: Ledger;
  readonly #agents: Agents;
  readonly #clock: Clock;
  readonly #holdMaxMs: number;
  readonly #waiters = new Map<string, Waiter>();
  /** The request that an answer was made for. */
  readonly #requestOf = new WeakMap<WorkAnswer, WorkRequest>();

  constructor({ ledger, agents, clock, agentTimeoutMs }: WorkDeskOptions) {
    this.#ledger = ledger;
    this.#agents = agents;
    this.#clock = clock;
    this.#holdMaxMs = agentTimeoutMs * holdPartOfTimeout;
  }

  /**
   * Serves a request for work; holds it while there is none.
   *
   * @param gone Aborts when the agent's connection is lost: nothing must be handed to it any more.
   */
  async ask(request: WorkRequest, gone: AbortSignal): Promise<WorkAnswer> {
    const { agentId, session, version, sequence, offers, stopping } = request;
    const slots = request.slotsTotal ?? request.slots + request.holding.length;
    this.#agents.hear(agentId, session, { version, slots, stopping, offers });
    // A request that was overtaken by a newer one knows less of what its agent holds: serving it would hand out twice.
    if (!this.#agents.advance(agentId, session, sequence)) return nothing;
    this.dismiss(session);
    const { reply, committed } = this.#decide(request, request.slots);
    if (isEmpty(reply)) return gone.aborted || request.waitMs === 0 ? nothing : await this.#hold(request, gone);
    await committed;
    return this.#toAnswer(request, reply);
  }

  /**
   * Takes back what was handed to an agent that could not be reached any more. If the agent has asked again meanwhile, that
   * newer request has been told of the same attempts, and they stay with it.
   */
  async undelivered(answer: WorkAnswer): Promise<void> {
    const request = this.#requestOf.get(answer);
    if (request === undefined || answer.begin.length === 0) return;
    const { agentId, session, sequence } = request;
    if (this.#agents.sequenceOf(agentId, session) !== sequence) return;
    const reason = "the agent was gone before it could be told";
    const returned = answer.begin.map(({ runId, attempt }) =>
      this.#ledger.executeNow("return_run", { runId, attempt, reason }).committed
    );
    this.offer();
    await Promise.all(returned);
  }

  /** Hands out what became ready since. To be called when a run was queued. Never throws: an agent that cannot be served is told. */
  offer(): void {
    const { queue } = this.#ledger.state;
    if (queue.size === 0) return;
    const free = [...this.#waiters.values()].filter(({ request }) => request.slots > 0);
    for (const [index, waiter] of free.entries()) {
      if (queue.size === 0) return;
      // An even share for each agent that still waits, so that one does not take all while others idle.
      const share = Math.ceil(queue.size / (free.length - index));
      this.#serveWaiter(waiter, Math.min(waiter.request.slots, share));
    }
  }

  /** Tells the agent that holds a run what is wished of it. To be called after each such wish. */
  nudgeHolderOf(runId: string): void {
    const waiter = this.#waiters.get(this.#ledger.state.runs.get(runId)?.session ?? "");
    if (waiter !== undefined) this.#serveWaiter(waiter, waiter.request.slots);
  }

  /** Does the same for every run of a workflow. */
  nudgeHoldersOf(workflowId: string): void {
    for (const { runId } of this.#ledger.state.runsOfWorkflow(workflowId)) this.nudgeHolderOf(runId);
  }

  /** Whether a request of that session is being held. */
  isWaiting(session: string): boolean {
    return this.#waiters.has(session);
  }

  /** Answers a session that has no further use for work. */
  dismiss(session: string): void {
    this.#waiters.get(session)?.answer(nothing);
  }

  /** Answers everyone who waits. */
  dismissAll(): void {
    for (const session of [...this.#waiters.keys()]) this.dismiss(session);
  }

  #hold(request: WorkRequest, gone: AbortSignal): Promise<WorkAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkAnswer>();
    const waiter: Waiter = { request, answer: resolve, fail: reject };
    const leave = () => resolve(nothing);
    const cancelTimer = this.#clock.setTimer(Math.min(request.waitMs, this.#holdMaxMs), leave);
    gone.addEventListener("abort", leave, { once: true });
    this.#waiters.set(request.session, waiter);
    return promise.finally(() => {
      cancelTimer();
      gone.removeEventListener("abort", leave);
      this.#remove(waiter);
    });
  }

  #remove(waiter: Waiter): void {
    const { session } = waiter.request;
    if (this.#waiters.get(session) === waiter) this.#waiters.delete(session);
  }

  #serveWaiter(waiter: Waiter, slots: number): void {
    try {
      const { reply, committed } = this.#decide(waiter.request, slots);
      if (isEmpty(reply)) return;
      this.#remove(waiter);
      // This is the answer from now on. If the wait ended or the connection was lost before the commit, an empty one must
      // not take its place: nobody would know that what was assigned has to go back.
      waiter.answer(committed.then(() => this.#toAnswer(waiter.request, reply)));
    } catch (error) {
      this.#remove(waiter);
      waiter.fail(error);
    }
  }

  #decide(request: WorkRequest, slots: number) {
    const { agentId, session, offers, holding, onlyRun } = request;
    return this.#ledger.executeNow("request_work", {
      agentId,
      session,
      slots,
      offers,
      holding,
      onlyRunId: onlyRun,
    });
  }

  #toAnswer(request: WorkRequest, { begin, end, steer }: WorkReply): WorkAnswer {
    let chars = 0;
    const answer: WorkAnswer = {
      begin: begin.flatMap((assigned) => {
        if (chars >= beginCharsMax) return [];
        const told = this.#toBegin(request, assigned);
        chars += JSON.stringify(told).length;
        return told;
      }),
      end: [...end],
      steer: steer.map((wish) => ({ ...wish, cancelTasks: [...wish.cancelTasks] })),
    };
    this.#requestOf.set(answer, request);
    return answer;
  }

  #toBegin({ session }: WorkRequest, { runId, attempt }: WorkReply["begin"][number]): WorkAnswer["begin"] {
    const { state } = this.#ledger;
    const run = state.runs.get(runId);
    // It may have ended or gone back to the queue while the assignment was being written.
    if (run?.state !== "ASSIGNED" || run.attempt !== attempt || run.session !== session) return [];
    const { params, paused, cancelTasks, definitionHash } = run;
    // Of an attempt that has not begun nothing is known but what it keeps of the one before.
    const kept = [...state.tasksOf(runId).values()].map(({ taskId, taskRunId, outputs }) => {
      return { taskId, taskRunId, outputs: outputs === null ? null : { ...outputs } };
    });
    const workflow = JSON.parse(state.definition(definitionHash)?.body ?? "null");
    return [{ runId, attempt, params: { ...params }, workflow, paused, cancelTasks: [...cancelTasks], kept }];
  }
}

function isEmpty({ begin, end, steer }: WorkReply): boolean {
  return begin.length === 0 && end.length === 0 && steer.length === 0;
}
