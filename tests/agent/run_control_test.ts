/** What a person may want of a run that goes on, carried out by an agent. */
import assert from "node:assert/strict";
import { parseWorkflow, type Workflow } from "../../src/workflow/mod.ts";
import { turn } from "../fake_clock.ts";
import { shell, Stage } from "./stage.ts";

/** A workflow of shell scripts; each is given as `script`, or as `depends: script` behind a `>`. */
function flow(id: string, scripts: Record<string, string | { depends: string[]; run: string }>, more = ""): Workflow {
  const tasks = Object.entries(scripts).map(([task, spec]) => {
    const { depends, run } = typeof spec === "string" ? { depends: [], run: spec } : spec;
    return `  ${task}: {name: ${task}, depends: ${JSON.stringify(depends)}, config: !Subprocess {cmd: sh, ` +
      `args: ["-c", ${JSON.stringify(run)}]}}\n`;
  });
  const { workflow, problems } = parseWorkflow(`name: ${id}\n${more}tasks:\n${tasks.join("")}`, { id, path: id });
  if (workflow === null) throw new Error(problems[0]?.message);
  return workflow;
}

/** `taskId STATE` of the tasks of a run, by id. */
async function tasksOf(stage: Stage, runId: string): Promise<string[]> {
  const { tasks } = await stage.scene.ask("SHOWRUN", { run: runId }).reply;
  return tasks.map(({ taskId, state }) => `${taskId} ${state}`).sort();
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await turn();
}

const gated = (directory: string) => [
  flow("steps", {
    first: `read line < ${directory}/held; exit $line`,
    second: { depends: ["first"], run: "true" },
  }),
  flow("wide", { a: "sleep 600", b: `read line < ${directory}/held; exit $line`, c: { depends: ["a"], run: "true" } }),
];

Deno.test("a run that is paused starts no further task, keeps its slot, and goes on when it is resumed", async () => {
  await using stage = await Stage.open({ maxConcurrentRuns: 1 }, { workflows: gated });
  const runId = await stage.trigger("steps");
  await stage.begun(runId);
  const waiting = await stage.trigger("quick");
  const pause = (paused: boolean) => stage.scene.ask("PAUSE", { run: runId, paused, reason: "maintenance" }).reply;
  assert.deepEqual(await pause(true), { runId, outcome: "requested" });
  await until(() => stage.told.includes(`run ${runId} pauses`));
  await stage.release();
  await until(async () => (await tasksOf(stage, runId)).includes("first COMPLETED"));
  await stage.clock.pass(30_000);
  assert.deepEqual(await tasksOf(stage, runId), ["first COMPLETED", "second PENDING"]);
  assert.deepEqual([await stage.state(runId), await stage.state(waiting)], ["RUNNING", "PENDING"]);
  await pause(false);
  assert.equal(await stage.final(runId), "COMPLETED");
  assert.equal(await stage.final(waiting), "COMPLETED");
  const steered = stage.told.filter((sentence) => /pauses|goes on/.test(sentence));
  assert.deepEqual(steered, [`run ${runId} pauses`, `run ${runId} goes on`], "told once each");
});

Deno.test("a paused run is ended by a cancellation", async () => {
  await using stage = await Stage.open({}, { workflows: gated });
  const runId = await stage.trigger("steps");
  await stage.begun(runId);
  await stage.scene.ask("PAUSE", { run: runId, paused: true, reason: "wait" }).reply;
  await until(() => stage.told.includes(`run ${runId} pauses`));
  await stage.scene.ask("CANCEL", { run: runId, task: null, reason: "not needed" }).reply;
  assert.equal(await stage.final(runId), "CANCELLED");
});

Deno.test("one task of a run is cancelled: what depends on it is skipped, the rest goes on, the run has failed", async () => {
  await using stage = await Stage.open({}, { workflows: gated });
  const runId = await stage.trigger("wide");
  await stage.begun(runId);
  await until(async () => (await tasksOf(stage, runId)).includes("a RUNNING"));
  await stage.scene.ask("CANCEL", { run: runId, task: "a", reason: "not needed" }).reply;
  await until(async () => (await tasksOf(stage, runId)).includes("a CANCELLED"));
  await stage.clock.pass(20_000);
  assert.equal(stage.told.filter((sentence) => sentence.startsWith("ending task a")).length, 1, "told once");
  await stage.release();
  assert.equal(await stage.final(runId), "FAILED");
  assert.equal((await stage.scene.run(runId)).reason, 'task "a" was cancelled');
  assert.deepEqual(await tasksOf(stage, runId), ["a CANCELLED", "b COMPLETED", "c SKIPPED"]);
});

Deno.test("a run that is retried keeps what completed, with its outputs, and runs the rest", async () => {
  const workflows = (directory: string) => [
    flow("etl", {
      extract: `echo x >> ${directory}/extracts; echo rows=12 > "$CDKTR_OUTPUT"`,
      load: { depends: ["extract"], run: `echo "$CDKTR_ATTEMPT $CDKTR_OUTPUT_EXTRACT_ROWS"; [ "$CDKTR_ATTEMPT" = 2 ]` },
    }),
  ];
  await using stage = await Stage.open({}, { workflows });
  const runId = await stage.trigger("etl");
  assert.equal(await stage.final(runId), "FAILED");
  const before = await stage.scene.ask("SHOWRUN", { run: runId }).reply;
  const { attempt, kept } = await stage.scene.ask("RETRY", { run: runId, fromTask: null, reason: "again" }).reply;
  assert.deepEqual([attempt, kept], [2, ["extract"]]);
  assert.equal(await stage.final(runId), "COMPLETED");
  const { tasks } = await stage.scene.ask("SHOWRUN", { run: runId }).reply;
  const extract = tasks.find(({ taskId }) => taskId === "extract");
  assert.equal(extract?.taskRunId, before.tasks.find(({ taskId }) => taskId === "extract")?.taskRunId);
  assert.deepEqual(extract?.outputs, { rows: "12" });
  assert.equal(await Deno.readTextFile(`${stage.directory}/extracts`), "x\n", "it ran once");
  const { lines } = await stage.scene.ask("LOGS", { run: runId, taskName: "load", order: "oldest", limit: 10 }).reply;
  assert.deepEqual(lines.map(({ payload }) => payload).filter((line) => line.startsWith("STDOUT")), [
    "STDOUT 1 12",
    "STDOUT 2 12",
  ]);
});

Deno.test("a new attempt of a run waits until the processes of the older one on the agent are gone", async () => {
  // Ends only by KILL: a second one that begins before that finds it alive.
  const script = (directory: string) =>
    `trap '' TERM; kill -0 $(cat ${directory}/pid || echo none) && exit 9; echo $$ > ${directory}/pid; ` +
    `[ "$CDKTR_ATTEMPT" = 2 ] && exit 0; while :; do sleep 0.05; done`;
  const workflows = (directory: string) => [flow("again", { only: script(directory) }, "on_crash: retry\n")];
  await using stage = await Stage.open({}, { workflows });
  const runId = await stage.trigger("again");
  await stage.begun(runId);
  await until(() => Deno.stat(`${stage.directory}/pid`).then(() => true, () => false));
  stage.link.cut();
  await stage.clock.pass(35_000);
  assert.equal(await stage.state(runId), "PENDING", "its agent was lost, and it waits for another attempt");
  stage.link.mend();
  await stage.clock.pass(5_000);
  assert.ok(stage.told.some((sentence) => sentence.startsWith(`ending run ${runId}`)));
  await stage.idle();
  const run = (await stage.scene.ask("WAITRUN", { run: runId, waitMs: 60_000 }).reply).run;
  assert.deepEqual([run.state, run.attempt, run.reason], ["COMPLETED", 2, null]);
});

Deno.test("a run that asks for a label goes to an agent that has it, and to no other", async () => {
  const workflows = () => [{ ...shell("trained", "true"), labels: ["gpu"] }];
  await using stage = await Stage.open({}, { workflows });
  const waits = await stage.trigger("trained");
  await stage.clock.pass(20_000);
  assert.equal(await stage.state(waits), "PENDING");
  await using other = await Stage.open({ labels: ["eu", "gpu"] }, { workflows });
  assert.equal(await other.final(await other.trigger("trained")), "COMPLETED");
  assert.equal(await other.final(await other.trigger("quick")), "COMPLETED", "and runs that ask for none");
  const { agents } = await other.scene.ask("STATUS", {}).reply;
  assert.deepEqual(agents.map(({ labels }) => labels), [["eu", "gpu"]]);
});
