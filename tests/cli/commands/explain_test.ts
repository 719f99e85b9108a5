import { deepEqual, equal, match, ok } from "node:assert/strict";
import { call } from "../call.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

const hourly = `${oneTask}cron: "0 0 * * * *"\n`;
const workflows = { etl: oneTask, hourly };

Deno.test("explain RUN tells a summary, the steps with their times, and what to do", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await scene.trigger("etl");
  const { exitCode, stdout, stderr } = await scene.call(["explain", runId.slice(0, 20)]);
  deepEqual([exitCode, stderr], [0, ""]);
  const [summary, blank, step, ...rest] = stdout.split("\n");
  equal(summary, `Run ${runId} of etl waits, because no agent is there.`);
  equal(blank, "");
  match(step ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {2}It was triggered \(manual\): a test\.$/);
  equal(rest.at(-2), "hint: Start one with `cdktr start agent`.");
});

Deno.test("explain RUN TASK tells about the task, by its id or its name", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await scene.trigger("etl");
  await scene.reportTask(await scene.fetch(), "only", "FAILED", { exitCode: 3, reason: "exited with code 3" });
  for (const task of ["only", "Only"]) {
    const { exitCode, stdout } = await scene.call(["explain", runId, task]);
    equal(exitCode, 0);
    match(stdout, /^Task only of run [0-9a-f-]+ failed: exited with code 3\.\n/);
  }
  const { exitCode, stderr } = await scene.call(["explain", runId, "none"]);
  equal(exitCode, 3);
  match(
    stderr,
    /^error\[NOT_FOUND\]: The workflow etl of run .* has no task "none"\.\n {2}hint: Its tasks are only\.\n/,
  );
});

Deno.test("explain WORKFLOW tells what it did last or at a time, and what is neither run nor workflow exits 3", async () => {
  await using scene = await PrincipalScene.start(workflows);
  await scene.client.call("STATUS", {});
  const latest = await scene.call(["explain", "hourly"]);
  match(latest.stdout, /^hourly has no run, as far as the journal goes back\. It is due next at \S+:00:00Z\.\n/);
  const past = await scene.call(["explain", "hourly", "--at", "2001-02-03 04:00"]);
  match(past.stdout, /^hourly was not due at 2001-02-03T04:00:00Z: its schedule came into force at /);
  const neither = await scene.call(["explain", "ghost"]);
  equal(neither.exitCode, 3);
  match(neither.stderr, /^error\[NOT_FOUND\]: There is no run and no workflow "ghost"\.\n {2}hint: /);
  await scene.trigger("etl");
  await scene.trigger("etl");
  const several = await scene.call(["explain", "0"]);
  equal(several.exitCode, 2);
  match(several.stderr, /^error\[AMBIGUOUS\]/);
});

Deno.test("explain --json is the explanation as one object", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await scene.trigger("etl");
  const explanation = JSON.parse((await scene.call(["explain", runId, "--json"])).stdout);
  deepEqual(Object.keys(explanation), ["summary", "steps", "hint"]);
  equal(explanation.steps[0].sentence, "It was triggered (manual): a test.");
});

Deno.test("on a terminal sentences are broken between words and stay in their column", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await scene.trigger("etl", { note: "word ".repeat(20).trim(), trick: "a\x1b[2Jb" });
  const { stdout } = await scene.call(["explain", runId], { columns: 80 });
  const lines = stdout.split("\n");
  ok(lines.every((line) => line.length <= 80), stdout);
  ok(lines.some((line) => /^ {22}word/.test(line)), stdout);
  equal(stdout.includes("\x1b"), false);
});

Deno.test("a task at a time and a time that is none are usage errors", async () => {
  const both = await call(["explain", "x", "load", "--at", "1h"]);
  equal(both.exitCode, 2);
  match(both.stderr, /A task is explained as it is, not at a time\.\n {2}hint: Leave out --at/);
  const junk = await call(["explain", "x", "--at", "teatime"]);
  equal(junk.exitCode, 2);
  match(junk.stderr, /It must be a date and time: /);
});
