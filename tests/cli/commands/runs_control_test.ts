/** Commands that steer a run: retry, pause, resume, and the cancelling of one task; and what `runs show` tells of all that. */
import { deepEqual, equal, match } from "node:assert/strict";
import { call } from "../call.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

const chain = `name: Chain
priority: 5
params: {day: {type: date, default: "2026-03-01"}}
tasks:
  load: {name: Load, config: {type: subprocess, cmd: echo}}
  clean: {name: Clean, depends: [load], config: {type: subprocess, cmd: echo}}
`;
const workflows = { etl: chain, once: `${oneTask}overlap: skip\n` };

/** A run whose first task completed and whose second failed. */
async function failedRun(scene: PrincipalScene): Promise<string> {
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  await scene.reportTask(attempt, "load", "COMPLETED", { outputs: { rows: "12", file: "a\x1b[2J" } });
  await scene.reportTask(attempt, "clean", "FAILED", { exitCode: 1, reason: "exited with code 1" });
  await scene.reportRun(attempt, "FAILED", "task clean failed");
  return runId;
}

Deno.test("runs retry has what failed run again and keeps the rest, which runs show tells with the outputs", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await failedRun(scene);
  const { exitCode, stdout } = await scene.call(["runs", "retry", runId.slice(0, 30), "--reason", "disk was full"]);
  deepEqual([exitCode, stdout], [0, `${runId} waits for its attempt 2, and keeps 1 task\n`]);
  await scene.fetch();
  const shown = (await scene.call(["runs", "show", runId])).stdout;
  match(shown, /\nPriority +5\n/);
  match(shown, /\nAttempt +2\nBefore +attempt 1 FAILED at \S+Z, after .* on ada@lab\/AG: task clean failed\n/);
  match(shown, /\nload +COMPLETED .* kept from the attempt before\n/);
  match(shown, /\nTASK +OUTPUT +VALUE\nload +rows +12\nload +file +a\\u\{1b\}\[2J\n/);
  const json = JSON.parse((await scene.call(["runs", "show", runId, "--json"])).stdout);
  deepEqual(json.tasks.map((task: Record<string, unknown>) => [task["taskId"], task["isKept"], task["outputs"]]), [
    ["load", true, { rows: "12", file: "a\x1b[2J" }],
    ["clean", false, null],
  ]);
  deepEqual([json.params, json.priority], [{ day: "2026-03-01" }, 5]);
  deepEqual([json.earlier.length, json.earlier[0].attempt, json.earlier[0].state], [1, 1, "FAILED"]);
  equal(json.waitingSinceMs > json.triggeredAtMs, true, "it waited from the retry on");
});

Deno.test("runs retry --from has a completed task run again, too; --json tells the attempt", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await failedRun(scene);
  const { stdout } = await scene.call(["runs", "retry", runId, "--from", "load", "--json"]);
  deepEqual(JSON.parse(stdout), { runId, attempt: 2, kept: [] });
  const again = await scene.call(["runs", "retry", runId]);
  equal(again.exitCode, 1);
  match(again.stderr, /^error\[CONFLICT\]: Run .* cannot be retried: it is PENDING\.\n {2}hint: /);
  const unknown = await scene.call(["runs", "retry", runId, "--from", "nope"]);
  equal(unknown.exitCode, 3);
});

Deno.test("runs retry --wait waits for the end and exits by it", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await failedRun(scene);
  const waiting = scene.call(["runs", "retry", runId, "--wait", "--json"]);
  const attempt = await scene.fetch();
  await scene.reportRun(attempt, "CANCELLED", "wrong date");
  const { exitCode, stdout } = await waiting;
  equal(exitCode, 1);
  const ended = JSON.parse(stdout);
  deepEqual([ended.runId, ended.state, ended.attempt], [runId, "CANCELLED", 2]);
});

Deno.test("runs pause and resume say what they did, and runs show that it is paused", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await scene.trigger("etl");
  deepEqual((await scene.call(["runs", "pause", runId])).stdout, `${runId} is paused\n`);
  const again = await scene.call(["runs", "pause", runId]);
  deepEqual([again.exitCode, again.stdout], [0, `${runId} is paused already\n`]);
  match((await scene.call(["runs", "show", runId])).stdout, /\nState +PENDING, paused\n/);
  deepEqual((await scene.call(["runs", "resume", runId])).stdout, `${runId} is resumed\n`);
  deepEqual((await scene.call(["runs", "resume", runId])).stdout, `${runId} is not paused\n`);
  await scene.fetch();
  const { stdout } = await scene.call(["runs", "pause", runId, "--reason", "moving"]);
  equal(stdout, `${runId} is being paused: its agent is told\n`);
  const json = await scene.call(["runs", "resume", runId, "--json"]);
  deepEqual(JSON.parse(json.stdout), { runId, outcome: "requested" });
});

Deno.test("runs cancel --task ends one task; one that is not there is told with those that are", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const runId = await scene.trigger("etl");
  await scene.reportRun(await scene.fetch(), "RUNNING");
  const { stdout } = await scene.call(["runs", "cancel", runId, "--task", "load"]);
  equal(stdout, `task load of ${runId} is being cancelled\n`);
  match((await scene.call(["runs", "show", runId])).stdout, /\nState +RUNNING, tasks being cancelled: load\n/);
  const { exitCode, stderr } = await scene.call(["runs", "cancel", runId, "--task", "lod"]);
  equal(exitCode, 3);
  match(stderr, /has no task "lod"\.\n {2}hint: Its tasks are load, clean\.\n/);
});

Deno.test("task run of a workflow that skips exits 4 and prints no run id", async () => {
  await using scene = await PrincipalScene.start(workflows);
  const first = (await scene.call(["task", "run", "once"])).stdout.trim();
  const second = await scene.call(["task", "run", "once", "--wait"]);
  deepEqual([second.exitCode, second.stdout], [4, ""]);
  match(second.stderr, new RegExp(`^Nothing was started: run ${first} of the workflow had not ended, `));
  const json = JSON.parse((await scene.call(["task", "run", "once", "--json"])).stdout);
  deepEqual([json.runId, json.inTheWay], [null, first]);
});

const parameters: [flags: string[], exitCode: number, stderr: RegExp][] = [
  [["-p", "day=2026-04-01"], 0, /^$/],
  [["-p", "day=tomorrow"], 2, /^error\[INVALID_PARAMETERS\]: .*day/],
  [["-p", "dya=2026-04-01"], 2, /^error\[INVALID_PARAMETERS\]: .*dya/],
  [["-p", "day"], 2, /^error\[INVALID_PARAMETERS\]: The parameter "day" cannot be used: it has no `=`\.\n/],
];
for (const [flags, exitCode, stderr] of parameters) {
  Deno.test(`task run with ${flags.join(" ")} against declared parameters exits ${exitCode}`, async () => {
    await using scene = await PrincipalScene.start(workflows);
    const outcome = await scene.call(["task", "run", "etl", ...flags]);
    equal(outcome.exitCode, exitCode, outcome.stderr);
    match(outcome.stderr, stderr);
    equal(outcome.stdout === "", exitCode !== 0);
  });
}

Deno.test("a timeout where nothing waits is refused before anything is done", async () => {
  for (const argv of [["task", "run", "etl", "--timeout", "1m"], ["runs", "retry", "x", "--timeout", "1m"]]) {
    const { exitCode, stderr } = await call(argv);
    equal(exitCode, 2);
    match(stderr, /A --timeout is for waiting, and nothing waits\.\n {2}hint: Add --wait\./);
  }
});
