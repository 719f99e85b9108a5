import assert from "node:assert/strict";
import { assertFrame } from "./golden.ts";
import { runOf, Scripted } from "./scripted.ts";
import { keys, Stage, steady } from "./stage.ts";

const etl = `name: Daily ETL
tasks:
  extract: {name: Extract, config: {type: subprocess, cmd: echo}}
  clean: {name: Clean, depends: [extract], config: {type: subprocess, cmd: echo}}
  check: {name: Check, depends: [extract], config: {type: subprocess, cmd: echo}}
  load: {name: Load, depends: [clean, check], config: {type: subprocess, cmd: echo}}
`;

/** A run of which a task failed, on the screen of runs. */
async function failedRun(): Promise<{ stage: Stage; runId: string }> {
  const stage = await Stage.open({ etl }, { route: { screen: "runs" } });
  const { scene } = stage;
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  await scene.reportRun(attempt, "RUNNING");
  const startedMs = Date.now() - 60_000;
  const tell = (task: string, state: "RUNNING" | "COMPLETED" | "FAILED" | "SKIPPED", atMs: number, more = {}) =>
    scene.reportTask(attempt, task, state, { happenedAtMs: startedMs + atMs, ...more });
  await tell("extract", "RUNNING", 0);
  await tell("extract", "COMPLETED", 10_000, { exitCode: 0 });
  await tell("clean", "RUNNING", 10_000);
  await tell("check", "RUNNING", 12_000);
  await tell("clean", "COMPLETED", 40_000, { exitCode: 0 });
  scene.print(runId, "no route to the warehouse", { taskName: "Check", taskRunId: "check-1", stream: "stderr" });
  await tell("check", "FAILED", 60_000, { exitCode: 3, reason: "exited with code 3" });
  await tell("load", "SKIPPED", 60_000, { reason: "task check did not complete" });
  await scene.reportRun(attempt, "FAILED", `task "check" failed: exited with code 3`);
  return { stage, runId };
}

Deno.test("from the list of runs to why one failed: the reason, the task, and its last lines", async () => {
  const { stage } = await failedRun();
  await using _ = stage;
  await stage.until("FAILED");
  await assertFrame("runs", steady(stage.frame));
  stage.type(keys.enter);
  await stage.until(/failed, because task check did/);
  stage.type("/", "check", keys.enter);
  await assertFrame("run_tasks", steady(await stage.until("no route to the warehouse")));
});

Deno.test("the cursor of a run that failed is on the task that did, until its user moves it", async () => {
  const { stage, runId } = await failedRun();
  await using _ = stage;
  stage.ui.open({ screen: "run", run: runId });
  await stage.until(/❯ check Check +✗ FAILED[^]*no route to the warehouse/);
  stage.type("g");
  await stage.until(/❯ extract/);
});

Deno.test("the views of a run: graph, timeline, why and facts", async () => {
  const { stage, runId } = await failedRun();
  await using _ = stage;
  stage.ui.open({ screen: "run", run: runId.slice(0, 18) });
  await stage.until("exited with code 3");
  stage.type(keys.tab);
  await stage.until(/┌─+┐[^]*▶│ » Load[^]*▶│ ✗ Check[^]*FAILED/);
  stage.type(keys.tab);
  await stage.until("critical path");
  assert.match(stage.frame, /in the queue[^]*✓ Extract +◆[^]*✗ Check[^]*» Load +skipped/);
  stage.type(keys.tab);
  await stage.until("It was triggered (manual)");
  stage.type(keys.tab);
  assert.match(await stage.until("Triggered"), new RegExp(runId));
});

Deno.test("retrying from a task asks first, names the thing and its effect, and does it on y alone", async () => {
  const { stage, runId } = await failedRun();
  await using _ = stage;
  stage.ui.open({ screen: "run", run: runId });
  await stage.until(/❯ check/);
  stage.type("T");
  await assertFrame("confirm_retry", steady(await stage.until("from task check?")));
  stage.type(keys.enter);
  stage.type("j", "T");
  await stage.until("from task load?");
  stage.type("n");
  stage.type("k", "T");
  await stage.until("from task check?");
  stage.type("y");
  await stage.until("waits for its attempt 2");
  const { run, kept } = await stage.scene.client.call("SHOWRUN", { run: runId });
  assert.equal(run.state, "PENDING");
  assert.deepEqual(kept, []);
});

Deno.test("marked runs are cancelled together, after one question", async () => {
  await using stage = await Stage.open({ etl }, { route: { screen: "runs" } });
  for (let count = 0; count < 3; count++) await stage.scene.trigger("etl");
  await stage.until(/(PENDING[^]*){3}/);
  stage.type(" ", " ");
  stage.type("c");
  await stage.until("Cancel 2 runs of etl?");
  stage.type("y");
  await stage.until("2 of 2 runs cancelled.");
  const { runs } = await stage.scene.client.call("RUNS", { states: ["CANCELLED"], limit: 10 });
  assert.equal(runs.length, 2);
});

Deno.test("a filter of runs by state and words is asked of the principal", async () => {
  const { stage } = await failedRun();
  await using _ = stage;
  await stage.scene.trigger("etl");
  await stage.until("PENDING");
  stage.type("/", "state:bad", keys.enter);
  await stage.until(/^(?![^]*PENDING)[^]*FAILED/);
  stage.type("f");
  await stage.until(/PENDING[^]*FAILED/);
  stage.type("/", "state:nonsense");
  await stage.until("state:nonsense is none of");
});

Deno.test("the screen of a run follows it live", async () => {
  await using stage = await Stage.open({ etl });
  const runId = await stage.scene.trigger("etl");
  stage.ui.open({ screen: "run", run: runId });
  await stage.until("PENDING");
  const attempt = await stage.scene.fetch();
  await stage.scene.reportRun(attempt, "RUNNING");
  await stage.scene.reportTask(attempt, "extract", "RUNNING");
  await stage.until(/extract Extract +● RUNNING/);
  await stage.scene.reportTask(attempt, "extract", "COMPLETED");
  await stage.until(/extract Extract +✓ COMPLETED/);
});

Deno.test("a workflow's screen: its runs, its graph and its definition", async () => {
  await using stage = await Stage.open({ etl }, { route: { screen: "workflow", workflowId: "etl" } });
  await stage.scene.trigger("etl");
  await stage.until("PENDING");
  stage.type(keys.tab);
  await assertFrame("workflow_graph", steady(await stage.until("┌")));
  stage.type(keys.tab);
  await stage.until("depends:");
});

Deno.test("a run that there is not is told in words", async () => {
  await using stage = await Stage.open({ etl }, { route: { screen: "run", run: "00000000-0000" } });
  await stage.until("There is no run");
});

Deno.test("the last lines of a task are followed while its run goes on", async () => {
  await using stage = await Stage.open({ etl });
  const runId = await stage.scene.trigger("etl");
  const attempt = await stage.scene.fetch();
  await stage.scene.reportRun(attempt, "RUNNING");
  await stage.scene.reportTask(attempt, "extract", "RUNNING");
  stage.ui.open({ screen: "run", run: runId });
  await stage.until("It has printed nothing");
  stage.scene.print(runId, "a first line", { taskName: "Extract" });
  await stage.until("a first line");
  stage.scene.print(runId, "a second line", { taskName: "Extract" });
  await stage.until("a second line");
});

Deno.test("a click on the timeline chooses the task in that row, wherever the list of tasks stands", async () => {
  const ids = Array.from({ length: 60 }, (_, index) => `task${String(index).padStart(2, "0")}`);
  const run = runOf(1, "etl", "RUNNING", 60_000);
  const task = { name: "x", description: null, depends: [], env: {}, timeoutMs: null, retries: 0 };
  const workflow = {
    ...{ id: "etl", path: "etl.yml", name: "etl", description: null, cron: null, timezone: "UTC", startTime: null },
    ...{ env: {}, timeoutMs: null },
    tasks: ids.map((id) => ({ ...task, id, name: id, config: { type: "subprocess", cmd: "echo", args: [] } })),
  };
  await using scripted = await Scripted.open({
    route: { screen: "run", run: run.runId },
    answers: { SHOWRUN: { run, tasks: [], kept: [], earlier: [], waitingSinceMs: null, workflow } },
  });
  await scripted.clock.pass(200, 100);
  scripted.ui.frame();
  scripted.press("G");
  scripted.ui.resize({ width: 100, height: 30 });
  scripted.ui.frame();
  scripted.press("tab", "tab");
  scripted.click("task50");
  scripted.press("shift-tab", "shift-tab");
  assert.match(scripted.frame, /❯ task50/);
});
