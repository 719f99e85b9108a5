import assert from "node:assert/strict";
import { asciiGlyphs, lineWidth, textOf } from "../../src/paint/mod.ts";
import { keys, Stage } from "./stage.ts";

const files = { etl: "name: ETL\ntasks:\n  load: {name: Load, config: {type: subprocess, cmd: echo}}\n" };

Deno.test("the help shows the keys of where one is, and those of everywhere", async () => {
  await using stage = await Stage.open(files, { route: { screen: "workflows" } });
  await stage.until("etl");
  stage.type("?");
  const frame = await stage.until("Here and everywhere");
  assert.match(frame, /r +run it/);
  stage.type(keys.esc);
  await stage.until(/^(?![^]*Here and everywhere)/);
});

Deno.test("the palette finds an action by some of its letters and does it", async () => {
  await using stage = await Stage.open(files);
  await stage.until("live");
  stage.type(keys.ctrlP, "gotosch");
  await stage.until("go to Schedule");
  stage.type(keys.enter);
  await stage.until((frame) => !frame.includes("Find an action"));
});

Deno.test("`:` goes to screens, workflows and runs by name, and `:q` quits", async () => {
  await using stage = await Stage.open(files);
  await stage.until("live");
  stage.type(":", "etl");
  await stage.until("workflow ETL");
  stage.type(keys.enter);
  await stage.until("Definition");
  stage.type(":", "q", keys.enter);
  assert.deepEqual(stage.quits, [0]);
});

Deno.test("`q` goes back screen by screen, and quits at the first", async () => {
  await using stage = await Stage.open(files, { route: { screen: "workflows" } });
  await stage.until("etl");
  stage.type("o");
  await stage.until("Definition");
  stage.type("q");
  await stage.until("SCHEDULE".slice(0, 4));
  assert.deepEqual(stage.quits, []);
  stage.type("q");
  assert.deepEqual(stage.quits, [0]);
});

Deno.test("a click on a name of the places goes there", async () => {
  await using stage = await Stage.open(files);
  await stage.until("live");
  stage.type(`\x1b[<0;18;2M`);
  await stage.until("WORKFLOW");
});

for (const [width, height] of [[80, 24], [300, 100], [41, 11]] as const) {
  Deno.test(`every screen fills ${width}x${height} exactly`, async () => {
    await using stage = await Stage.open(files, { size: { width, height } });
    const runId = await stage.scene.trigger("etl");
    await stage.until("Overview");
    for (const key of ["0", "1", "2", "3", "4", "5", "6"]) {
      stage.type(key);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assertFills(stage, width, height);
    }
    stage.ui.open({ screen: "run", run: runId });
    for (let view = 0; view < 5; view++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      assertFills(stage, width, height);
      stage.type(keys.tab);
    }
    stage.type("?");
    assertFills(stage, width, height);
  });
}

function assertFills(stage: Stage, width: number, height: number): void {
  const lines = stage.ui.frame();
  assert.equal(lines.length, height);
  for (const line of lines) assert.equal(lineWidth(line), width, JSON.stringify(textOf(line)));
}

Deno.test("a terminal that is too small is told so, and a larger one is used at once", async () => {
  await using stage = await Stage.open(files, { size: { width: 30, height: 8 } });
  await stage.until("cdktr needs 40x10");
  stage.ui.resize({ width: 80, height: 24 });
  await stage.until("Overview");
});

Deno.test("with ASCII glyphs nothing but ASCII is drawn", async () => {
  await using stage = await Stage.open(files, { glyphs: asciiGlyphs, route: { screen: "workflows" } });
  await stage.scene.trigger("etl");
  await stage.until("live");
  for (const key of ["0", "1", "2", "3", "4", "5", "6", "?"]) {
    stage.type(key);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.doesNotMatch(stage.frame, /[^\x20-\x7e\n]/);
  }
});

Deno.test("a principal that goes away is told with since when, and comes back by itself", async () => {
  await using stage = await Stage.open(files, { route: { screen: "workflows" } });
  await stage.until("live");
  await stage.scene.restart({
    meanwhile: async () => void await stage.until(/LOST for .* next try in/),
    beforeListening: () => {},
  });
  await stage.until("live");
});
