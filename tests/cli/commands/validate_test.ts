import { deepEqual, equal, match } from "node:assert/strict";
import { call, temporaryDirectory } from "../call.ts";

const scheduled = `name: Nightly
cron: "30 2 * * *"
timezone: Asia/Kathmandu
tasks:
  only: {name: Only, config: !Subprocess {cmd: echo}}
`;
const broken = `name: Broken
tasks:
  a: {name: A, depends: [b], config: !Subprocess {cmd: echo}}
  c: {nam: C, config: !Subprocess {cmd: echo}}
`;

async function directoryWith(files: Record<string, string>) {
  const directory = await temporaryDirectory();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${directory.path}/${name}`, text);
  return directory;
}

Deno.test("a valid scheduled workflow is shown with its next five fire times, on its own clocks", async () => {
  await using directory = await directoryWith({ "nightly.yml": scheduled });
  const nowMs = Date.UTC(2026, 0, 1);
  const { exitCode, stdout, stderr } = await call(["validate", directory.path], { nowMs });
  equal(exitCode, 0);
  equal(
    stdout,
    `${directory.path}/nightly.yml: "30 2 * * *" in Asia/Kathmandu fires next\n` +
      [2, 3, 4, 5, 6].map((day) => `  2026-01-0${day}T02:30:00+05:45\n`).join(""),
  );
  equal(stderr, "1 file checked, all valid.\n");
});

Deno.test("every problem is one line in compiler style, and the exit code is 1", async () => {
  await using directory = await directoryWith({ "broken.yml": broken, "nightly.yml": scheduled });
  const { exitCode, stdout, stderr } = await call(["validate", directory.path]);
  equal(exitCode, 1);
  const problems = stdout.split("\n").filter((line) => line.includes("broken.yml"));
  equal(problems.length >= 2, true);
  for (const line of problems) match(line, /broken\.yml:\d+:\d+: (error|warning): ./);
  match(stderr, /2 files checked, 1 with errors\./);
});

Deno.test("--json is one document with all problems and fire times", async () => {
  await using directory = await directoryWith({ "broken.yml": broken, "nightly.yml": scheduled });
  const { exitCode, stdout, stderr } = await call(["validate", "--json", directory.path], {
    nowMs: Date.UTC(2026, 0, 1),
  });
  equal(exitCode, 1);
  equal(stderr, "");
  const report = JSON.parse(stdout);
  equal(report.valid, false);
  deepEqual(report.files.map((file: { id: string; valid: boolean }) => [file.id, file.valid]), [
    ["broken", false],
    ["nightly", true],
  ]);
  equal(report.files[1].nextFireTimes[0], "2026-01-01T20:45:00.000Z");
  equal(report.files[1].nextFireTimes.length, 5);
});

Deno.test("several paths are checked together, a file that two of them name once", async () => {
  await using directory = await directoryWith({ "broken.yml": broken, "nightly.yml": scheduled });
  const file = (name: string) => `${directory.path}/${name}`;
  const one = await call(["validate", file("nightly.yml"), file("broken.yml")]);
  equal(one.exitCode, 1);
  equal(one.stderr, "2 files checked, 1 with errors.\n");
  const twice = await call(["validate", file("nightly.yml"), file("nightly.yml")]);
  deepEqual([twice.exitCode, twice.stderr], [0, "1 file checked, all valid.\n"]);
  equal((await call(["validate", file("nightly.yml"), "/nowhere/at/all"])).exitCode, 3);
});

Deno.test("without a path the workflow directory of the settings is checked", async () => {
  await using directory = await directoryWith({ "nightly.yml": scheduled });
  const { exitCode, stdout } = await call(["validate"], { environment: { CDKTR_WORKFLOW_DIR: directory.path } });
  equal(exitCode, 0);
  match(stdout, /nightly\.yml/);
});

Deno.test("a directory without workflow files is said to be one", async () => {
  await using directory = await directoryWith({ "README.md": "" });
  const { exitCode, stdout, stderr } = await call(["validate", directory.path]);
  equal(exitCode, 0);
  equal(stdout, "");
  match(stderr, /^There are no \.yml or \.yaml files in /);
});

Deno.test("a path that does not exist is one sentence and exit code 3", async () => {
  const { exitCode, stderr } = await call(["validate", "/nowhere/at/all"]);
  equal(exitCode, 3);
  match(stderr, /^error\[NOT_FOUND\]: There is no file or directory \/nowhere\/at\/all\.\n {2}hint: Check the path/);
});

Deno.test("a file with control characters in its name cannot forge lines", async () => {
  await using directory = await directoryWith({ "x\nok.yml": broken });
  const { stdout } = await call(["validate", directory.path]);
  for (const line of stdout.trimEnd().split("\n")) match(line, /^\/.*x\\nok\.yml:\d+:\d+: /);
});
