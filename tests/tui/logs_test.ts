import assert from "node:assert/strict";
import { PrincipalScene } from "../cli/principal_scene.ts";
import { assertFrame } from "./golden.ts";
import { keys, Stage, type StageOptions, steady } from "./stage.ts";

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

Deno.test("it stays at the end until one scrolls up; G follows again", async () => {
  const { stage, scene, runId } = await openRun({}, (scene, runId) => printMany(scene, runId, 1, 100));
  await using _ = stage;
  await stage.until("line 100");
  stage.type("k");
  await stage.until(/stands still(?!,)/);
  printMany(scene, runId, 101, 150);
  await stage.until("stands still, 50 new below");
  assert.equal(seen(stage.frame).at(-1), 99);
  // What comes from the store as well is not counted again.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.match(stage.frame, /stands still, 50 new below/);
  stage.type(keys.pageDown, keys.pageDown);
  await stage.until("stands still, 3 new below");
  stage.type("g");
  await stage.until(/line 1$/m);
  printMany(scene, runId, 151, 155);
  await stage.until("stands still, 8 new below");
  printMany(scene, runId, 156, 156);
  stage.type("G");
  const end = seen(await stage.until("line 156"));
  assert.ok(isInOrder(end));
  assert.match(stage.frame, /following/);
  stage.type("s");
  await stage.until("stands still");
  stage.type("f");
  await stage.until("following");
});

Deno.test("the wheel and the keys for pages move, g goes to the first line of all", async () => {
  const { stage } = await openRun({}, (scene, runId) => printMany(scene, runId, 1, 100));
  await using _ = stage;
  await stage.until("line 100");
  stage.type(keys.pageUp);
  await stage.until(/line 76$(?![^]*line 77)/m);
  stage.type("\x1b[<64;10;10M");
  await stage.until(/line 73$(?![^]*line 74)/m);
  stage.type("\x04");
  await stage.until(/line 85$(?![^]*line 86)/m);
  stage.type("g");
  await stage.until(/line 1$/m);
  assert.ok(isInOrder(seen(stage.frame)));
});

Deno.test("of 100,000 lines both ends are quickly there, and few are kept", async () => {
  const scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  await scene.reportRun(await scene.fetch(), "RUNNING");
  printMany(scene, runId, 1, 100_000);
  // The history is asked once, so that what is measured is the screen.
  await scene.client.call("LOGS", { order: "newest", limit: 1 });
  await using stage = Stage.on(scene, { route: { screen: "logs", run: runId } });
  await stage.until("line 100000");
  const startMs = performance.now();
  stage.type("g");
  await stage.until(/line 1$/m);
  stage.type("G");
  await stage.until("line 100000");
  assert.ok(performance.now() - startMs < 3000);
  for (let pages = 0; pages < 60; pages++) {
    stage.type(keys.pageUp);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(isInOrder(seen(stage.frame)));
  }
});

Deno.test("a search finds what is far away, in both directions, capitals or not, and says when there is no more", async () => {
  const { stage } = await openRun({}, (scene, runId) => {
    printMany(scene, runId, 1, 10);
    scene.print(runId, "Disk FULL at once", { timeMs: Date.UTC(2026, 2, 1, 12) + 10 });
    printMany(scene, runId, 11, 5000);
    scene.print(runId, "disk full again", { timeMs: Date.UTC(2026, 2, 1, 13) });
    scene.print(runId, "the end", { timeMs: Date.UTC(2026, 2, 1, 13) });
  });
  await using _ = stage;
  await stage.until("the end");
  stage.type("/", "disk full", keys.enter);
  await stage.until("❯13:00:00.000 Load    disk full again");
  stage.type("N");
  await stage.until("Disk FULL at once");
  await assertFrame("logs_search", steady(stage.frame));
  stage.type("N");
  await stage.until("/disk full  no further match above");
  stage.type("n");
  await stage.until(/match 1 of 1 in the [\d,]+ lines around/);
  await stage.until("disk full again");
  stage.type("n");
  await stage.until("/disk full  no further match below");
  stage.type("/", "THE END", keys.enter);
  await stage.until(/❯.*the end/);
  assert.match(stage.frame, /^\/THE END {2}match 1 of 1 in the/m);
  stage.type(keys.esc);
  await stage.until(/^(?![^]*Esc ends the search)/);
});

Deno.test("e and E go from error to error", async () => {
  const { stage } = await openRun({}, (scene, runId) => {
    scene.print(runId, "early failure", { stream: "stderr", timeMs: Date.UTC(2026, 2, 1, 11) });
    printMany(scene, runId, 1, 4000);
    scene.print(runId, "late failure", { stream: "stderr", timeMs: Date.UTC(2026, 2, 1, 13) });
    scene.print(runId, "the end", { timeMs: Date.UTC(2026, 2, 1, 13) });
  });
  await using _ = stage;
  await stage.until("the end");
  stage.type("E");
  await stage.until(/❯.*late failure/);
  stage.type("E");
  await stage.until(/❯.*early failure/);
  stage.type("e");
  await stage.until(/❯.*late failure/);
  await stage.until("stderr line 1 of 1");
  stage.type("e");
  await stage.until("no further stderr line below");
  stage.type("k");
  await stage.until(/^(?![^]*no further)/);
});

Deno.test("levels and tasks can be left out, of live lines too", async () => {
  const { stage, scene, runId } = await openRun({}, (scene, runId) => {
    scene.print(runId, "fine");
    scene.print(runId, "bad", { stream: "stderr" });
    scene.print(runId, "parts", { taskName: "Split", taskRunId: "split-1" });
  });
  await using _ = stage;
  await stage.until("parts");
  stage.type("L", "L");
  const errors = await stage.until(/^(?![^]*fine)[^]*! bad/);
  assert.doesNotMatch(errors, /fine|parts/);
  scene.print(runId, "fine as well");
  scene.print(runId, "bad as well", { stream: "stderr" });
  await stage.until("bad as well");
  assert.doesNotMatch(stage.frame, /fine/);
  stage.type("L");
  await stage.until("fine as well");
  stage.type("m");
  await assertFrame("logs_tasks", steady(await stage.until("Tasks")));
  stage.type(" ", keys.enter);
  const split = await stage.until(/^(?![^]*fine)[^]*parts/);
  assert.doesNotMatch(split, /fine|bad/);
});

Deno.test("wrapped lines are shown whole, time stamps and ids as wanted", async () => {
  const long = "word ".repeat(60) + "the very end";
  const { stage } = await openRun({}, (scene, runId) => {
    scene.print(runId, "數".repeat(60));
    scene.print(runId, long);
  });
  await using _ = stage;
  await stage.until("word");
  assert.doesNotMatch(stage.frame, /the very end/);
  stage.type("w");
  await stage.until("the very end");
  stage.type("z");
  await stage.until(/^ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} Load/m);
  stage.type("z");
  await stage.until(/^ Load/m);
  await assertFrame("logs_wrap", steady(stage.frame));
  stage.type("w", "v");
  await stage.until(/INFO {4}ETL=\S{18} \/ Load=ad-1 word word/);
});

Deno.test("nothing a task prints can act on the terminal", async () => {
  const hostile = [
    "\x1b]52;c;aGk=\x07clipboard",
    "\x1b]0;title\x1b\\",
    "up\x1b[10Aand\x1b[2Jclear\x1b[?1049l",
    "bell\x07 nul\x00 return\rover back\b\b c1 \x9b31m",
    "\x1b[31mred stays text",
    "turned \u202e round",
  ];
  const { stage } = await openRun({}, (scene, runId) => {
    for (const text of hostile) scene.print(runId, text, { taskName: "Lo\x1b]0;x\x07ad" });
  });
  await using _ = stage;
  await stage.until("red stays text");
  stage.type("v");
  await stage.until("INFO");
  assert.doesNotMatch(
    stage.raw.replace(/\x1b\[7m|\x1b\[0m|\x1b\[1m|\x1b\[1;7m|\x1b\[2[27]m/g, ""),
    /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/,
  );
});

Deno.test("what the filters let through is saved as `cdktr logs query` prints it", async () => {
  const { stage, runId } = await openRun({}, (scene, runId) => {
    scene.print(runId, "one", { timeMs: Date.UTC(2026, 2, 1, 12) });
    scene.print(runId, "two", { timeMs: Date.UTC(2026, 2, 1, 12), stream: "stderr" });
  });
  await using _ = stage;
  await stage.until("two");
  stage.type("S");
  await stage.until(`Saved 2 lines to /home/ada/run-${runId}-`);
  const [[name, text] = []] = stage.saved;
  assert.match(name ?? "", new RegExp(`^run-${runId}-\\d{8}-\\d{6}\\.log$`));
  assert.equal(
    text,
    `[2026-03-01T12:00:00+00:00 INFO] [${runId}/load-1] STDOUT one\n` +
      `[2026-03-01T12:00:00+00:00 ERROR] [${runId}/load-1] STDERR two\n`,
  );
  stage.type("L", "L");
  await stage.until(/^(?![^]*one)[^]*two/);
  stage.type("S");
  await stage.until("Saved 1 line (stderr) to ");
});

Deno.test("where nothing passes the filters, no file is saved", async () => {
  const { stage } = await openRun({}, (scene, runId) => scene.print(runId, "one"));
  await using _ = stage;
  await stage.until("one");
  stage.type("L", "L");
  await stage.until("No line passes the filters.");
  stage.type("S");
  await stage.until("Nothing passes the filters: nothing was saved.");
  assert.equal(stage.saved.size, 0);
});

Deno.test("the task that the lines are of is no filter: that it printed nothing is said so", async () => {
  const scene = await PrincipalScene.start(files);
  const run = await scene.trigger("etl");
  await scene.reportRun(await scene.fetch(), "RUNNING");
  await using stage = Stage.on(scene, { route: { screen: "logs", run, tasks: ["Split"] } });
  const frame = await stage.until("Task Split has printed nothing.");
  assert.doesNotMatch(frame, /filters/);
  assert.match(frame, /etl \S+ Split ● RUNNING/);
  stage.type("L");
  await stage.until("No line passes the filters.");
});

Deno.test("a workflow that the principal has not is said to be none", async () => {
  const scene = await PrincipalScene.start(files);
  await using stage = Stage.on(scene, { route: { screen: "logs", workflowId: "ops.lng" } });
  await stage.until("The principal has no workflow named ops.lng.");
  assert.match(stage.frame, /^ ops\.lng no such workflow/m);
});

Deno.test("a run that has not begun says so instead of showing nothing", async () => {
  const scene = await PrincipalScene.start(files);
  const runId = await scene.trigger("etl");
  await using stage = Stage.on(scene, { route: { screen: "logs", run: runId.slice(0, 23) } });
  await assertFrame("logs_waiting", steady(await stage.until("has not begun")));
  await scene.reportRun(await scene.fetch(), "RUNNING");
  await stage.until("have printed nothing yet");
});

Deno.test("a time is gone to, a word that is none is refused", async () => {
  const { stage } = await openRun({}, (scene, runId) => printMany(scene, runId, 1, 3000));
  await using _ = stage;
  await stage.until("line 3000");
  stage.type("@", "yesterday", keys.enter);
  await stage.until("@ yesterday  is no time such as 2h");
  stage.type("\x15");
  await stage.until(/^(?![^]*is no time)/);
  stage.type("2026-03-01 12:00:01", keys.enter);
  const numbers = seen(await stage.until(/line 1000$/m));
  assert.equal(numbers[0], 1000);
  assert.ok(isInOrder(numbers));
});

Deno.test("of a workflow all runs are shown; t shows stored lines alone", async () => {
  const scene = await PrincipalScene.start({ ...files, other: files.etl });
  scene.print("run-1", "of run 1");
  scene.print("run-2", "of run 2");
  scene.print("run-3", "of another workflow", { workflowId: "other" });
  await using stage = Stage.on(scene, { route: { screen: "logs", workflowId: "etl" } });
  assert.doesNotMatch(await stage.until(/un-1 Load {4}of run 1[^]*un-2 Load {4}of run 2/), /another/);
  stage.type("t");
  await stage.until(/STORED(?!.*reading)/);
  scene.print("run-1", "while nobody listens");
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.doesNotMatch(stage.frame, /nobody listens/);
  stage.type(keys.enter);
  await stage.until("nobody listens");
  stage.type("t");
  await stage.until("LIVE");
});

Deno.test("of all workflows each line tells its workflow and its run", async () => {
  const scene = await PrincipalScene.start({ ...files, "orders.daily": files.etl });
  scene.print("run-1", "of run 1");
  scene.print("run-2", "of run 2", { workflowId: "orders.daily" });
  await using stage = Stage.on(scene, { route: { screen: "logs" } });
  await assertFrame(
    "logs_all",
    steady(await stage.until(/un-1 etl +Load +of run 1[^]*un-2 orders\.daily Load +of run 2/)),
  );
});

Deno.test("left and right go as far as the longest line that is seen", async () => {
  const { stage } = await openRun({}, (scene, runId) => {
    scene.print(runId, "short");
    scene.print(runId, `${"x".repeat(90)}the end`);
  });
  await using _ = stage;
  await stage.until("xxx");
  stage.type(keys.right);
  await stage.until(/Load {4}◀$[^]*◀x+the end$/m);
  stage.type(keys.right, keys.right);
  assert.match(await stage.until("the end"), /◀x+the end$/m);
  stage.type(keys.left, keys.left);
  await stage.until("short");
});

Deno.test("after the principal was away, what was missed stands in its place", async () => {
  const historyPath = await Deno.makeTempFile({ suffix: ".duckdb" });
  await Deno.remove(historyPath);
  try {
    const { stage, scene, runId } = await openRun({ historyPath }, (scene, runId) => printMany(scene, runId, 1, 3));
    await using _ = stage;
    await stage.until("line 3");
    printMany(scene, runId, 4, 5);
    await stage.until("line 5");
    await scene.restart({
      meanwhile: async () => {
        const frame = await stage.until("not live since");
        assert.doesNotMatch(frame, /LIVE|following/);
      },
      beforeListening: () => printMany(scene, runId, 6, 8),
    });
    await stage.until("line 8");
    printMany(scene, runId, 9, 9);
    assert.deepEqual(seen(await stage.until("line 9")), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await stage.until(/^(?![^]*not live since)/);
  } finally {
    await Deno.remove(historyPath);
  }
});
