import assert from "node:assert/strict";
import { assertFrame } from "./golden.ts";
import { noonMs, Scripted, summary } from "./scripted.ts";
import { keys, Stage, steady } from "./stage.ts";

const files = {
  "etl.daily": `name: Daily ETL
description: Loads the orders of a day.
params:
  date: {type: string, required: true, pattern: "\\\\d{4}-\\\\d{2}-\\\\d{2}", description: the day to load}
  mode: {type: string, choices: [full, delta], default: full}
tasks:
  load: {name: Load, config: {type: subprocess, cmd: echo}}
`,
  heartbeat: "name: Heartbeat\ntasks:\n  beat: {name: Beat, config: {type: subprocess, cmd: echo}}\n",
};

Deno.test("the list of workflows tells how the last run ended", async () => {
  await using stage = await Stage.open(files, { route: { screen: "workflows" } });
  await stage.scene.trigger("heartbeat");
  const attempt = await stage.scene.fetch();
  await stage.scene.reportRun(attempt, "RUNNING");
  await stage.scene.reportRun(attempt, "FAILED", "task Beat failed");
  await assertFrame("workflows", steady(await stage.until("FAILED")));
});

Deno.test("a filter narrows the list, Esc takes it away", async () => {
  await using stage = await Stage.open(files, { route: { screen: "workflows" } });
  await stage.until("etl.daily");
  stage.type("/", "heart");
  const narrowed = await stage.until("1 of 2");
  assert.doesNotMatch(narrowed.split("\n").slice(2, 8).join("\n"), /etl/);
  stage.type(keys.enter, keys.esc);
  await stage.until("etl.daily");
});

Deno.test("a required parameter that is missing is asked for before anything is sent", async () => {
  await using stage = await Stage.open(files, { route: { screen: "workflows" } });
  await stage.until("etl.daily");
  stage.type("r");
  await assertFrame("trigger_form", steady(await stage.until("Run etl.daily")));
  stage.type(keys.enter);
  await stage.until("date is required");
  stage.type("2026-03-01", keys.tab, keys.right, keys.enter);
  await stage.until("was accepted");
  const { runs } = await stage.scene.client.call("RUNS", { limit: 10 });
  assert.deepEqual(runs.map(({ params }) => params), [{ date: "2026-03-01", mode: "delta" }]);
});

Deno.test("what the principal says of a parameter stands in the form, and nothing is started", async () => {
  await using stage = await Stage.open(files, { route: { screen: "workflows" } });
  await stage.until("etl.daily");
  stage.type("r");
  await stage.until("Run etl.daily");
  stage.type("yesterday", keys.enter);
  await stage.until(/date.* does not match|pattern/);
  assert.deepEqual((await stage.scene.client.call("RUNS", { limit: 10 })).runs, []);
});

Deno.test("with --read-only nothing is offered that changes anything", async () => {
  await using stage = await Stage.open(files, { route: { screen: "workflows" }, isReadOnly: true });
  await stage.until("read-only");
  stage.type("r");
  stage.type("?");
  assert.doesNotMatch(await stage.until("Here and everywhere"), /run it/);
});

for (const route of [{ screen: "workflows" }, { screen: "workflow", workflowId: "beat" }] as const) {
  Deno.test(`a fire time that has passed is not told as now: the next one is worked out (${route.screen})`, async () => {
    const beat = summary("beat", { cron: "*/5 * * * *", nextFireMs: noonMs + 1000 });
    await using scripted = await Scripted.open({ route, workflows: [beat] });
    assert.match(scripted.frame, /in 1\.0 s/);
    await scripted.clock.pass(61_000);
    await scripted.tell([]);
    assert.match(scripted.frame, /in 3 min 59 s/);
    assert.match(scripted.frame, /12:05:00 UTC/);
  });
}
