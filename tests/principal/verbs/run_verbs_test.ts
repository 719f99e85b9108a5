/** Steering runs over the wire: what an agent hears of it, and what becomes of the run. */
import assert from "node:assert/strict";
import type { RequestOf } from "../../../src/wire/mod.ts";
import { type FakeAgent, Scene, Shelf, workflowOf } from "../scene.ts";

/** A chain of two tasks. */
const chain = `
tasks:
  extract: { name: Extract, config: !Subprocess { cmd: "true" } }
  load: { name: Load, depends: [extract], config: !Subprocess { cmd: "true" } }`;

async function reportTask(
  scene: Scene,
  agent: FakeAgent,
  runId: string,
  taskId: string,
  more: Partial<Extract<RequestOf<"REPORT">["reports"][number], { kind: "task" }>>,
): Promise<void> {
  const task = { kind: "task", runId, attempt: 1, taskId, taskRunId: `${taskId}-1`, tryNumber: 1 } as const;
  const rest = { state: "COMPLETED", happenedAtMs: 5, exitCode: 0, reason: null, outputs: null } as const;
  await scene.ask("REPORT", { ...agent.holder, reports: [{ ...task, ...rest, ...more }] }).reply;
}

/** A run whose first task completed and whose second failed. */
async function failedRun(scene: Scene, agent: FakeAgent): Promise<string> {
  const { runId } = await agent.begin();
  await reportTask(scene, agent, runId, "extract", { outputs: { rows: "7" } });
  await reportTask(scene, agent, runId, "load", { state: "FAILED", exitCode: 1, reason: "exited with code 1" });
  await agent.report(runId, "FAILED");
  return runId;
}

function sceneOfChain(): Promise<Scene> {
  return Scene.open({ shelf: new Shelf(workflowOf("etl", "", chain)) });
}

Deno.test("a retried run is handed out with what its first attempt completed", async () => {
  await using scene = await sceneOfChain();
  const ann = scene.agent("ann");
  await scene.trigger();
  const runId = await failedRun(scene, ann);
  const asked = ann.work();
  assert.ok(await asked.isHeld());
  const reply = await scene.ask("RETRY", { run: runId, fromTask: null, reason: "once more" }).reply;
  assert.deepEqual(reply, { runId, attempt: 2, kept: ["extract"] });
  const { begin: [begun] } = await asked.reply;
  assert.deepEqual(begun?.kept, [{ taskId: "extract", taskRunId: "extract-1", outputs: { rows: "7" } }]);
  assert.equal(begun?.attempt, 2);
  const { tasks } = await scene.ask("SHOWRUN", { run: runId }).reply;
  assert.deepEqual(tasks.map(({ taskId, attempt, state }) => [taskId, attempt, state]), [["extract", 2, "COMPLETED"]]);
});

Deno.test("a retry from a task runs it and what depends on it again", async () => {
  await using scene = await sceneOfChain();
  const ann = scene.agent("ann");
  await scene.trigger();
  const runId = await failedRun(scene, ann);
  const { kept } = await scene.ask("RETRY", { run: runId, fromTask: "extract", reason: "once more" }).reply;
  assert.deepEqual(kept, []);
});

Deno.test("a retry from a task that there is not names those that there are", async () => {
  await using scene = await sceneOfChain();
  const ann = scene.agent("ann");
  await scene.trigger();
  const runId = await failedRun(scene, ann);
  const asked = scene.ask("RETRY", { run: runId, fromTask: "lod", reason: "once more" });
  assert.equal(await asked.code(), "NOT_FOUND");
  await assert.rejects(asked.reply, { hint: "Its tasks are extract, load." });
});

Deno.test("a run in progress is not retried", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  assert.equal(await scene.ask("RETRY", { run: runId, fromTask: null, reason: "once more" }).code(), "CONFLICT");
});

Deno.test("the definition that a retried run executes is the one it began with", async () => {
  await using scene = await sceneOfChain();
  const ann = scene.agent("ann");
  await scene.trigger();
  const runId = await failedRun(scene, ann);
  scene.shelf.replace(workflowOf("etl", "description: another"));
  await scene.trigger(); // Now nothing uses the older definition any more.
  await scene.ask("RETRY", { run: runId, fromTask: null, reason: "once more" }).reply;
  const { begin: [begun] } = await ann.work().reply;
  assert.equal(begun?.runId, runId);
  assert.deepEqual(begun?.workflow, JSON.parse(JSON.stringify(workflowOf("etl", "", chain))));
});

Deno.test("a waiting agent hears at once of a pause, of the end of a task, and that the run may go on", async () => {
  await using scene = await sceneOfChain();
  const ann = scene.agent("ann");
  await scene.trigger();
  const { runId } = await ann.begin();
  const held = { runId, attempt: 1, cancelling: false, paused: false, cancelTasks: [] as string[] };
  const steps = [
    [() => scene.ask("PAUSE", { run: runId, paused: true, reason: "wait" }), { paused: true }],
    [() => scene.ask("CANCEL", { run: runId, task: "load", reason: "enough" }), { cancelTasks: ["load"] }],
    [() => scene.ask("PAUSE", { run: runId, paused: false, reason: "go on" }), { paused: false }],
  ] as const;
  for (const [wish, change] of steps) {
    const asked = ann.work({ slots: 0, holding: [held] });
    assert.ok(await asked.isHeld());
    assert.equal((await wish().reply).outcome, "requested");
    const { steer: [steering] } = await asked.reply;
    Object.assign(held, { paused: steering?.paused, cancelTasks: steering?.cancelTasks });
    for (const [field, value] of Object.entries(change)) {
      assert.deepEqual(Object.entries(held).find(([name]) => name === field)?.[1], value);
    }
  }
});

Deno.test("a run that is paused while it waits goes to an agent when it is resumed", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  assert.equal((await scene.ask("PAUSE", { run: runId, paused: true, reason: "wait" }).reply).outcome, "done");
  const asked = ann.work();
  assert.ok(await asked.isHeld());
  await scene.ask("PAUSE", { run: runId, paused: false, reason: "go on" }).reply;
  assert.deepEqual((await asked.reply).begin.map((begun) => begun.runId), [runId]);
});

Deno.test("runs of a workflow whose overlap is queue follow one another without delay", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(workflowOf("etl", "overlap: queue")) });
  const ann = scene.agent("ann");
  const [first, second] = [await scene.trigger(), await scene.trigger()];
  await ann.begin();
  const asked = ann.work();
  assert.ok(await asked.isHeld());
  await ann.report(first, "COMPLETED");
  assert.deepEqual((await asked.reply).begin.map((begun) => begun.runId), [second]);
});

Deno.test("a trigger that is skipped says why and names the run in the way", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(workflowOf("etl", "overlap: skip")) });
  const runId = await scene.trigger();
  const reply = await scene.ask("RUN", {
    ...{ workflowId: "etl", trigger: "manual", params: {}, idempotencyKey: null, dueMs: null, reason: "asked" },
  }).reply;
  assert.equal(reply.runId, runId);
  assert.match(reply.skipped ?? "", /overlap policy is skip/);
});

Deno.test("a new run takes the place of the one that waits or runs, and the agent is told at once", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(workflowOf("etl", "overlap: replace")) });
  const ann = scene.agent("ann");
  await scene.trigger();
  const { runId } = await ann.begin();
  const held = [{ runId, attempt: 1, cancelling: false, paused: false, cancelTasks: [] }];
  const asked = ann.work({ holding: held });
  assert.ok(await asked.isHeld());
  const next = await scene.trigger();
  const { end } = await asked.reply;
  assert.deepEqual(end, [{ runId, attempt: 1, reason: `run ${next} of the workflow takes its place` }]);
  await ann.report(runId, "CANCELLED");
  assert.deepEqual((await ann.work().reply).begin.map((begun) => begun.runId), [next]);
});

Deno.test("a run goes only to an agent that has its labels", async () => {
  await using scene = await Scene.open({ shelf: new Shelf(workflowOf("etl", "labels: [gpu, eu]")) });
  const [ann, bob] = [scene.agent("ann"), scene.agent("bob")];
  const runId = await scene.trigger();
  assert.ok(await ann.work({ offers: ["beyond-original", "label:gpu"] }).isHeld());
  const { begin } = await bob.work({ offers: ["beyond-original", "label:gpu", "label:eu"] }).reply;
  assert.deepEqual(begin.map((begun) => begun.runId), [runId]);
});

Deno.test("the higher priority goes first", async () => {
  const shelf = new Shelf(workflowOf("etl"), workflowOf("urgent", "priority: 10"));
  await using scene = await Scene.open({ shelf });
  const low = await scene.trigger();
  const high = await scene.trigger({ workflowId: "urgent" });
  const { begin } = await scene.agent("ann").work({ slots: 2 }).reply;
  assert.deepEqual(begin.map((begun) => begun.runId), [high, low]);
});

Deno.test("parameters are checked against what the workflow declares", async () => {
  await using scene = await Scene.open({
    shelf: new Shelf(workflowOf("etl", "params: { rows: { type: integer, default: 5 } }")),
  });
  const runId = await scene.trigger();
  assert.deepEqual((await scene.run(runId)).params, { rows: "5" });
  const refused = scene.ask("RUN", {
    ...{ workflowId: "etl", trigger: "manual", params: { rows: "many" }, idempotencyKey: null, dueMs: null },
    reason: "asked",
  });
  assert.equal(await refused.code(), "INVALID_PARAMETERS");
});

Deno.test("words about runs that never were are not kept", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  await scene.trigger();
  const { runId } = await ann.begin();
  assert.deepEqual(await ann.report("made up", "COMPLETED"), { ignored: 1 });
  assert.deepEqual(await ann.report(runId, "COMPLETED", 9), { ignored: 1 });
  const ignored = (await scene.journal.eventsAfter(0, 100)).filter(({ event }) => event.type === "report_ignored");
  assert.deepEqual(ignored.map(({ event }) => "runId" in event && event.runId), [runId]);
});

Deno.test("a workflow is told as it stands in its file now; one that there is not is an error", async () => {
  await using scene = await sceneOfChain();
  const { workflow } = await scene.ask("SHOWWORKFLOW", { workflowId: "etl" }).reply;
  assert.deepEqual(workflow, JSON.parse(JSON.stringify(scene.shelf.get("etl"))));
  assert.equal(await scene.ask("SHOWWORKFLOW", { workflowId: "gone" }).code(), "NOT_FOUND");
});
