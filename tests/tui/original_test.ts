/** The interface on principals that tell no changes: an original, and one of ours from before it could. */
import assert from "node:assert/strict";
import { OriginalScene } from "../cli/original_scene.ts";
import { oneTask, PrincipalScene } from "../cli/principal_scene.ts";
import { assertFrame } from "./golden.ts";
import { Stage, steady } from "./stage.ts";

Deno.test("an original's workflows are listed, with where the newest run of each is", async () => {
  await using original = await OriginalScene.start();
  await using stage = Stage.at({ old: original.ports }, { route: { screen: "workflows" } });
  await assertFrame("original_workflows", steady(await stage.until(/etl\.daily.*RUNNING/)));
});

Deno.test("an original's runs are the few that it tells of, and it is said that these are not all", async () => {
  await using original = await OriginalScene.start({ GETRECENTSTATUSES: recent });
  await using stage = Stage.at({ old: original.ports }, { route: { screen: "runs" } });
  const frame = await stage.until("happy-otter-0");
  await assertFrame("original_runs", steady(frame));
  assert.deepEqual(original.asked.filter((request) => !/^(LSWORKFLOWS|GET\w+)$/.test(request)), []);
  stage.type("?");
  const help = await stage.until("Here and everywhere");
  for (const never of ["cancel", "retry", "pause"]) assert(!help.includes(never), never);
});

Deno.test("a workflow is run on an original after a question, and no run id is made up", async () => {
  await using original = await OriginalScene.start({ RUNTASK: "OK" });
  await using stage = Stage.at({ old: original.ports }, { route: { screen: "workflows" } });
  await stage.until("etl.daily");
  stage.type("r");
  await stage.until("takes no parameters");
  stage.type("y");
  await stage.until("Queued. An original principal tells no run id.");
  assert.deepEqual(original.asked.filter((request) => request.startsWith("RUNTASK")), ["RUNTASK\x01etl.daily"]);
});

Deno.test("what an original answers with an error leaves what was known, and counts as a problem", async () => {
  await using original = await OriginalScene.start();
  await using stage = Stage.at({ old: original.ports }, { route: { screen: "runs" } });
  await stage.until("happy-otter-0");
  original.replies["GETRECENTSTATUSES"] = "SERVERERROR\x01Database query failed: disk";
  assert.match(await stage.until("1 problem"), /happy-otter-0/);
  assert.match(stage.ui.session.status?.problems[0] ?? "", /answered GETRECENTSTATUSES with: Database query failed/);
});

Deno.test("when one of ours takes the place of an original, it is followed as one of ours, and the other way round", async () => {
  const original = await OriginalScene.start();
  const { port } = original.ports;
  await using stage = Stage.at({ here: original.ports }, { route: { screen: "workflows" } });
  await stage.until("original cdktr");
  await original[Symbol.asyncDispose]();
  await stage.until("LOST for");
  {
    await using ours = await PrincipalScene.start({ mine: oneTask }, { port });
    const frame = await stage.until("● live");
    assert.doesNotMatch(frame, /etl\.daily/);
    await stage.until("mine");
    await ours.trigger("mine");
    await stage.until("1 queued");
  }
  await stage.until("LOST for");
  await using again = await OriginalScene.start({}, port);
  await stage.until("original cdktr");
  await stage.until("etl.daily");
  assert(again.asked.includes("LSWORKFLOWS"));
});

Deno.test("a principal of ours that is too old is told to be, and asked again later", async () => {
  const hello = { product: "cdktr", version: "0.0.9", protocol: 1, verbs: ["HELLO", "RUN"], agentTimeoutMs: 30_000 };
  await using old = await OriginalScene.start({ HELLO: `SUCCESS\x01${JSON.stringify(hello)}` });
  await using stage = Stage.at({ old: old.ports }, { route: { screen: "workflows" } });
  await stage.until("! The principal is cdktr 0.0.9, too old for this UI");
  assert.deepEqual(old.asked.filter((request) => /^(CHANGES|WORKFLOWS)\b/.test(request)), []);
});

const recent = `SUCCESS\x01${
  JSON.stringify([
    { workflow_id: "etl.daily", workflow_instance_id: "happy-otter-0", status: "RUNNING", timestamp_ms: Date.now() },
    { workflow_id: "x", workflow_instance_id: "odd-dog-0", status: "WAITING", timestamp_ms: Date.now() - 90_000 },
  ])
}`;
