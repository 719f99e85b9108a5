import assert from "node:assert/strict";
import { FakeClock, turn } from "../../fake_clock.ts";
import { MemoryJournal } from "../../../src/journal/mod.ts";
import { type FakeAgent, runRequest, Scene, Shelf, workflowOf } from "../scene.ts";
import { parseWorkflow, type Workflow } from "../../../src/workflow/mod.ts";

function chain(): Workflow {
  const yaml = `name: Chain
tasks:
  load: {name: Load, retries: 1, config: !Subprocess {cmd: "true"}}
  clean: {name: Clean, depends: [load], config: !Subprocess {cmd: "true"}}
  publish: {name: Publish, depends: [clean], config: !Subprocess {cmd: "true"}}
`;
  const { workflow } = parseWorkflow(yaml, { id: "etl", path: "workflows/etl.yml" });
  assert.ok(workflow !== null);
  return workflow;
}

async function reportTask(
  scene: Scene,
  agent: FakeAgent,
  runId: string,
  taskId: string,
  state: "PENDING" | "RUNNING" | "COMPLETED" | "FAILED" | "SKIPPED" | "CANCELLED",
  more: { attempt?: number; tryNumber?: number; reason?: string } = {},
) {
  const { attempt = 1, tryNumber = 1, reason = null } = more;
  const report = {
    kind: "task" as const,
    ...{ runId, attempt, taskId, taskRunId: `${taskId}-${attempt}-${tryNumber}`, tryNumber, state },
    ...{ happenedAtMs: scene.clock.nowMs(), exitCode: null, reason, outputs: null },
  };
  await scene.ask("REPORT", { ...agent.holder, reports: [report] }).reply;
}

Deno.test("a run that waits: each obstacle in turn, until an agent joins and takes it", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(workflowOf("etl", "labels: [gpu]")) });
  const first = await scene.trigger();
  const second = await scene.trigger();
  const why = async (run: string) => (await scene.ask("EXPLAIN", { subject: "run", run }).reply).summary;
  assert.match(await why(first), /waits, because no agent is there\.$/);
  assert.match(await why(second), /no agent is there; and 1 run of higher priority or older stand/);
  await scene.ask("PAUSE", { run: first, paused: true, reason: "maintenance" }).reply;
  assert.match(await why(first), /waits, because it is paused since /);
  await scene.ask("PAUSE", { run: first, paused: false, reason: "done" }).reply;

  const ann = scene.agent("ann");
  await ann.work({ waitMs: 0 }).reply;
  assert.match(await why(first), /it asks for the label gpu, and ann@host\/AG, the only agent, does not offer that\.$/);

  scene.clock.advance(5000);
  const gpu = ["beyond-original", "label:gpu"];
  const bob = scene.agent("bob");
  const { begin: [begun] } = await bob.work({ waitMs: 0, offers: gpu }).reply;
  assert.equal(begun?.runId, first);
  await bob.work({
    waitMs: 0,
    offers: gpu,
    slots: 0,
    holding: [{ ...begun, cancelling: false, paused: false, cancelTasks: [] }],
  })
    .reply;
  assert.match(
    await why(second),
    /the only agent that can take it has no free place: bob@host\/AG \(1 of 1 taken\)\.$/,
  );

  const { steps } = await scene.ask("EXPLAIN", { subject: "run", run: first }).reply;
  assert.deepEqual(steps.map(({ sentence }) => sentence), [
    "It was triggered (manual): asked by the test. It asks for an agent with the label gpu.",
    "It was paused: maintenance.",
    "It was resumed after 0 ms: done.",
    "Agent bob@host/AG joined.",
    "It was given to agent bob@host/AG as attempt 1 after 5.0 s of waiting: agent bob@host/AG had a free slot.",
    "Of the time until now, 5.0 s went into waiting and 0 ms into running.",
  ]);
});

Deno.test("a run that waits for another of its workflow names it", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(workflowOf("etl", "overlap: queue")) });
  const [first, second] = [await scene.trigger(), await scene.trigger()];
  const { summary, hint } = await scene.ask("EXPLAIN", { subject: "run", run: second }).reply;
  assert.match(summary, new RegExp(`because run ${first} of its workflow has not ended \\(it is PENDING\\)`));
  assert.match(hint ?? "", new RegExp(`cdktr explain ${first}`));
});

Deno.test("tasks: the one that failed, the one skipped two steps below, the one kept by the next attempt", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(chain()) });
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  const task = async (taskId: string) => await scene.ask("EXPLAIN", { subject: "task", run: runId, taskId }).reply;
  assert.match((await task("clean")).summary, /has not begun: it waits for load \(not begun\)\.$/);
  await reportTask(scene, ann, runId, "load", "PENDING");
  scene.clock.advance(2500);
  await reportTask(scene, ann, runId, "load", "RUNNING");
  scene.clock.advance(1000);
  await reportTask(scene, ann, runId, "load", "FAILED", { reason: "exited with code 1" });
  await reportTask(scene, ann, runId, "load", "PENDING", { tryNumber: 2 });
  scene.clock.advance(1000);
  assert.match((await task("load")).summary, /waits for its try 2 of 2\.$/);
  await reportTask(scene, ann, runId, "load", "RUNNING", { tryNumber: 2 });
  scene.clock.advance(4000);
  await reportTask(scene, ann, runId, "load", "COMPLETED", { tryNumber: 2 });
  assert.deepEqual((await task("load")).steps.map(({ sentence }) => sentence), [
    "It was ready to begin in attempt 1.",
    "It began, 2.5 s after it was ready.",
    "It failed in its try 1 of 2 after 1.0 s: exited with code 1.",
    "It began its try 2, after a pause of 1.0 s.",
    "It completed after 4.0 s.",
    "It depends on no other task.",
  ]);

  await reportTask(scene, ann, runId, "clean", "RUNNING");
  await reportTask(scene, ann, runId, "clean", "FAILED", { reason: "exited with code 3" });
  await reportTask(scene, ann, runId, "publish", "SKIPPED", { reason: "task clean did not complete" });
  await ann.report(runId, "FAILED");
  const skipped = await task("Publish");
  assert.match(skipped.summary, /was skipped, because task clean failed\.$/);
  assert.match(skipped.steps[0]?.sentence ?? "", /^Task clean, on which it depends, ended FAILED\.$/);
  assert.match((await task("clean")).hint ?? "", /cdktr logs query --run [0-9a-f-]+ --task Clean` shows .* runs retry/);
  assert.match(
    (await scene.ask("EXPLAIN", { subject: "run", run: runId }).reply).summary,
    /failed, because task clean did: exited with code 3\.$/,
  );

  await scene.ask("RETRY", { run: runId, fromTask: null, reason: "once more" }).reply;
  await ann.work({ waitMs: 0 }).reply;
  const kept = await task("load");
  assert.match(kept.summary, /completed in attempt 1 and was not run again\.$/);
  assert.equal(kept.steps.at(-1)?.sentence, "Attempt 2 kept what it had done in attempt 1.");
});

Deno.test("a task that the run has not is NOT_FOUND, with those it has", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(chain()) });
  const run = await scene.trigger();
  const asked = scene.ask("EXPLAIN", { subject: "task", run, taskId: "lod" });
  await assert.rejects(asked.reply, { code: "NOT_FOUND", hint: "Its tasks are load, clean and publish." });
  assert.equal(await scene.ask("EXPLAIN", { subject: "run", run: "nonsense" }).code(), "NOT_FOUND");
  const workflow = scene.ask("EXPLAIN", { subject: "workflow", workflowId: "ghost", atMs: 0 });
  assert.equal(await workflow.code(), "NOT_FOUND");
});

const hourMs = 3_600_000;
const everyHour = 'cron: "0 0 * * * *"';

/** A principal of which the journal stays, so that another one can follow. */
async function serve(journal: MemoryJournal, clock: FakeClock, shelf: Shelf): Promise<Scene> {
  const scene = await Scene.open({ journal, clock, shelf, isServing: true });
  await turn(); // What it notes at its start is in the journal.
  return scene;
}

Deno.test("a due time while no principal was there: since when, until when, and made up or not", async () => {
  const clock = new FakeClock(Date.UTC(2026, 2, 1, 0, 30));
  const [journal, shelf] = [new MemoryJournal(), new Shelf(workflowOf("etl", everyHour))];
  {
    await using scene = await serve(journal, clock, shelf);
    const dueMs = Date.UTC(2026, 2, 1, 1);
    clock.advance(hourMs / 2);
    await scene.trigger({ trigger: "cron", dueMs, reason: "its schedule was due" });
  }
  clock.advance(2.5 * hourMs);
  await using scene = await serve(journal, clock, shelf);
  await scene.trigger({ trigger: "cron", dueMs: Date.UTC(2026, 2, 1, 3), reason: "it was missed" });
  const at = async (hour: number) =>
    await scene.ask("EXPLAIN", { subject: "workflow", workflowId: "etl", atMs: Date.UTC(2026, 2, 1, hour) }).reply;

  assert.match((await at(1)).summary, /^etl did run at 2026-03-01T01:00:00Z/);
  const missed = await at(2);
  assert.match(
    missed.summary,
    /^etl did not run at .*02:00:00Z, when it was due: the principal stopped at 2026-03-01T01:00:00Z and started again at 2026-03-01T03:30:00Z \(2 h 30 min\)\.$/,
  );
  assert.deepEqual(missed.steps.map(({ sentence }) => sentence), [
    'Its schedule came into force: "0 0 * * * *" in UTC.',
    "The principal stopped.",
    "By its schedule it was due.",
    "A principal started.",
  ]);
  assert.match(
    (await at(3)).summary,
    /^etl ran for 2026-03-01T03:00:00Z only at 2026-03-01T03:30:00Z, for the principal/,
  );
  assert.match((await at(0)).summary, /of which nothing is known|came into force at 2026-03-01T00:30:00Z/);
  assert.match((await at(9)).summary, /is still to come: for etl it will be due at 2026-03-01T09:00:00Z\.$/);
});

Deno.test("a due time after a principal was killed: its last decision and the next start are named", async () => {
  const clock = new FakeClock(Date.UTC(2026, 2, 1, 0, 30));
  const [journal, shelf] = [new MemoryJournal(), new Shelf(workflowOf("etl", everyHour))];
  const killed = await serve(journal, clock, shelf);
  clock.advance(10 * 60_000);
  await killed.trigger();
  killed.journal.fail(); // From here on it leaves no word, as one that was killed.
  await killed.principal.close();
  clock.advance(hourMs);
  await using scene = await serve(journal, clock, shelf);
  const atMs = Date.UTC(2026, 2, 1, 1);
  const { summary } = await scene.ask("EXPLAIN", { subject: "workflow", workflowId: "etl", atMs }).reply;
  assert.match(
    summary,
    /did not end in good order; it decided something for the last time at 2026-03-01T00:40:00Z and started again at 2026-03-01T01:40:00Z/,
  );
});

Deno.test("a due time whose trigger was skipped, and one after the schedule had gone", async () => {
  const clock = new FakeClock(Date.UTC(2026, 2, 1, 0, 30));
  const shelf = new Shelf(workflowOf("etl", `${everyHour}\noverlap: skip`));
  await using scene = await serve(new MemoryJournal(), clock, shelf);
  const blocking = await scene.trigger();
  clock.advance(hourMs / 2);
  const dueMs = Date.UTC(2026, 2, 1, 1);
  await scene.ask("RUN", runRequest({ trigger: "cron", dueMs, reason: "its schedule was due" })).reply;
  clock.advance(hourMs / 2);
  shelf.replace(workflowOf("etl"));
  await turn();
  clock.advance(hourMs);
  const at = async (hour: number) =>
    await scene.ask("EXPLAIN", { subject: "workflow", workflowId: "etl", atMs: Date.UTC(2026, 2, 1, hour) }).reply;
  assert.match(
    (await at(1)).summary,
    new RegExp(`^etl did not run at .*run ${blocking} of the workflow had not ended`),
  );
  assert.match(
    (await at(2)).summary,
    /^etl was not due at .*: since 2026-03-01T01:30:00Z it had no schedule, because /,
  );
});

Deno.test("a workflow without a time: its newest run, a trigger skipped since, and when it is due next", async () => {
  const clock = new FakeClock(Date.UTC(2026, 2, 1, 0, 30));
  const shelf = new Shelf(workflowOf("etl", `${everyHour}\noverlap: skip`));
  await using scene = await serve(new MemoryJournal(), clock, shelf);
  const latest = async () => await scene.ask("EXPLAIN", { subject: "workflow", workflowId: "etl", atMs: null }).reply;
  assert.deepEqual(await latest(), {
    summary: "etl has no run, as far as the journal goes back. It is due next at 2026-03-01T01:00:00Z.",
    steps: [],
    hint: "`cdktr task run etl` triggers it by hand.",
  });

  const runId = await scene.trigger();
  clock.advance(90_000);
  const { summary, hint } = await latest();
  assert.equal(
    summary,
    `Run ${runId} of etl waits, because no agent is there. It is due next at 2026-03-01T01:00:00Z.`,
  );
  assert.match(hint ?? "", new RegExp(`^\`cdktr explain ${runId}\` tells how`));

  await scene.ask("RUN", runRequest()).reply;
  const skipped = await latest();
  assert.match(
    skipped.summary,
    /^The newest trigger of etl was skipped at 2026-03-01T00:31:30Z: .* had not ended.*\. Run \S+ of etl waits, .* It is due next /,
  );
  assert.deepEqual(skipped.steps.map(({ atMs }) => atMs), [clock.nowMs() - 90_000, clock.nowMs()]);

  await scene.ask("CANCEL", { run: runId, task: null, reason: "not needed" }).reply;
  clock.advance(1000);
  const next = await scene.trigger();
  shelf.replace(workflowOf("etl"));
  assert.match(
    (await latest()).summary,
    new RegExp(`^Run ${next} of etl waits, because no agent is there\\. It has no schedule\\.$`),
  );
});

Deno.test("a task that was cancelled and whose run was retried: who wanted it, and the retry between the attempts", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(chain()) });
  const [runId, ann] = [await scene.trigger(), scene.agent("ann")];
  await ann.begin();
  await reportTask(scene, ann, runId, "load", "RUNNING");
  await scene.ask("CANCEL", { run: runId, task: "load", reason: "the table is locked" }).reply;
  await reportTask(scene, ann, runId, "load", "CANCELLED", { reason: "the task was cancelled" });
  const explained = async () => await scene.ask("EXPLAIN", { subject: "task", run: runId, taskId: "load" }).reply;
  assert.equal((await explained()).summary, `Task load of run ${runId} was cancelled: the table is locked.`);

  await ann.report(runId, "FAILED");
  await scene.ask("RETRY", { run: runId, fromTask: null, reason: "the table is free" }).reply;
  const { begin } = await ann.work().reply;
  assert.equal(begin[0]?.attempt, 2);
  await reportTask(scene, ann, runId, "load", "RUNNING", { attempt: 2 });
  await reportTask(scene, ann, runId, "load", "CANCELLED", { attempt: 2, reason: "the run was cancelled" });
  const { summary, steps } = await explained();
  assert.equal(summary, `Task load of run ${runId} was cancelled: the run was cancelled.`, "the old wish is over");
  const sentences = steps.map(({ sentence }) => sentence);
  const retried = sentences.indexOf("The run was put back into the queue, for attempt 2: the table is free.");
  assert.ok(retried > sentences.indexOf("Its end was asked for: the table is locked."), sentences.join("\n"));
  assert.match(sentences[retried + 1] ?? "", /^It began\.$/);
});
