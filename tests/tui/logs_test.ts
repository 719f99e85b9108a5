import assert from "node:assert/strict";
import { PrincipalScene } from "../cli/principal_scene.ts";
import { assertFrame } from "./golden.ts";
import { keys, Stage, type StageOptions, steady } from "./stage.tsx";

const files = {
  etl: `name: ETL
tasks:
  load: {name: Load, config: {type: subprocess, cmd: echo}}
  split: {name: Split, depends: [load], config: {type: subprocess, cmd: echo}}
`,
};

/** A stage on the logs of a run that is under way. */
async function openRun(options: StageOptions = {}, prepare: (scene: PrincipalScene, runId: string) => void = () => {}) {
  const scene = await PrincipalScene.start(files, options);
  const runId = await scene.trigger("etl");
  await scene.reportRun(await scene.fetch(), "RUNNING");
  prepare(scene, runId);
  return { stage: Stage.on(scene, { route: { screen: "logs", run: runId }, ...options }), scene, runId };
}

/** Lines `from` to `to`, a thousandth of a second apart, beginning at noon. */
function printMany(scene: PrincipalScene, runId: string, from: number, to: number): void {
  for (let number = from; number <= to; number++) {
    scene.print(runId, `line ${number}`, { timeMs: Date.UTC(2026, 2, 1, 12) + number });
  }
}

/** Numbers of the lines that are seen. */
function seen(frame: string): number[] {
  return [...frame.matchAll(/line (\d+)/g)].map(([, number]) => Number(number));
}

function isInOrder(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number === (numbers[index - 1] ?? 0) + 1);
}

Deno.test("stored lines come with time, task and mark, live ones behind them, each once", async () => {
  const { stage, scene, runId } = await openRun({}, (scene, runId) => {
    scene.print(runId, "reading orders");
    scene.print(runId, "no such column: total", { stream: "stderr" });
    scene.print(runId, "3 parts", { taskName: "Split", taskRunId: "split-1" });
  });
  await using _ = stage;
  await stage.until("3 parts");
  scene.print(runId, "stored and live");
  scene.print("0198c7a2-3f41-7000-8000-000000000000", "of another run");
  await stage.until("stored and live");
  // The store is asked for them again: that must not show.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await assertFrame("logs", steady(stage.frame));
});
