/**
 * What must hold whatever is commanded, told by the slowest and plainest means: the queue is a list, a run is a row. It
 * learns from the events alone and is compared with the state after each command.
 */
import assert from "node:assert/strict";
import { type Event, eventSchema, isFinal, type RunState, type State } from "../../src/core/mod.ts";
import type { Party } from "./scene.ts";

/** A run as far as the invariants need it. */
interface Row {
  state: RunState;
  attempt: number;
  holder: Party | null;
  readonly requires: readonly string[];
  readonly openTasks: Set<string>;
}

/** Follows the events of one history and asserts that each is lawful. */
export class ReferenceModel {
  readonly rows = new Map<string, Row>();
  readonly #queue: string[] = [];

  /** Takes one event in and asserts that it may come now. */
  follow(event: Event): void {
    assert.deepEqual(eventSchema.parse(JSON.parse(JSON.stringify(event))), event, "an event survives the journal");
    if (event.type === "definition_stored" || event.type === "report_ignored") return;
    if (event.type === "run_triggered") {
      assert.equal(this.rows.has(event.runId), false, "a run is triggered once");
      const { requires } = event;
      this.rows.set(event.runId, { state: "PENDING", attempt: 0, holder: null, requires, openTasks: new Set() });
      this.#queue.push(event.runId);
      return;
    }
    const row = this.rows.get(event.runId);
    assert.ok(row !== undefined, "an event is about a run that was triggered");
    assert.equal(isFinal(row.state), false, `${event.type}: nothing happens to a run after its end`);
    switch (event.type) {
      case "run_assigned":
        assert.equal(row.holder, null, "a run has no second attempt while one lives");
        assert.equal(event.attempt, row.attempt + 1, "attempts grow one by one");
        Object.assign(row, { state: "ASSIGNED", attempt: event.attempt, holder: event });
        this.#leaveQueue(event.runId);
        break;
      case "run_returned":
        assert.equal(row.state, "ASSIGNED", "only what has not begun goes back");
        assert.equal(event.attempt, row.attempt);
        Object.assign(row, { state: "PENDING", holder: null });
        this.#queue.unshift(event.runId);
        break;
      case "run_started":
        assert.equal(row.state, "ASSIGNED");
        assert.equal(event.attempt, row.attempt);
        row.state = "RUNNING";
        break;
      case "task_changed":
        assert.equal(row.state, "RUNNING", "only a run that has begun has tasks");
        assert.equal(event.attempt, row.attempt);
        if (event.state === "PENDING" || event.state === "RUNNING") row.openTasks.add(event.taskId);
        else row.openTasks.delete(event.taskId);
        break;
      case "cancel_requested":
        assert.ok(row.holder !== null && row.holder.session !== null, "a wish is kept for an agent that can be told");
        break;
      case "run_finished":
        assert.equal(event.attempt, row.attempt);
        assert.deepEqual([...row.openTasks], [], "no task outlives its run");
        if (row.state === "PENDING") this.#leaveQueue(event.runId);
        Object.assign(row, { state: event.state, holder: null });
        break;
      default:
        event satisfies never;
    }
  }

  /** Asserts that a state is what the events so far lead to. */
  check(state: State): void {
    const queue = [...state.queue.ids()];
    assert.deepEqual(queue, this.#queue, "the queue has each waiting run once, in order");
    assert.equal(state.queue.size, queue.length);
    const waiting = [...this.rows].filter(([, { state }]) => state === "PENDING").map(([runId]) => runId);
    assert.deepEqual(queue.toSorted(), waiting.toSorted(), "exactly the runs that wait are queued");
    for (const [runId, row] of this.rows) {
      const run = state.runs.get(runId);
      if (isFinal(row.state)) {
        assert.equal(run, undefined, "a run that has ended is out of the state");
        assert.equal(state.tasksOf(runId).size, 0);
        continue;
      }
      assert.deepEqual([run?.state, run?.attempt], [row.state, row.attempt]);
      assert.equal(run?.agentId, row.holder?.agentId ?? null);
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

  /** The runs that stand first in the queue among those an agent can do. */
  firstEligible(offers: readonly string[], onlyRunId: string | null, count: number): string[] {
    return this.#queue.filter((runId) =>
      (onlyRunId === null || runId === onlyRunId) &&
      this.rows.get(runId)?.requires.every((need) => offers.includes(need))
    ).slice(0, Math.max(0, count));
  }

  #leaveQueue(runId: string): void {
    const place = this.#queue.indexOf(runId);
    assert.ok(place >= 0, "a run leaves the queue that stood in it");
    this.#queue.splice(place, 1);
  }
}
