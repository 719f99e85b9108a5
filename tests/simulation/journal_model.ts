/**
 * What the journal says became of every run, folded anew here: the product's own fold would hide its own mistakes. Each event
 * is checked against what the ones before it allow.
 */
import type { Event } from "../../src/core/mod.ts";
import type { JournaledEvent } from "../../src/journal/mod.ts";
import { workflowOf } from "./workflows.ts";
import type { World } from "./world.ts";

type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;

/** A run as the journal has it. */
export interface ModelRun {
  readonly triggered: EventOf<"run_triggered">;
  /** How many runs were triggered before it. */
  readonly number: number;
  state: string;
  attempt: number;
  session: string | null;
  paused: boolean;
  /** Whether a person had it run again. */
  isBroughtBack: boolean;
  /** Tasks that the present attempt is not to run again. */
  kept: readonly string[];
  /** How each attempt that ended did so: with a final state, or `RETURNED` when it never began. */
  readonly endOfAttempt: Map<number, string>;
  /** The states that the status table tells of, in order. */
  readonly statuses: string[];
}

const finalStates = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"];
const onAgent = ["ASSIGNED", "RUNNING"];

/** See the top of this file. */
export class JournalModel {
  readonly runs = new Map<string, ModelRun>();
  readonly events: JournaledEvent[] = [];
  readonly #world: World;
  /** What each agent can do, by its id. */
  readonly #offers: ReadonlyMap<string, readonly string[]>;
  readonly #triggerOfKey = new Map<string, string>();
  /** Runs of each workflow that have not ended, in the order they were triggered or brought back. */
  readonly #open = new Map<string, ModelRun[]>();

  /** When a run of a workflow ended last, by the principal's wall clock. */
  readonly #freedMs = new Map<string, number>();

  constructor(world: World, offers: ReadonlyMap<string, readonly string[]>) {
    this.#world = world;
    this.#offers = offers;
  }

  /** Takes what became durable. */
  take(events: readonly JournaledEvent[]): void {
    for (const journaled of events) {
      if (journaled.seq !== this.events.length + 1) {
        this.#world.violated("the journal has no gaps", `event ${journaled.seq} follows ${this.events.length}`);
      }
      this.events.push(journaled);
      this.#world.coverage.count(`events: ${journaled.event.type}`);
      this.#fold(journaled.event);
    }
  }

  /** Runs that have not ended. */
  get open(): ModelRun[] {
    return [...this.#open.values()].flat();
  }

  #fold(event: Event): void {
    switch (event.type) {
      case "run_triggered":
        return this.#trigger(event);
      case "trigger_skipped":
        this.#once(event.idempotencyKey, event.blockingRunId);
        if (this.#openOf(event.workflowId).length === 0) {
          this.#world.violated("overlap policies are kept", `${event.workflowId} was skipped with nothing in the way`);
        }
        return;
      case "run_assigned":
        return this.#assign(event);
      case "run_returned":
        return this.#backToQueue(this.#expect(event, ["ASSIGNED"]), event.attempt, "RETURNED", ["PENDING"]);
      case "run_requeued":
        return this.#requeue(event);
      case "run_started": {
        const run = this.#expect(event, ["ASSIGNED"]);
        run.state = "RUNNING";
        run.statuses.push("RUNNING");
        return;
      }
      case "run_finished":
        return this.#finish(event);
      case "task_changed":
        this.#expect(event, onAgent);
        return;
      case "cancel_requested":
        this.#expect(event, onAgent);
        return;
      case "task_cancel_requested":
        this.#expect(event, ["PENDING", ...onAgent]);
        return;
      case "run_paused":
      case "run_resumed":
        this.#expect(event, ["PENDING", ...onAgent]).paused = event.type === "run_paused";
        return;
      default:
        return;
    }
  }

  #trigger(event: EventOf<"run_triggered">): void {
    const { runId, idempotencyKey, workflowId } = event;
    if (this.runs.has(runId)) this.#world.violated("each trigger makes one run", `${runId} was triggered twice`);
    this.#once(idempotencyKey, runId);
    if (event.overlap === "skip" && this.#openOf(workflowId).length > 0) {
      this.#world.violated("overlap policies are kept", `${runId} was triggered while another run had not ended`);
    }
    const run: ModelRun = {
      triggered: event,
      number: this.runs.size,
      ...{ state: "PENDING", attempt: 0, session: null, paused: false, kept: [], isBroughtBack: false },
      ...{ endOfAttempt: new Map(), statuses: ["PENDING"] },
    };
    this.runs.set(runId, run);
    this.#openOf(workflowId).push(run);
  }

  #assign(event: EventOf<"run_assigned">): void {
    const run = this.#expect(event, ["PENDING"], 1);
    if (run.paused) this.#world.violated("a paused run stands still", `${event.runId} is handed out`);
    if (!this.#mayStart(run)) {
      this.#world.violated("overlap policies are kept", `${event.runId} is handed out with another in its way`);
    }
    const offers = this.#offers.get(event.agentId) ?? [];
    if (!isServedBy(run, offers)) {
      this.#world.violated("agents get what they can do", `${event.agentId} cannot do ${event.runId}`);
    }
    this.#inTurn(run, offers, event.atMs);
    run.attempt = event.attempt;
    run.state = "ASSIGNED";
    run.session = event.session;
  }

  #requeue(event: EventOf<"run_requeued">): void {
    const run = this.#expect(event, event.cause === "crash" ? onAgent : finalStates);
    this.#world.coverage.count(`runs brought back: ${event.cause}`);
    run.kept = event.kept;
    run.isBroughtBack ||= event.cause === "retry";
    // Whoever paused it did not mean one attempt; whoever has it run again wants it to run.
    if (event.cause === "retry") run.paused = false;
    if (event.cause === "retry") this.#openOf(run.triggered.workflowId).push(run);
    const statuses = event.cause === "crash" ? ["CRASHED", "PENDING"] : ["PENDING"];
    this.#backToQueue(run, event.attempt, event.cause === "crash" ? "CRASHED" : run.state, statuses);
  }

  #backToQueue(run: ModelRun, attempt: number, end: string, statuses: string[]): void {
    run.endOfAttempt.set(attempt, end);
    run.state = "PENDING";
    run.session = null;
    run.statuses.push(...statuses);
  }

  #finish(event: EventOf<"run_finished">): void {
    const run = this.#expect(event, ["PENDING", ...onAgent]);
    run.endOfAttempt.set(event.attempt, event.state);
    run.state = event.state;
    run.statuses.push(event.state);
    const open = this.#openOf(run.triggered.workflowId);
    open.splice(open.indexOf(run), 1);
    this.#freedMs.set(run.triggered.workflowId, event.atMs);
    this.#world.coverage.count(`runs: ${event.state}`);
  }

  #once(idempotencyKey: string | null, runId: string): void {
    if (idempotencyKey === null) return;
    const earlier = this.#triggerOfKey.get(idempotencyKey);
    if (earlier !== undefined) {
      this.#world.violated("a key counts once", `${idempotencyKey} led to ${earlier} and to ${runId}`);
    }
    this.#triggerOfKey.set(idempotencyKey, runId);
  }

  #expect(event: { type: string; runId: string; attempt?: number }, states: readonly string[], opens = 0): ModelRun {
    const run = this.runs.get(event.runId);
    if (run === undefined) throw new Error(`${event.type} of ${event.runId}, which was never triggered`);
    if (!states.includes(run.state)) {
      const isOver = finalStates.includes(run.state);
      const invariant = isOver ? "a run reaches one final state" : "runs move as their life allows";
      this.#world.violated(invariant, `${event.type} of ${event.runId}, which is ${run.state}`);
    }
    if (event.attempt !== undefined && event.attempt !== run.attempt + opens) {
      const what = `${event.type} of ${event.runId} names attempt ${event.attempt}, the present one is ${run.attempt}`;
      this.#world.violated("attempts grow one by one", what);
    }
    return run;
  }

  /** Of the runs that the agent could have, the one of highest priority that was triggered first goes first. */
  #inTurn(run: ModelRun, offers: readonly string[], nowMs: number): void {
    const { priority } = run.triggered;
    for (const other of this.runs.values()) {
      if (other === run || other.state !== "PENDING" || other.paused || !this.#mayStart(other)) continue;
      // Ids do not tell the order where the clock was put back between them, and one of the runs had ended by then.
      const isOlder = other.number < run.number && !other.isBroughtBack && !run.isBroughtBack;
      const isAhead = other.triggered.priority > priority || (other.triggered.priority === priority && isOlder);
      if (!isAhead || !isServedBy(other, offers)) continue;
      // What a decision sets free it cannot hand out itself.
      if (other.triggered.overlap !== "allow" && this.#freedMs.get(other.triggered.workflowId) === nowMs) continue;
      this.#world.violated("runs are handed out in turn", `${run.triggered.runId} before ${other.triggered.runId}`);
      return;
    }
  }

  /** Whether no other run of its workflow is in its way. */
  #mayStart(run: ModelRun): boolean {
    const { overlap, workflowId } = run.triggered;
    return overlap === "allow" || this.#openOf(workflowId)[0] === run;
  }

  #openOf(workflowId: string): ModelRun[] {
    let open = this.#open.get(workflowId);
    if (open === undefined) this.#open.set(workflowId, open = []);
    return open;
  }
}

function isServedBy({ triggered: { workflowId } }: ModelRun, labels: readonly string[]): boolean {
  return workflowOf(workflowId).labels.every((label) => labels.includes(label));
}
