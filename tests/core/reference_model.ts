/**
 * What must hold whatever is commanded, told by the slowest and plainest means: the queue is a sorted list, a run is a row.
 * It learns from the events alone and is compared with the state after each command.
 */
import assert from "node:assert/strict";
import {
  type CrashPolicy,
  crashRetriesMax,
  type Event,
  isFinal,
  type Overlap,
  type RunState,
  type State,
} from "../../src/core/mod.ts";
import { eventSchema } from "../../src/core/schema.ts";
import type { Party } from "./scene.ts";

/** A run as far as the invariants need it. */
interface Row {
  readonly workflowId: string;
  readonly priority: number;
  readonly overlap: Overlap;
  readonly onCrash: CrashPolicy;
  readonly requires: readonly string[];
  /** Its place among those of its workflow; a run that is brought back gets a new one. */
  admitted: number;
  state: RunState;
  attempt: number;
  holder: Party | null;
  paused: boolean;
  /** Whether the end of one of its tasks was asked for. */
  cancelsTasks: boolean;
  crashRetries: number;
  /** The newest state of each task of the present attempt, and of what is kept for the next. */
  tasks: Map<string, string>;
}

const quiet: readonly Event["type"][] = [
  ...["definition_stored", "report_ignored", "schedule_noted", "trigger_skipped"] as const,
  ...["principal_started", "principal_stopped", "agent_joined", "agent_left"] as const,
];

/** Follows the events of one history and asserts that each is lawful. */
export class ReferenceModel {
  readonly rows = new Map<string, Row>();
  #admissions = 0;

  /** Takes one event in and asserts that it may come now. */
  follow(event: Event): void {
    assert.deepEqual(eventSchema.parse(JSON.parse(JSON.stringify(event))), event, "an event survives the journal");
    if (quiet.includes(event.type) || !("runId" in event) || event.type === "report_ignored") {
      if (event.type === "trigger_skipped") this.#assertBlocked(event.workflowId, event.blockingRunId);
      return;
    }
    if (event.type === "run_triggered") {
      assert.equal(this.rows.has(event.runId), false, "a run is triggered once");
      const { workflowId, priority, overlap, onCrash, requires } = event;
      if (overlap === "skip") assert.equal(this.#unfinished(workflowId).length, 0, "skip means alone");
      this.rows.set(event.runId, {
        ...{ workflowId, priority, overlap, onCrash, requires, state: "PENDING", attempt: 0, holder: null },
        ...{ admitted: this.#admissions++, paused: false, cancelsTasks: false, crashRetries: 0, tasks: new Map() },
      });
      return;
    }
    const row = this.rows.get(event.runId);
    assert.ok(row !== undefined, "an event is about a run that was triggered");
    if (event.type === "run_requeued") return this.#requeue(row, event);
    assert.equal(isFinal(row.state), false, `${event.type}: nothing happens to a run after its end`);
    switch (event.type) {
      case "run_assigned":
        assert.equal(row.holder, null, "a run has no second attempt while one lives");
        assert.equal(event.attempt, row.attempt + 1, "attempts grow one by one");
        assert.ok(this.queue().includes(event.runId), "what is paused or has to wait its turn is not handed out");
        Object.assign(row, { state: "ASSIGNED", attempt: event.attempt, holder: event });
        break;
      case "run_returned":
        assert.equal(row.state, "ASSIGNED", "only what has not begun goes back");
        assert.equal(event.attempt, row.attempt);
        Object.assign(row, { state: "PENDING", holder: null });
        break;
      case "run_started":
        assert.equal(row.state, "ASSIGNED");
        assert.equal(event.attempt, row.attempt);
        row.state = "RUNNING";
        break;
      case "task_changed":
        assert.equal(row.state, "RUNNING", "only a run that has begun has tasks");
        assert.equal(event.attempt, row.attempt);
        row.tasks.set(event.taskId, event.state);
        break;
      case "cancel_requested":
        assert.ok(row.holder !== null && row.holder.session !== null, "a wish is kept for an agent that can be told");
        break;
      case "task_cancel_requested":
        assert.ok(row.holder?.session !== null || row.state === "PENDING");
        row.cancelsTasks = true;
        break;
      case "run_paused":
      case "run_resumed":
        assert.equal(row.paused, event.type === "run_resumed", "what stands still cannot be paused, and so on");
        row.paused = event.type === "run_paused";
        break;
      case "run_finished":
        assert.equal(event.attempt, row.attempt);
        assert.deepEqual(openTasks(row), [], "no task outlives its run");
        Object.assign(row, { state: event.state, holder: null });
        break;
      default:
        event satisfies never;
    }
  }

  /** Asserts that a state is what the events so far lead to. */
  check(state: State): void {
    const queue = [...state.queue.ids()];
    assert.deepEqual(queue, this.queue(), "the queue has each run that may go once, in order");
    assert.equal(state.queue.size, queue.length);
    for (const [runId, row] of this.rows) {
      const run = state.runs.get(runId);
      if (isFinal(row.state)) {
        assert.equal(run, undefined, "a run that has ended is out of the state");
        assert.equal(state.tasksOf(runId).size, 0);
        continue;
      }
      assert.deepEqual([run?.state, run?.attempt, run?.paused], [row.state, row.attempt, row.paused]);
      assert.equal(run?.agentId, row.holder?.agentId ?? null);
      const tasks = [...state.tasksOf(runId).values()].map(({ taskId, state }) => [taskId, state]);
      assert.deepEqual(new Map(tasks.map(([id = "", state = ""]) => [id, state])), row.tasks);
      for (const { attempt } of state.tasksOf(runId).values()) assert.equal(attempt, row.attempt);
      if (row.holder !== null) {
        const held = state.runsOf(row.holder.agentId, row.holder.session).map(({ runId }) => runId);
        assert.ok(held.includes(runId), "who holds a run is found by it");
      }
    }
    const inProgress = [...this.rows.values()].filter(({ state }) => !isFinal(state)).length;
    assert.equal(state.runs.size, inProgress, "the state has no run that was not triggered");
    const holders = [...state.holders()].flatMap(({ agentId, session }) => state.runsOf(agentId, session));
    assert.equal(new Set(holders).size, holders.length, "no run has two holders");
    assert.equal(holders.length, [...this.rows.values()].filter(({ holder }) => holder !== null).length);
  }

  /** The runs that may be handed out, in order. */
  queue(): string[] {
    return [...this.rows].filter(([, row]) =>
      row.state === "PENDING" && !row.paused && (row.overlap === "allow" || this.#isFirst(row))
    ).sort(([a, { priority: p }], [b, { priority: q }]) => q - p || (a < b ? -1 : 1)).map(([runId]) => runId);
  }

  /** The runs that stand first in the queue among those an agent can do. */
  firstEligible(by: Party, offers: readonly string[], onlyRunId: string | null, count: number): string[] {
    return this.queue().filter((runId) => {
      const row = this.rows.get(runId);
      const isBeyond = by.session === null && ((row?.tasks.size ?? 0) > 0 || row?.cancelsTasks === true);
      return (onlyRunId === null || runId === onlyRunId) && !isBeyond &&
        row?.requires.every((need) => offers.includes(need));
    }).slice(0, Math.max(0, count));
  }

  #requeue(row: Row, event: Extract<Event, { type: "run_requeued" }>): void {
    assert.equal(event.attempt, row.attempt);
    assert.deepEqual(openTasks(row), [], "no task outlives its attempt");
    if (event.restored === null) {
      assert.equal(event.cause, "crash");
      assert.ok(row.holder !== null, "only what an agent held can be lost with it");
      assert.equal(row.onCrash, "retry", "a run starts again by itself only if its definition says so");
      assert.ok(++row.crashRetries <= crashRetriesMax, "and not for ever");
    } else {
      assert.equal(event.cause, "retry");
      assert.equal(isFinal(row.state), true, "only what has ended is brought back");
      row.tasks = new Map(event.restored.tasks.map(({ taskId, state }) => [taskId, state]));
      row.admitted = this.#admissions++;
    }
    for (const taskId of event.kept) assert.equal(row.tasks.get(taskId), "COMPLETED", "only what completed is kept");
    row.tasks = new Map(event.kept.map((taskId) => [taskId, "COMPLETED"]));
    const isBroughtBack = event.cause === "retry";
    Object.assign(row, { state: "PENDING", holder: null }, isBroughtBack && { paused: false, cancelsTasks: false });
  }

  #unfinished(workflowId: string): Row[] {
    return [...this.rows.values()].filter((row) => row.workflowId === workflowId && !isFinal(row.state));
  }

  #isFirst(row: Row): boolean {
    return this.#unfinished(row.workflowId).every(({ admitted }) => admitted >= row.admitted);
  }

  #assertBlocked(workflowId: string, runId: string): void {
    const row = this.rows.get(runId);
    assert.ok(row?.workflowId === workflowId && !isFinal(row.state), "a trigger gives way to a run in progress");
  }
}

function openTasks({ tasks }: Row): string[] {
  return [...tasks].filter(([, state]) => state === "PENDING" || state === "RUNNING").map(([taskId]) => taskId);
}
