import { deepEqual, equal, match } from "node:assert/strict";
import { oneTask, PrincipalScene } from "../principal_scene.ts";

Deno.test("status tells queue, runs, agents, history and problems", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask }, { problems: ["workflows/x.yml:1:1: error: empty"] });
  await scene.trigger("etl");
  await scene.reportRun(await scene.fetch(), "RUNNING");
  await scene.trigger("etl");
  const { exitCode, stdout, stderr } = await scene.call(["status"]);
  deepEqual([exitCode, stderr], [0, ""]);
  match(stdout, /^Principal +127\.0\.0\.1:\d+, version 1, up for /);
  match(
    stdout,
    /\nWorkflows +1\nQueue +1 run waits, the first for .*\nRuns +1 PENDING, 1 RUNNING\nAgents +1, 1 of 1 places taken\n/,
  );
  match(
    stdout,
    /\nHistory +ok, (?:abreast of|\d+ decisions behind) the journal\nProblems +workflows\/x\.yml:1:1: error: empty\n$/,
  );
  const json = JSON.parse((await scene.call(["status", "--json"])).stdout);
  deepEqual([json.queueLength, json.runs], [1, { PENDING: 1, RUNNING: 1 }]);
});

Deno.test("status of an idle principal", async () => {
  await using scene = await PrincipalScene.start({});
  match((await scene.call(["status"])).stdout, /\nQueue +empty\nRuns +none yet\nAgents +none\n/);
});

Deno.test("agents list tells what each can take and has, and without any says how to start one", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask });
  const none = await scene.call(["agents", "list"]);
  deepEqual([none.stdout, none.stderr], ["", "No agent is there. Start one with `cdktr start agent`.\n"]);
  await scene.trigger("etl");
  await scene.fetch();
  const { stdout } = await scene.call(["agents", "list"]);
  match(stdout, /^AGENT +VERSION +PLACES +LABELS +HEARD\nada@lab\/AG +1 +1 of 1 +.* ago\n$/);
  const [agent] = JSON.parse((await scene.call(["agents", "list", "--json"])).stdout);
  equal(agent.agentId, "ada@lab/AG");
  equal(agent.running.length, 1);
});

Deno.test("an agent that is stopping has no places: status and agents list tell what it still has", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask });
  await scene.trigger("etl");
  await scene.stopAgent(await scene.fetch());
  match((await scene.call(["status"])).stdout, /\nAgents +1, 0 of 0 places taken, 1 stopping with 1 run\n/);
  match((await scene.call(["agents", "list"])).stdout, /\nada@lab\/AG +1 +1, stopping +.* ago\n$/);
  equal(JSON.parse((await scene.call(["agents", "list", "--json"])).stdout)[0].stopping, true);
});

Deno.test("agents list tells agents of one id apart by the end of their session", async () => {
  await using scene = await PrincipalScene.start({});
  for (const session of ["session-0a1b", "session-2c3d"]) await scene.meet(session);
  const { stdout } = await scene.call(["agents", "list"]);
  match(stdout, /\nada@lab\/AG #0a1b +1 .*\nada@lab\/AG #2c3d +1 .*\n$/);
});
