// deno-lint-ignore-file no-control-regex
import { deepEqual, equal, match } from "node:assert/strict";
import { call } from "../call.ts";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

const files = { etl: oneTask, other: oneTask };
const atMs = Date.UTC(2026, 2, 4, 8, 40, 30, 123);

/** The payloads of `logs query` with these flags, without `STDOUT `. */
async function payloads(scene: PrincipalScene, ...argv: string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await scene.call([...argv, "--json"]);
  equal(exitCode, 0, stderr);
  const lines: { payload: string }[] = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return lines.map(({ payload }) => payload.replace(/^STD... /, ""));
}

Deno.test("logs query prints lines in the original's form, oldest first, and with -v the names", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  scene.print(runId, "hello", { timeMs: atMs });
  scene.print(runId, "oh", { timeMs: atMs + 877, stream: "stderr" });
  const short = await scene.call(["logs", "query"]);
  equal(short.exitCode, 0);
  equal(short.stderr, "");
  equal(
    short.stdout,
    `[2026-03-04T08:40:30.123+00:00 INFO] [${runId}/load-1] STDOUT hello\n` +
      `[2026-03-04T08:40:31+00:00 ERROR] [${runId}/load-1] STDERR oh\n`,
  );
  const verbose = await scene.call(["logs", "query", "-v", "-n", "1"]);
  equal(verbose.stdout, `[2026-03-04T08:40:31+00:00 ERROR] [ETL=${runId} / Load=load-1] STDERR oh\n`);
});

Deno.test("logs query --json is one object a line, with nothing in it that a terminal could act on", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  scene.print(runId, "a\x1b[2J\x9b1m\u202eb", { timeMs: atMs });
  const { stdout } = await scene.call(["logs", "query", "--json"]);
  equal(/[\x1b\x9b\u202e]/.test(stdout), false);
  deepEqual(JSON.parse(stdout), {
    timestampMs: atMs,
    level: "INFO",
    workflowId: "etl",
    workflowName: "ETL",
    runId,
    taskName: "Load",
    taskRunId: "load-1",
    payload: "STDOUT a\x1b[2J\x9b1m\u202eb",
  });
});

Deno.test("task output reaches a pipe as it is; a terminal gets its colours and nothing else it could act on", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  scene.print(runId, "\x1b[31mred\x1b]0;title\x07\x1b[2J\tdone");
  const raw = await scene.call(["logs", "query"]);
  match(raw.stdout, /STDOUT \x1b\[31mred\x1b\]0;title\x07\x1b\[2J\tdone\n$/);
  const shown = await scene.call(["logs", "query"], { columns: 80 });
  match(shown.stdout, /STDOUT \x1b\[31mred\]0;title\[2J\tdone\x1b\[0m\n$/);
});

Deno.test("lines of a cancelled run are those of no failed one, and a run that only waits for its agent is ASSIGNED", async () => {
  await using scene = await PrincipalScene.start(files);
  const cancelled = await scene.trigger("etl");
  const attempt = await scene.fetch();
  scene.print(cancelled, "one");
  await scene.reportRun(attempt, "CANCELLED", "wrong date");
  const assigned = await scene.trigger("etl");
  await scene.fetch();
  scene.print(assigned, "two");
  const query = (status: string) => payloads(scene, "logs", "query", "--status", status);
  deepEqual(await query("CANCELLED"), ["one"]);
  deepEqual(await query("ASSIGNED"), ["two"]);
  deepEqual(await query("FAILED"), []);
  deepEqual(await query("cancelled,assigned"), ["one", "two"]);
});

Deno.test("every filter of logs query chooses lines, alone and with others, under each of its names", async () => {
  await using scene = await PrincipalScene.start(files);
  const failed = await scene.trigger("etl");
  const attempt = await scene.fetch();
  const waiting = await scene.trigger("other");
  const nowMs = Date.now();
  scene.print(failed, "one", { timeMs: nowMs - 7_200_000 });
  scene.print(failed, "two", { stream: "stderr", taskName: "Check" });
  scene.print(waiting, "three 100%", { workflowId: "other" });
  await scene.reportRun(attempt, "FAILED");
  const query = (...flags: string[]) => payloads(scene, "logs", "query", ...flags);

  for (const flag of ["-w", "--workflow", "--workflow-id"]) deepEqual(await query(flag, "other"), ["three 100%"]);
  deepEqual(await query("--workflow", "other", "--run", failed), []);
  for (const flag of ["-i", "--run", "--workflow-instance-id"]) deepEqual(await query(flag, failed), ["one", "two"]);
  deepEqual(await query("--run", failed.slice(0, 30)), ["one", "two"]);
  deepEqual(await query("--task", "Check"), ["two"]);
  deepEqual(await query("--level", "error"), ["two"]);
  deepEqual(await query("--level", "info,ERROR"), ["one", "two", "three 100%"]);
  for (const flag of ["--status", "--state"]) deepEqual(await query(flag, "FAILED"), ["one", "two"]);
  deepEqual(await query("--status", "pending,FAILED", "--grep", "t"), ["two", "three 100%"]);
  deepEqual(await query("--grep", "100%"), ["three 100%"]);
  deepEqual(await query("--last", "1h"), ["two", "three 100%"]);
  for (const flag of ["-s", "--since", "--start-datetime-utc"]) {
    deepEqual(await query(flag, "1h"), ["two", "three 100%"]);
  }
  for (const flag of ["-e", "--until", "--end-datetime-utc"]) deepEqual(await query(flag, "1h"), ["one"]);
  for (const flag of ["-n", "--limit", "--number"]) deepEqual(await query(flag, "1"), ["three 100%"]);
  deepEqual(await query("--since", "3h", "--until", "1h", "-w", "etl", "-i", failed, "-n", "5"), ["one"]);
});

Deno.test("the newest lines are shown, by default 1000, over as many pages as it takes", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const count = 12_000;
  for (let number = 0; number < count; number++) scene.print(runId, String(number));
  const numbers = Array.from({ length: count }, (_, number) => String(number));
  deepEqual(await payloads(scene, "logs", "query"), numbers.slice(-1000));
  for (const limit of [0, 1, 10_000, 10_001, 11_999, 12_000, 30_000]) {
    deepEqual(await payloads(scene, "logs", "query", "-n", String(limit)), limit === 0 ? [] : numbers.slice(-limit));
  }
  deepEqual(await payloads(scene, "logs"), numbers);
});

Deno.test("lines too long for one reply all come, in order", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const count = 100;
  for (let number = 0; number < count; number++) scene.print(runId, `${number} ${"\x02".repeat(60_000)}`);
  const numbers = Array.from({ length: count }, (_, number) => String(number));
  const numbersOf = (lines: string[]) => lines.map((line) => line.split(" ")[0]);
  deepEqual(numbersOf(await payloads(scene, "logs", "query")), numbers);
  deepEqual(numbersOf(await payloads(scene, "logs", "query", "-n", "90")), numbers.slice(-90));
});

Deno.test("the flat form prints the lines of the last 24 hours, of the time given, or as many as -n says", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  const nowMs = Date.now();
  scene.print(runId, "old", { timeMs: nowMs - 90_000_000 });
  scene.print(runId, "new", { timeMs: nowMs - 80_000_000 });
  scene.print(runId, "newest");
  deepEqual(await payloads(scene, "logs"), ["new", "newest"]);
  deepEqual(await payloads(scene, "logs", "-l", "info", "-n", "1", "-w", "etl", "-i", runId, "-v"), ["newest"]);
  const day = (daysAgo: number) => new Date(nowMs - daysAgo * 86_400_000).toISOString().slice(0, 19).replace("T", " ");
  deepEqual(await payloads(scene, "logs", "-s", day(2), "-e", day(1)), ["old"]);
  deepEqual(await payloads(scene, "logs", "-e", day(1)), ["old"]);
});

Deno.test("a run that does not exist exits 3, with --follow, too", async () => {
  await using scene = await PrincipalScene.start(files);
  for (const flags of [[], ["--follow"], ["--task", "x"], ["--follow", "--task", "x"]]) {
    const { exitCode, stdout, stderr } = await scene.call(["logs", "query", "--run", "nonsense", ...flags]);
    deepEqual([exitCode, stdout], [3, ""]);
    match(stderr, /^error\[NOT_FOUND\]: There is no run with the id "nonsense"\./);
  }
});

const twoTasks = `name: Two
tasks:
  load: {name: Load all of it, config: {type: subprocess, cmd: echo}}
  check: {name: Check, config: {type: subprocess, cmd: echo}}
`;

Deno.test("--task takes the id of the workflow file, too, whatever the workflow", async () => {
  await using scene = await PrincipalScene.start({ etl: twoTasks, other: twoTasks.replace("Load all of it", "Fill") });
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  await scene.reportTask(attempt, "load", "RUNNING");
  scene.print(runId, "one", { taskName: "Load all of it" });
  scene.print(runId, "two", { taskName: "Check", taskRunId: "check-1" });
  await scene.reportRun(attempt, "FAILED");
  const other = await scene.trigger("other");
  await scene.reportTask(await scene.fetch(), "load", "FAILED");
  scene.print(other, "three", { workflowId: "other", taskName: "Fill" });
  const query = (...flags: string[]) => payloads(scene, "logs", "query", ...flags);
  deepEqual(await query("--task", "load", "--run", runId), ["one"]);
  deepEqual(await query("--task", "load", "--workflow", "other"), ["three"]);
  deepEqual(await payloads(scene, "logs", "--task", "Fill"), ["three"]);
});

Deno.test("a task or workflow that nobody knows exits 3 with what was probably meant", async () => {
  await using scene = await PrincipalScene.start({ etl: twoTasks, other: twoTasks });
  const runId = await scene.trigger("etl");
  scene.print(runId, "of before", { taskName: "Old", workflowId: "gone" });
  const refused: [flags: string[], sentence: string, hint: string][] = [
    [
      ["-w", "etll"],
      `There is no workflow with the id "etll".`,
      `Did you mean "etl"? List them with \`cdktr task list\`.`,
    ],
    [["--task", "chek"], `No workflow has a task "chek".`, `Did you mean "check"? There are load, check.`],
    [
      ["--task", "Chec", "-w", "etl"],
      `The workflow etl has no task "Chec".`,
      `Did you mean "check"? There are load, check.`,
    ],
    [["--task", "clean", "-i", runId], `The run ${runId} has no task "clean".`, "There are load, check."],
  ];
  for (const [flags, sentence, hint] of refused) {
    const { exitCode, stdout, stderr } = await scene.call(["logs", "query", ...flags]);
    deepEqual([exitCode, stdout, stderr], [3, "", `error[NOT_FOUND]: ${sentence}\n  hint: ${hint}\n`]);
  }
  for (
    const known of [["-w", "etl"], ["--task", "check"], ["--task", "Old", "--grep", "x"], ["-w", "gone", "--grep", "x"]]
  ) {
    const { exitCode, stdout, stderr } = await scene.call(["logs", "query", ...known, "--level", "error"]);
    deepEqual([exitCode, stdout, stderr], [0, "", "There are no such lines.\n"], known.join(" "));
  }
});

const refusals: [flags: string[], sentence: RegExp][] = [
  [["--follow", "--until", "1h"], /Live lines have no end to give\./],
  [["--follow", "--status", "FAILED"], /Live lines cannot be chosen by how their run will have ended\./],
  [["--since", "1h", "--last", "1h"], /'-s, --since <time>' cannot be used with option '--last <duration>'/],
  [["--start-datetime-utc", "1h", "--last", "1h"], /cannot be used with option '--last <duration>'/],
  [["--since", "1h", "--until", "2h"], /the time range ends before it begins/],
  [["--level", "loud"], /It must be one or more of INFO, WARNING, ERROR\./],
  [
    ["--status", "DONE"],
    /It must be one or more of PENDING, ASSIGNED, RUNNING, COMPLETED, FAILED, CRASHED, CANCELLED\./,
  ],
  [["--last", "yesterday"], /It must be a duration/],
  [["--limit", "-1"], /It must be a whole number from 0 to /],
  [["nonsense"], /Too many arguments for 'query'/],
];
Deno.test("an option before `query` is not lost in silence", async () => {
  const { exitCode, stderr } = await call(["logs", "-w", "etl", "query"]);
  equal(exitCode, 2);
  match(stderr, /^error\[INVALID_ARGUMENT\]: Options of `cdktr logs query` come after `query`\.\n/);
});

for (const [flags, sentence] of refusals) {
  Deno.test(`logs query ${flags.join(" ")} exits 2 with one sentence`, async () => {
    const { exitCode, stdout, stderr } = await call(["logs", "query", ...flags]);
    deepEqual([exitCode, stdout], [2, ""]);
    match(stderr, sentence);
  });
}
