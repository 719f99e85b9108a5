import { deepEqual, equal, match } from "node:assert/strict";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

const nightly = `name: Nightly
description: Every night
cron: "0 3 * * *"
timezone: Europe/Berlin
tasks:
  a: {name: A, config: {type: subprocess, cmd: echo}}
  b: {name: B, depends: [a], config: {type: subprocess, cmd: echo}}
`;

Deno.test("task list shows each workflow with schedule, next time by its own clocks, and number of tasks", async () => {
  await using scene = await PrincipalScene.start({ "etl.nightly": nightly, simple: oneTask });
  const { exitCode, stdout, stderr } = await scene.call(["task", "list"]);
  deepEqual([exitCode, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n");
  match(lines[0] ?? "", /^WORKFLOW +NAME +SCHEDULE +TIMEZONE +NEXT +TASKS$/);
  match(
    lines[1] ?? "",
    /^etl\.nightly +Nightly +0 3 \* \* \* +Europe\/Berlin +\d{4}-\d\d-\d\dT03:00:00\+0[12]:00 +2$/,
  );
  match(lines[2] ?? "", /^simple +One task +1$/);
  equal(lines.length, 3);
});

Deno.test("task list --json is one object; problems of files are in it and on stderr", async () => {
  await using scene = await PrincipalScene.start({ "etl.nightly": nightly }, {
    problems: ["workflows/x.yml:1:1: is\x1b[2J empty"],
  });
  const { exitCode, stdout, stderr } = await scene.call(["task", "list", "--json"]);
  equal(exitCode, 0);
  equal(stderr, "workflows/x.yml:1:1: is\\u{1b}[2J empty\n");
  const { workflows, problems } = JSON.parse(stdout);
  deepEqual(problems, ["workflows/x.yml:1:1: is\x1b[2J empty"]);
  const { nextFireMs, watermarkMs, ...workflow } = workflows[0];
  equal(typeof watermarkMs, "number");
  equal(new Date(nextFireMs).getUTCMinutes(), 0);
  deepEqual(workflow, {
    id: "etl.nightly",
    name: "Nightly",
    description: "Every night",
    path: "workflows/etl.nightly.yml",
    cron: "0 3 * * *",
    timezone: "Europe/Berlin",
    startTime: null,
    taskCount: 2,
    catchup: 0,
    params: {},
  });
});

Deno.test("a principal without workflows says so on stderr, and stdout stays empty", async () => {
  await using scene = await PrincipalScene.start({});
  const { exitCode, stdout, stderr } = await scene.call(["task", "list"]);
  deepEqual([exitCode, stdout], [0, ""]);
  match(stderr, /^The principal at 127\.0\.0\.1:\d+ has no workflows\.\n$/);
});
