/** Agents ask here for work and wait. A run that becomes ready goes to one of them at once. */
import type { Clock } from "../clock/mod.ts";
import type { WorkReply } from "../core/mod.ts";
import type { ReplyTo, RequestOf } from "../wire/mod.ts";
import type { Agents } from "./agents.ts";
import type { Ledger } from "./ledger.ts";

type WorkRequest = RequestOf<"WORK">;
type WorkAnswer = ReplyTo<"WORK">;

const nothing: WorkAnswer = { begin: [], end: [] };

interface Waiter {
  readonly request: WorkRequest;
  readonly answer: (answer: WorkAnswer) => void;
  readonly fail: (error: unknown) => void;
}

/** The desk: at most one waiting request for each session. */
export class WorkDesk {
  readonly #ledger: Ledger;
  readonly #agents: Agents;
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Waiter>();
  readonly #lastSequences = new Map<string, number>();
  /** The request that an answer was made for. */
  readonly #requestOf = new WeakMap<WorkAnswer, WorkRequest>();

  constructor(ledger: Ledger, agents: Agents, clock: Clock) {
    this.#ledger = ledger;
    this.#agents = agents;
    this.#clock = clock;
  }

  /**
   * Serves a request for work; holds it while there is none.
   *
   * @param gone Aborts when the agent's connection is lost: nothing must be handed to it any more.
   */
  async ask(request: WorkRequest, gone: AbortSignal): Promise<WorkAnswer> {
    const { agentId, session, version, slots, sequence } = request;
    this.#agents.hear(agentId, session, { version, slots: slots + request.holding.length });
    // A request that was overtaken by a newer one knows less of what its agent holds: serving it would hand out twice.
    if (sequence <= (this.#lastSequences.get(session) ?? -1)) return nothing;
    this.#lastSequences.set(session, sequence);
    this.#dismiss(session);
    const { reply, committed } = this.#decide(request, slots);
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
    if (request === undefined || this.#lastSequences.get(request.session) !== request.sequence) return;
    for (const { runId, attempt } of answer.begin) {
      await this.#ledger.execute("return_run", {
        runId,
        attempt,
        reason: "the agent was gone before it could be told",
      });
    }
    this.offer();
  }

  /** Hands out what became ready since. To be called when a run was queued. */
  offer(): void {
    const free = [...this.#waiters.values()].filter(({ request }) => request.slots > 0);
    free.forEach((waiter, index) => {
      const waiting = this.#ledger.state.queue.size;
      if (waiting === 0) return;
      // An even share for each agent that still waits, so that one does not take all while others idle.
      const share = Math.ceil(waiting / (free.length - index));
      this.#serveWaiter(waiter, Math.min(waiter.request.slots, share));
    });
  }

  /** Tells the agent that holds a run what changed about it. To be called after a cancellation. */
  nudge(session: string): void {
    const waiter = this.#waiters.get(session);
    if (waiter !== undefined) this.#serveWaiter(waiter, waiter.request.slots);
  }

  /** Forgets a session that ended. */
  forget(session: string): void {
    this.#dismiss(session);
    this.#lastSequences.delete(session);
  }

  /** Answers everyone who waits. */
  dismissAll(): void {
    for (const session of [...this.#waiters.keys()]) this.#dismiss(session);
  }

  #dismiss(session: string): void {
    this.#waiters.get(session)?.answer(nothing);
  }

  #hold(request: WorkRequest, gone: AbortSignal): Promise<WorkAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkAnswer>();
    const waiter: Waiter = { request, answer: resolve, fail: reject };
    const leave = () => resolve(nothing);
    const cancelTimer = this.#clock.setTimer(request.waitMs, leave);
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
    const { reply, committed } = this.#decide(waiter.request, slots);
    if (isEmpty(reply)) return;
    this.#remove(waiter);
    committed.then(() => waiter.answer(this.#toAnswer(waiter.request, reply)), waiter.fail);
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

  #toAnswer(request: WorkRequest, { begin, end }: WorkReply): WorkAnswer {
    const answer: WorkAnswer = {
      begin: begin.flatMap(({ runId, attempt }) => {
        const run = this.#ledger.state.runs.get(runId);
        // It may have been cancelled or lost while the assignment was being written.
        if (run === undefined || run.attempt !== attempt) return [];
        const definition = this.#ledger.state.definition(run.definitionHash);
        return [{ runId, attempt, params: { ...run.params }, workflow: JSON.parse(definition?.body ?? "null") }];
      }),
      end: [...end],
    };
    this.#requestOf.set(answer, request);
    return answer;
  }
}

function isEmpty({ begin, end }: WorkReply): boolean {
  return begin.length === 0 && end.length === 0;
}
