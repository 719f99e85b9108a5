import { deepEqual, equal, match, ok } from "node:assert/strict";
import { call } from "../call.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

const diamond = `name: Daily ETL
tasks:
  publish: {name: Publish, depends: [clean, check], config: {type: subprocess, cmd: echo}}
  clean: {name: Clean, depends: [load], config: {type: subprocess, cmd: echo}}
  check: {name: Check, depends: [load], config: {type: subprocess, cmd: echo}}
  load: {name: Load, config: {type: subprocess, cmd: echo}}
`;
const files = { etl: diamond, "a.very.long.workflow.id": oneTask };

Deno.test("runs list shows runs newest first, with whole ids where stdout is no terminal", async () => {
  await using scene = await PrincipalScene.start(files);
  const first = await scene.trigger("etl");
  const second = await scene.trigger("a.very.long.workflow.id");
  await scene.reportRun(await scene.fetch(), "COMPLETED");
  const { exitCode, stdout, stderr } = await scene.call(["runs", "list"]);
  equal(exitCode, 0);
  equal(stderr, "");
  const lines = stdout.trimEnd().split("\n");
  match(lines[0] ?? "", /^RUN +WORKFLOW +STATE +TRIGGER +TRIGGERED +TOOK$/);
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
  match(lines[1] ?? "", new RegExp(`^${second} +a\\.very\\.long\\.workflow\\.id +PENDING +manual +${time}$`));
  match(lines[2] ?? "", new RegExp(`^${first} +etl +COMPLETED +manual +${time} +\\d+ ms$`));
  equal(lines.length, 3);
});

Deno.test("on a terminal the table fits: ids are shortened and stay usable, times stay whole, workflows are cut", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("a.very.long.workflow.id");
  await scene.reportRun(await scene.fetch(), "COMPLETED");
  const { stdout } = await scene.call(["runs", "list"], { columns: 80 });
  const lines = stdout.trimEnd().split("\n");
  ok(lines.every((line) => line.length <= 80), stdout);
  const [shortId = "", workflow = ""] = lines[1]?.split(/ +/) ?? [];
  equal(shortId, runId.slice(0, 13));
  match(workflow, /^a\.very.*…$/);
  match(lines[1] ?? "", /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
  match((await scene.call(["runs", "show", shortId])).stdout, new RegExp(`^Run +${runId}\n`));
});

Deno.test("runs list filters by state, workflow, trigger and time, each state given alone or with others", async () => {
  await using scene = await PrincipalScene.start(files);
  const failed = await scene.trigger("etl");
  await scene.reportRun(await scene.fetch(), "FAILED", "task load failed");
  const crashed = await scene.trigger("etl");
  await scene.reportRun(await scene.fetch(), "CRASHED");
  const waiting = await scene.trigger("a.very.long.workflow.id");
  const listed = async (...flags: string[]) => {
    const { exitCode, stdout, stderr } = await scene.call(["runs", "list", "--json", ...flags]);
    equal(exitCode, 0, stderr);
    return JSON.parse(stdout).runs.map(({ runId }: { runId: string }) => runId);
  };
  deepEqual(await listed("--state", "failed"), [failed]);
  deepEqual(await listed("--state", "FAILED,crashed"), [crashed, failed]);
  deepEqual(await listed("--state", "FAILED", "--state", "PENDING"), [waiting, failed]);
  deepEqual(await listed("--workflow", "a.very.long.workflow.id"), [waiting]);
  deepEqual(await listed("--trigger", "cron"), []);
  deepEqual(await listed("--trigger", "manual,cron", "-n", "1"), [waiting]);
  deepEqual(await listed("--since", "1h"), [waiting, crashed, failed]);
  deepEqual(await listed("--until", "1h"), []);
  deepEqual(await listed("--until", "2001-02-03 04:05"), []);
});

Deno.test("a page that is not the last tells its cursor, on stderr and in JSON, and the next page goes on there", async () => {
  await using scene = await PrincipalScene.start(files);
  for (let count = 0; count < 5; count++) await scene.trigger("etl");
  const all: { runs: { runId: string }[] } = JSON.parse((await scene.call(["runs", "list", "--json"])).stdout);
  const ids = all.runs.map(({ runId }) => runId);
  const { stdout, stderr } = await scene.call(["runs", "list", "--limit", "2"]);
  equal(stdout.trimEnd().split("\n").length, 3);
  equal(stderr, `There are more: add --cursor ${ids[1]}\n`);

  const seen: string[] = [];
  for (let cursor: string | null = null, isFirst = true; cursor !== null || isFirst; isFirst = false) {
    const { stdout } = await scene.call(["runs", "list", "-n", "2", "--json", ...cursor ? ["--cursor", cursor] : []]);
    const page: { runs: { runId: string }[]; cursor: string | null } = JSON.parse(stdout);
    seen.push(...page.runs.map(({ runId }) => runId));
    cursor = page.cursor;
  }
  deepEqual(seen, ids);
});

Deno.test("a list without runs says so on stderr", async () => {
  await using scene = await PrincipalScene.start(files);
  const { exitCode, stdout, stderr } = await scene.call(["runs", "list"]);
  deepEqual([exitCode, stdout, stderr], [0, "", "There are no runs yet.\n"]);
  equal((await scene.call(["runs", "list", "--state", "failed"])).stderr, "There are no such runs.\n");
});

Deno.test("runs show tells all of a run, its tasks in topological order, those not reported yet as waiting", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl", { date: "2026-03-01", note: "a\nb" });
  const attempt = await scene.fetch();
  await scene.reportRun(attempt, "RUNNING");
  const nowMs = Date.now();
  await scene.reportTask(attempt, "load", "RUNNING", { happenedAtMs: nowMs - 2500 });
  await scene.reportTask(attempt, "load", "COMPLETED", { exitCode: 0, happenedAtMs: nowMs, tryNumber: 1 });
  await scene.reportTask(attempt, "check", "RUNNING", { tryNumber: 2, happenedAtMs: nowMs - 65_000 });
  const { exitCode, stdout, stderr } = await scene.call(["runs", "show", runId.slice(0, 20)], { nowMs });
  equal(exitCode, 0);
  equal(stderr, "");
  match(stdout, new RegExp(`^Run +${runId}\nWorkflow +etl \\(Daily ETL\\)\nState +RUNNING\nTrigger +manual\n`));
  match(stdout, /\nParams +date=2026-03-01\n +note=a\\nb\nAgent +ada@lab\/AG\nAttempt +1\nTriggered +2/);
  const rows = stdout.slice(stdout.indexOf("\nTASK")).trim().split("\n").map((line) => line.split(/ {2,}/));
  deepEqual(rows, [
    ["TASK", "STATE", "TOOK", "EXIT", "TRIES", "REASON"],
    ["load", "COMPLETED", "2.5 s", "0", "1"],
    ["clean", "waiting"],
    ["check", "RUNNING", "1 min 5 s", "2"],
    ["publish", "waiting"],
  ]);
});

Deno.test("of a run that has ended, tasks that never began are not shown as waiting", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  await scene.reportTask(attempt, "load", "FAILED", { exitCode: 3, reason: "exit code 3" });
  await scene.reportTask(attempt, "clean", "SKIPPED", { reason: "load failed" });
  await scene.reportRun(attempt, "FAILED", "task load failed");
  const { stdout } = await scene.call(["runs", "show", runId]);
  match(stdout, /\nState +FAILED\nReason +task load failed\n/);
  match(stdout, /\nload +FAILED +3 +1 +exit code 3\nclean +SKIPPED +load failed\ncheck +-\n/);

  const shown = JSON.parse((await scene.call(["runs", "show", runId, "--json"])).stdout);
  equal(shown.state, "FAILED");
  deepEqual(shown.tasks.map(({ taskId, state }: Record<string, unknown>) => [taskId, state]), [
    ["load", "FAILED"],
    ["clean", "SKIPPED"],
    ["check", null],
    ["publish", null],
  ]);
  deepEqual(shown.tasks[3].depends, ["clean", "check"]);
  equal(shown.tasks[0].exitCode, 3);
});

Deno.test("runs cancel ends a waiting run at once, with its reason", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const { exitCode, stdout } = await scene.call(["runs", "cancel", runId.slice(0, 30), "--reason", "wrong date"]);
  deepEqual([exitCode, stdout], [0, `${runId} is cancelled\n`]);
  match((await scene.call(["runs", "show", runId])).stdout, /\nState +CANCELLED\nReason +wrong date\n/);
  const again = await scene.call(["runs", "cancel", runId]);
  equal(again.exitCode, 1);
  match(again.stderr, /^error\[CONFLICT\]: .* the run has ended CANCELLED\.\n/);
});

Deno.test("runs cancel asks the agent that has the run, and says so until it has ended", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  await scene.reportRun(attempt, "RUNNING");
  const { stdout } = await scene.call(["runs", "cancel", runId, "--reason", "late", "--json"]);
  deepEqual(JSON.parse(stdout), { runId, task: null, outcome: "requested" });
  match((await scene.call(["runs", "show", runId])).stdout, /\nState +RUNNING, being cancelled: late\n/);
});

Deno.test("a run that does not exist exits 3, a beginning of several ids 2", async () => {
  await using scene = await PrincipalScene.start(files);
  for (const command of ["show", "cancel"]) {
    const { exitCode, stdout, stderr } = await scene.call(["runs", command, "nonsense"]);
    deepEqual([exitCode, stdout], [3, ""]);
    match(stderr, /^error\[NOT_FOUND\]: There is no run with the id "nonsense"\.\n {2}hint: /);
  }
  await scene.trigger("etl");
  await scene.trigger("etl");
  const { exitCode, stderr } = await scene.call(["runs", "show", "0"]);
  equal(exitCode, 2);
  match(stderr, /^error\[AMBIGUOUS\]/);
});

const refusals: [flags: string[], sentence: RegExp][] = [
  [["--state", "DONE"], /'DONE' is invalid\. It must be one or more of PENDING, ASSIGNED, /],
  [["--state", "FAILED,"], /It must be one or more of/],
  [["--trigger", "hand"], /It must be one or more of manual, cron, /],
  [["--limit", "0"], /It must be a whole number from 1 to 1000\./],
  [["--limit", "1001"], /It must be a whole number from 1 to 1000\./],
  [["--limit", "1e2"], /It must be a whole number/],
  [["--cursor", "junk"], /'junk' is invalid\. It must be what the page before told/],
  [["--since", "yesterday"], /It must be a date and time: 2026-03-01, /],
  [["--since", "2026-03-02", "--until", "2026-03-01"], /the time range ends before it begins/],
];
for (const [flags, sentence] of refusals) {
  Deno.test(`runs list ${flags.join(" ")} exits 2 with one sentence`, async () => {
    const { exitCode, stdout, stderr } = await call(["runs", "list", ...flags]);
    deepEqual([exitCode, stdout], [2, ""]);
    match(stderr, /^error\[INVALID_ARGUMENT\]: /);
    match(stderr, sentence);
  });
}

Deno.test("without a principal every command exits 5 with the way out", async () => {
  const scene = await PrincipalScene.start({});
  await scene[Symbol.asyncDispose]();
  for (
    const argv of [
      ["runs", "list"],
      ["runs", "show", "x"],
      ["runs", "cancel", "x"],
      ["task", "list"],
      ["logs"],
      ["logs", "-t"],
      ["logs", "query"],
      ["logs", "query", "-f"],
    ]
  ) {
    const { exitCode, stdout, stderr } = await scene.call(argv);
    deepEqual([exitCode, stdout], [5, ""], argv.join(" "));
    match(stderr, /^error\[UNREACHABLE\]: The principal at 127\.0\.0\.1:\d+ does not answer\.\n {2}hint: Start one /);
  }
});

Deno.test("--principal-host and --principal-port win over the settings", async () => {
  await using scene = await PrincipalScene.start(files);
  const flags = ["--principal-host", "127.0.0.1", "--principal-port", String(scene.ports.port)];
  for (const argv of [["runs", "list"], ["task", "list"], ["logs", "query"], ["logs"]]) {
    const { exitCode, stderr } = await scene.call([...argv, ...flags], {
      environment: { CDKTR_PRINCIPAL_HOST: "192.0.2.1", CDKTR_PRINCIPAL_PORT: "1" },
    });
    equal(exitCode, 0, stderr);
  }
});
