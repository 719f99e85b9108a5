/** Fills a journal with runs that were, as the principal would have written them. */
import { type Definition, type Event, makeRunId, type Run, State, type TaskRun } from "../../src/core/mod.ts";
import type { Journal, JournaledEvent } from "../../src/journal/mod.ts";

/** Runs that one commit tells of: few enough for an ordinary batch, many enough to be done some day. */
const runsPerBatch = 500;
const workflowCount = 20;
/** As long as the document of a small workflow. */
const body = JSON.stringify({ tasks: Array.from({ length: 4 }, (_, i) => ({ id: `task${i}`, cmd: "x".repeat(150) })) });
/** The share of runs that fail. */
const failEvery = 50;

const states = ["RUNNING", "COMPLETED"] as const;

/** A journal, the state it leads to, and where it stands. */
export class PastRuns {
  readonly state = new State();
  readonly #journal: Journal;
  /** The place of the last event. */
  seq = 0;
  #runCount = 0;
  /** When the first run was triggered, Unix milliseconds. */
  readonly #firstMs: number;
  readonly #stepMs: number;

  /** @param stepMs The time from one trigger to the next. */
  constructor(journal: Journal, firstMs: number, stepMs: number) {
    this.#journal = journal;
    this.#firstMs = firstMs;
    this.#stepMs = stepMs;
  }

  /** Adds runs of one task; six events each if they have ended, one if they wait. */
  async add(count: number, end: "ended" | "waiting"): Promise<void> {
    for (let done = 0; done < count; done += runsPerBatch) {
      await this.#write(Math.min(runsPerBatch, count - done), end);
    }
  }

  async #write(count: number, end: "ended" | "waiting"): Promise<void> {
    const events: JournaledEvent[] = [];
    const definitions: Definition[] = [];
    const runs = new Map<string, Run>();
    const tasks = new Map<string, TaskRun>();
    for (let index = 0; index < count; index++) {
      for (const event of this.#eventsOfNextRun(end)) {
        const change = this.state.evolve(event);
        events.push({ seq: ++this.seq, event });
        if (change.definition !== undefined) definitions.push(change.definition);
        if (change.run !== undefined) runs.set(change.run.runId, change.run);
        for (const task of change.tasks ?? []) tasks.set(`${task.runId}${task.taskId}`, task);
      }
    }
    await this.#journal.append({ events, definitions, runs: [...runs.values()], tasks: [...tasks.values()] });
  }

  #eventsOfNextRun(end: "ended" | "waiting"): Event[] {
    const index = this.#runCount++;
    const atMs = this.#firstMs + index * this.#stepMs;
    const runId = makeRunId(atMs, crypto.getRandomValues(new Uint8Array(10)));
    const workflowId = `team.workflow${index % workflowCount}`;
    const hash = `${workflowId} `.padEnd(64, "0");
    const attempt = 1;
    const task = { atMs, runId, attempt, taskId: "only", taskRunId: crypto.randomUUID(), tryNumber: 1, outputs: null };
    const state = index % failEvery === 0 ? "FAILED" : "COMPLETED";
    const stored: Event = { type: "definition_stored", atMs, hash, workflowId, workflowName: workflowId, body };
    const triggered: Event = {
      ...{ type: "run_triggered", atMs, runId, workflowId, definitionHash: hash, params: {}, idempotencyKey: null },
      ...{ trigger: index % 3 === 0 ? "manual" : "cron", dueMs: atMs, requires: [], reason: "its schedule was due" },
      ...{ priority: 0, overlap: "allow", onCrash: "fail" },
    };
    const opening = this.state.definition(hash) === undefined ? [stored, triggered] : [triggered];
    if (end === "waiting") return opening;
    const agentId = "worker@host-1/AG";
    return [
      ...opening,
      {
        type: "run_assigned",
        atMs,
        runId,
        attempt,
        agentId,
        session: "s-1",
        reason: `agent ${agentId} had a free slot`,
      },
      { type: "run_started", atMs, runId, attempt, instanceId: null },
      ...states.map((state): Event => ({
        ...{ type: "task_changed", ...task, state, happenedAtMs: atMs, reason: null },
        exitCode: state === "RUNNING" ? null : 0,
      })),
      { type: "run_finished", atMs, runId, attempt, state, reason: null },
    ];
  }
}
