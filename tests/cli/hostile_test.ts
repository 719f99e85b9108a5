/** What a run tells of itself reaches no terminal but as text. */
import { equal, ok } from "node:assert/strict";
import { changesBetween, changeText } from "../../src/cli/run_changes.ts";
import { runLines, runsLines } from "../../src/cli/progress_lines.ts";
import { summaryOf } from "../../src/cli/run_view.ts";
import { shownTasks } from "../../src/cli/shown_tasks.ts";
import { type Line, textOf, timelineLines, unicodeGlyphs } from "../../src/paint/mod.ts";
import { workflowFromJson } from "../../src/workflow/mod.ts";
import { evil, evilDefinition, evilRun, evilShown, harmful } from "../tui/hostile_scene.ts";
import { noonMs } from "../tui/scripted.ts";
import { PrincipalScene } from "./principal_scene.ts";

function assertHarmless(lines: readonly (string | Line)[]): void {
  ok(lines.length > 0);
  for (const line of lines) {
    const text = typeof line === "string" ? line : textOf(line);
    equal(harmful.test(text), false, JSON.stringify(text));
  }
}

for (const state of ["PENDING", "RUNNING", "FAILED"] as const) {
  Deno.test(`a run that is ${state} is watched and shown without anything of it acting on the terminal`, () => {
    const run = evilRun(1, state);
    const shown = evilShown(run);
    const { tasks } = shownTasks(shown);
    const lost = evil("no answer");
    const options = { glyphs: unicodeGlyphs, columns: 100, rows: 24, nowMs: noonMs, frame: 0, lost };
    assertHarmless(runLines(run, tasks, options));
    assertHarmless(runsLines([{ run, tasks }, { run, tasks: null }], "3", options));
    for (const isAmongOthers of [true, false]) {
      assertHarmless(
        changesBetween(null, { run, tasks, shown }, noonMs).map((change) => changeText(change, isAmongOthers)),
      );
    }
    assertHarmless(summaryOf(run, shown.tasks, workflowFromJson(evilDefinition)).split("\n"));
    const { earlier, waitingSinceMs, kept, tasks: taskRuns } = shown;
    const nodes = tasks.map(({ taskId, name, depends }) => ({ id: taskId, name: name ?? taskId, depends }));
    const input = { run, taskRuns, tasks: nodes, earlier, waitingSinceMs, kept, nowMs: noonMs };
    assertHarmless(timelineLines(input, { glyphs: unicodeGlyphs, width: 100 }).lines);
  });
}

Deno.test("runs show and runs watch print reasons, outputs and parameters as text", async () => {
  await using scene = await PrincipalScene.start({
    etl: "name: Etl\nparams: {p: {type: string}}\ntasks:\n  a: {name: A, config: {type: subprocess, cmd: echo}}\n",
  });
  await scene.trigger("etl", { p: evil("v") });
  const attempt = await scene.fetch();
  await scene.reportRun(attempt, "RUNNING");
  await scene.reportTask(attempt, "a", "FAILED", { reason: evil("why"), outputs: { o: evil("v") } });
  await scene.reportRun(attempt, "FAILED", evil("why"));
  const { runId } = attempt;
  for (const argv of [["runs", "show", runId], ["runs", "show", runId, "--timeline"], ["runs", "watch", runId]]) {
    const { stdout, stderr } = await scene.call(argv);
    ok(stdout.includes(argv.includes("--timeline") ? "FAILED" : "why"), stdout);
    assertHarmless([...stdout.split("\n"), ...stderr.split("\n")]);
  }
});
