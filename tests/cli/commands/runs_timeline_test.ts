import { deepEqual, equal, match, ok } from "node:assert/strict";
import { PrincipalScene } from "../principal_scene.ts";

const files = {
  etl: `name: ETL
tasks:
  load: {name: Load, config: {type: subprocess, cmd: echo}}
  clean: {name: Clean, depends: [load], config: {type: subprocess, cmd: echo}}
`,
};

async function ended(scene: PrincipalScene): Promise<string> {
  const runId = await scene.trigger("etl");
  const attempt = await scene.fetch();
  const nowMs = Date.now();
  await scene.reportRun(attempt, "RUNNING");
  await scene.reportTask(attempt, "load", "RUNNING", { happenedAtMs: nowMs });
  await scene.reportTask(attempt, "load", "COMPLETED", { happenedAtMs: nowMs + 10 });
  await scene.reportTask(attempt, "clean", "RUNNING", { happenedAtMs: nowMs + 10 });
  await scene.reportTask(attempt, "clean", "COMPLETED", { happenedAtMs: nowMs + 30 });
  await scene.reportRun(attempt, "COMPLETED");
  return runId;
}

Deno.test("runs show --timeline prints the facts and a chart in place of the table, as wide as the terminal", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await ended(scene);
  const options = { columns: 70, environment: { LANG: "en_GB.UTF-8" } };
  const { exitCode, stdout, stderr } = await scene.call(["runs", "show", runId, "--timeline"], options);
  deepEqual([exitCode, stderr], [0, ""]);
  match(stdout, new RegExp(`^Run +${runId}\n`));
  match(stdout, /\n✓ Load +◆ +█+ +\d+ ms\n✓ Clean +◆ +█+ +\d+ ms\n\n█ ran/);
  equal(/TRIES/.test(stdout), false);
  const chart = stdout.slice(stdout.indexOf("\n\n")).split("\n");
  ok(chart.every((line) => line.length <= 70));
});

const localeCases: [environment: Record<string, string>, flags: string[], isUnicode: boolean][] = [
  [{ LANG: "C.UTF-8" }, [], true],
  [{ LANG: "C.UTF-8" }, ["--ascii"], false],
  [{ LANG: "C.UTF-8", LC_CTYPE: "C" }, [], false],
  [{ LANG: "C", LC_CTYPE: "de_DE.utf8" }, [], true],
  [{ LANG: "C.UTF-8", LC_CTYPE: "C.UTF-8", LC_ALL: "POSIX" }, [], false],
  [{ LANG: "C.UTF-8", LC_ALL: "" }, [], true],
];
Deno.test("the timeline is in ASCII unless the locale is UTF-8", async () => {
  await using scene = await PrincipalScene.start(files);
  const runId = await ended(scene);
  for (const [environment, flags, isUnicode] of localeCases) {
    const { stdout } = await scene.call(["runs", "show", runId, "--timeline", ...flags], { environment });
    equal(stdout.includes("█ ran"), isUnicode, JSON.stringify(environment));
    equal(/[^\x00-\x7f]/.test(stdout), isUnicode);
  }
});

Deno.test("--timeline and --json together are refused", async () => {
  await using scene = await PrincipalScene.start(files);
  const { exitCode, stderr } = await scene.call(["runs", "show", "x", "--timeline", "--json"]);
  equal(exitCode, 2);
  match(stderr, /^error\[INVALID_ARGUMENT\]: --timeline is a picture, and --json is data\./);
});
