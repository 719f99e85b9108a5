/** Random histories: agents that forget, lie, come late and talk across each other must never break a promise. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CdktrError,
  type CommandOf,
  type CommandType,
  decide,
  type Event,
  finalRunStates,
  isFinal,
  overlaps,
  type ReplyOf,
  type Run,
  State,
  type TaskRun,
  taskStates,
} from "../../src/core/mod.ts";
import { snapshotSchema } from "../../src/core/schema.ts";
import { ReferenceModel } from "./reference_model.ts";
import { ann, bob, definitionOf, old, type Party, runReport, Scene, taskReport, triggerOf } from "./scene.ts";

const parties: readonly Party[] = [
  ann,
  bob,
  { ...ann, session: "s-ann-after-restart" },
  old,
  { agentId: "older@host/AG", session: null },
];
const party = fc.constantFrom(...parties);
const skills = fc.subarray(["gpu", "uv"]);
/** Points at a run that was triggered before, whatever became of it. */
const pick = fc.nat();
/** Mostly the present attempt, at times one before or after. */
const attemptShift = fc.constantFrom(0, 0, 0, 0, -1, 1);

/** One thing that happens. Who and which is settled when its turn comes, from what there is by then. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("trigger" as const),
      workflowId: fc.constantFrom("etl", "report"),
      version: fc.integer({ min: 1, max: 3 }),
      idempotencyKey: fc.option(fc.constantFrom("k1", "k2", "k3")),
      requires: fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, skills),
      policy: fc.record({
        priority: fc.constantFrom(0, 0, 0, 5, -5),
        overlap: fc.constantFrom("allow", "allow", ...overlaps),
        onCrash: fc.constantFrom("fail" as const, "retry" as const),
      }),
      params: fc.dictionary(fc.string().filter((name) => name !== "__proto__"), fc.string({ unit: "binary" }), {
        maxKeys: 2,
        noNullPrototype: true,
      }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("request_work" as const),
      by: party,
      slots: fc.integer({ min: 0, max: 3 }),
      offers: skills,
      says: fc.constantFrom("the truth" as const, "the truth" as const, "nothing" as const, "anything" as const),
      only: fc.option(pick, { freq: 8 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("report_run" as const),
      pick,
      by: fc.option(party),
      attemptShift,
      state: fc.constantFrom("RUNNING" as const, "RUNNING" as const, ...finalRunStates),
      reason: fc.option(fc.string()),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("report_task" as const),
      pick,
      by: fc.option(party),
      attemptShift,
      taskId: fc.constantFrom("extract", "load"),
      tryNumber: fc.integer({ min: 1, max: 3 }),
      state: fc.constantFrom("COMPLETED" as const, "COMPLETED" as const, ...taskStates),
      exitCode: fc.option(fc.integer({ min: -1, max: 255 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("cancel" as const),
      pick,
      taskId: fc.constantFrom(null, null, "extract", "load"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("retry" as const), pick, rerun: fc.subarray(["extract", "load"]) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pause" as const), pick, paused: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("return_run" as const), pick, attemptShift }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose_agent" as const), by: party }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("pass_time" as const),
      hours: fc.integer({ min: -2, max: 30 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A history that is checked against the {@linkcode ReferenceModel} after each command. */
class History extends Scene {
  readonly model = new ReferenceModel();
  /** Every run that ended, as the journal's tables have it. */
  readonly #ended = new Map<string, { run: Run; tasks: readonly TaskRun[] }>();
  /** What was answered, to see that the histories reach everything. */
  readonly answers = new Set<string>();
  #triggers = 0;

  take(step: Step): void {
    switch (step.kind) {
      case "trigger": {
        const { workflowId, version, kind: _, ...rest } = step;
        const runId = `r${String(++this.#triggers).padStart(4, "0")}`;
        const { reply } = this.checked(
          "trigger",
          triggerOf(runId, { ...rest, definition: definitionOf(workflowId, version) }),
        );
        assert.equal(reply.duplicate || reply.skipped !== null, reply.runId !== runId);
        assert.ok(this.model.rows.has(reply.runId), "a trigger is answered with a run that was accepted");
        this.answers.add(reply.skipped !== null ? "skipped" : `duplicate ${reply.duplicate}`);
        break;
      }
      case "request_work":
        this.#requestWork(step);
        break;
      case "report_run": {
        const { runId, attempt, by } = this.#aim(step);
        const instanceId = by.session === null ? `${runId}/${attempt}` : null;
        this.#report(by, runReport(runId, step.state, { attempt, reason: step.reason, instanceId }));
        break;
      }
      case "report_task": {
        const { runId, attempt, by } = this.#aim(step);
        const { taskId, tryNumber, state, exitCode } = step;
        const happenedAtMs = this.nowMs;
        this.#report(by, taskReport(runId, state, { attempt, taskId, tryNumber, exitCode, happenedAtMs }));
        break;
      }
      case "cancel":
        this.answers.add(
          this.checked("cancel", { runId: this.#picked(step.pick), taskId: step.taskId, reason: "enough" }).reply,
        );
        break;
      case "pause":
        this.answers.add(
          this.checked("pause", { runId: this.#picked(step.pick), paused: step.paused, reason: "wait" }).reply,
        );
        break;
      case "retry":
        this.#retry(step);
        break;
      case "return_run": {
        const { runId, attempt } = this.#aim({ ...step, by: null });
        const { reply } = this.checked("return_run", { runId, attempt, reason: "in vain" });
        this.answers.add(`returned ${reply.returned}`);
        break;
      }
      case "lose_agent": {
        const { reply } = this.checked("lose_agent", { ...step.by, reason: "silent" });
        assert.deepEqual(this.state.runsOf(step.by.agentId, step.by.session), []);
        if (reply.crashed > 0) this.answers.add("crashed");
        if (reply.requeued > 0) this.answers.add("requeued");
        break;
      }
      case "pass_time":
        this.nowMs += step.hours * 3_600_000;
        break;
      default:
        step satisfies never;
    }
  }

  /** Decides, asserts that deciding changed nothing, applies, and compares with the model. */
  checked<T extends CommandType>(type: T, command: CommandOf<T>): { reply: ReplyOf<T>; events: readonly Event[] } {
    const before = this.state.toSnapshot();
    const first = decide(this.state, type, command, this.nowMs);
    assert.deepEqual(this.state.toSnapshot(), before, "deciding changes nothing");
    const decision = this.command(type, command);
    assert.deepEqual(decision, first, "the same question has the same answer");
    for (const event of decision.events) this.model.follow(event);
    this.model.check(this.state);
    return decision;
  }

  #requestWork({ by, slots, offers, says, only }: Extract<Step, { kind: "request_work" }>): void {
    const truth = this.holdings(by);
    const holding = says === "the truth" ? truth : says === "nothing" || by.session === null ? [] : [
      ...truth.map((held) => ({ ...held, attempt: held.attempt - 1 })),
      ...[...this.model.rows].slice(0, 2).map(([runId, { attempt }]) => ({
        runId,
        attempt,
        cancelling: false,
        paused: false,
        cancelTasks: [],
      })),
    ];
    const named = (runId: string, attempt: number) =>
      holding.some((held) => held.runId === runId && held.attempt === attempt);
    const again = (by.session === null ? [] : this.state.runsOf(by.agentId, by.session))
      .filter(({ runId, attempt, state, cancelReason }) =>
        state === "ASSIGNED" && cancelReason === null && !named(runId, attempt)
      ).map(({ runId }) => runId);
    const begunSince = (by.session === null ? [] : this.state.runsOf(by.agentId, by.session))
      .filter(({ runId, state }) => state === "RUNNING" && !holding.some((held) => held.runId === runId)).length;
    const onlyRunId = only === null ? null : this.#picked(only);
    const expected = this.model.firstEligible(by, offers, onlyRunId, slots - again.length - begunSince);

    const { begin, end, steer } = this.checked("request_work", { ...by, slots, offers, holding, onlyRunId }).reply;
    assert.deepEqual(begin.map(({ runId }) => runId), [...again, ...expected], "first come, first served");
    for (const { runId, attempt } of begin) {
      const run = this.run(runId);
      assert.deepEqual([run.state, run.attempt, run.session], ["ASSIGNED", attempt, by.session]);
    }
    for (const { runId, attempt } of end) {
      const run = this.state.runs.get(runId);
      const isItsOwn = run?.session === by.session && run.attempt === attempt;
      assert.ok(!isItsOwn || run.cancelReason !== null, "nobody is told to end what is rightly its own");
    }
    for (const { runId, attempt, paused, cancelTasks } of steer) {
      const run = this.run(runId);
      assert.deepEqual([run.session, run.attempt, run.paused, run.cancelTasks], [
        by.session,
        attempt,
        paused,
        cancelTasks,
      ]);
    }
    if (says === "the truth") assert.deepEqual(steer, [], "who knows the wishes is not told them again");
    if (steer.length > 0) this.answers.add("steer");
    if (again.length > 0) this.answers.add("begin again");
    if (end.length > 0) this.answers.add("end");
  }

  #report(by: Party, report: CommandOf<"take_report">["report"]): void {
    const row = this.model.rows.get(report.runId);
    const holder = row?.holder ?? null;
    const isHolder = holder !== null && row?.attempt === report.attempt && holder.session === by.session &&
      (by.session !== null || holder.agentId === by.agentId);
    const { reply, events } = this.checked("take_report", { ...by, report });
    assert.equal(reply.taken, isHolder, "the holder of the present attempt is heard, and nobody else");
    if (!isHolder) assert.deepEqual(events.map(({ type }) => type), ["report_ignored"]);
    if (isHolder && events.length === 0) this.answers.add("dropped");
  }

  #retry({ pick, rerun }: Extract<Step, { kind: "retry" }>): void {
    const all = [...this.#ended.values()];
    const ended = all[pick % Math.max(1, all.length)];
    if (ended === undefined) return;
    const before = this.state.toSnapshot();
    try {
      const command = { ...ended, definition: definitionOf(ended.run.workflowId), rerun, reason: "once more" };
      const { reply } = this.checked("retry", { ...command, definition: this.#definitionOf(ended.run) });
      assert.equal(reply.attempt, ended.run.attempt + 1);
      this.answers.add(reply.kept.length > 0 ? "retried, keeping" : "retried");
    } catch (error) {
      assert.ok(error instanceof CdktrError && error.code === "CONFLICT", String(error));
      assert.deepEqual(this.state.toSnapshot(), before);
      this.answers.add("not retried");
    }
  }

  #definitionOf({ workflowId, definitionHash }: Run) {
    return { ...definitionOf(workflowId), hash: definitionHash };
  }

  /** Applies one event, and keeps what the journal's tables would. */
  override apply(event: Event): void {
    const tasks = "runId" in event ? [...this.state.tasksOf(event.runId).values()] : [];
    const { run } = this.state.evolve(event);
    if (run !== undefined && isFinal(run.state)) this.#ended.set(run.runId, { run, tasks });
    this.events.push(event);
  }

  /** The run, attempt and agent a step means; without an agent of its own the run's holder. */
  #aim(step: { pick: number; attemptShift: number; by: Party | null }) {
    const runId = this.#picked(step.pick);
    const row = this.model.rows.get(runId);
    return { runId, attempt: Math.max(0, (row?.attempt ?? 0) + step.attemptShift), by: step.by ?? row?.holder ?? ann };
  }

  #picked(index: number): string {
    const runIds = [...this.model.rows.keys()];
    return runIds[index % Math.max(1, runIds.length)] ?? "never triggered";
  }
}

/** What a state answers to everyone about everything. */
function answersOf(state: State, runIds: readonly string[], nowMs: number): unknown[] {
  const offers = ["gpu", "uv"];
  return [
    ...parties.flatMap((by) => [
      decide(state, "request_work", { ...by, slots: 99, offers, holding: [], onlyRunId: null }, nowMs),
      decide(state, "lose_agent", { ...by, reason: "silent" }, nowMs),
    ]),
    ...runIds.flatMap((runId) => [
      decide(state, "cancel", { runId, taskId: null, reason: "enough" }, nowMs),
      ...[1, 2].map((attempt) => decide(state, "return_run", { runId, attempt, reason: "in vain" }, nowMs)),
      ...parties.flatMap((by) => [
        decide(state, "take_report", { ...by, report: runReport(runId, "COMPLETED") }, nowMs),
        decide(state, "take_report", { ...by, report: taskReport(runId, "RUNNING") }, nowMs),
      ]),
      ...[true, false].map((paused) => decide(state, "pause", { runId, paused, reason: "wait" }, nowMs)),
      ...parties.map(({ agentId }) => [1, 2, 3].map((n) => state.runOfInstance(agentId, `${runId}/${n}`))),
    ]),
    ...["k1", "k2", "k3"].map((key) => state.triggerOfKey(key, nowMs)),
    ...["etl", "report"].flatMap((workflowId) =>
      [1, 2, 3].map((n) => state.definition(definitionOf(workflowId, n).hash))
    ),
  ];
}

/** Asserts that a state that was rebuilt is the one that lived through it all. */
function assertEqualStates(rebuilt: State, { state, nowMs, model }: History): void {
  const runIds = [...model.rows.keys()];
  assert.deepEqual(rebuilt.toSnapshot(), state.toSnapshot());
  assert.deepEqual(answersOf(rebuilt, runIds, nowMs), answersOf(state, runIds, nowMs));
}

Deno.test("whatever agents say, in whatever order, the promises hold and the journal rebuilds the same state", () => {
  const seen = new Set<string>();
  const history = fc.record({ steps: fc.array(step, { maxLength: 80, size: "max" }), snapshotAfter: fc.nat() });
  const promises = fc.property(history, ({ steps, snapshotAfter }) => {
    const live = new History();
    let recovered = new State();
    let snapshotSeq = 0;
    for (const [index, step] of steps.entries()) {
      live.take(step);
      if (index !== snapshotAfter % steps.length) continue;
      snapshotSeq = live.events.length;
      recovered = State.fromSnapshot(snapshotSchema.parse(JSON.parse(JSON.stringify(live.state.toSnapshot()))));
      assertEqualStates(recovered, live);
    }
    for (const event of live.events.slice(snapshotSeq)) recovered.evolve(event);
    assertEqualStates(recovered, live);

    const replayed = new State();
    for (const event of live.events) replayed.evolve(event);
    assertEqualStates(replayed, live);

    for (const answer of live.answers) seen.add(answer);
    for (const event of live.events) seen.add(event.type === "run_finished" ? event.state : event.type);
  });
  // Some answers take several rare steps in a row: histories are drawn until each was reached, within reason.
  for (let batch = 0; batch < 10 && (batch === 0 || seen.size < everythingToSee.length); batch++) {
    fc.assert(promises, { numRuns: 400 });
  }
  assert.deepEqual([...seen].toSorted(), everythingToSee.toSorted(), "the histories reach every event and answer");
});

const everythingToSee = [
  "definition_stored",
  "run_triggered",
  "run_assigned",
  "run_returned",
  "run_started",
  "task_changed",
  "cancel_requested",
  "report_ignored",
  ...finalRunStates,
  "duplicate true",
  "duplicate false",
  "begin again",
  "end",
  "dropped",
  "run_requeued",
  "trigger_skipped",
  "task_cancel_requested",
  "run_paused",
  "run_resumed",
  "agent_left",
  "skipped",
  "requeued",
  "retried",
  "retried, keeping",
  "not retried",
  "steer",
  "done",
  "requested",
  "task_has_ended",
  "unchanged",
  "cannot_reach_agent",
  "not_in_progress",
  "returned true",
  "returned false",
  "crashed",
];
