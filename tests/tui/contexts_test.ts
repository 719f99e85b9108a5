import assert from "node:assert/strict";
import { oneTask, PrincipalScene } from "../cli/principal_scene.ts";
import { OriginalScene } from "../cli/original_scene.ts";
import { keys, Stage } from "./stage.ts";

Deno.test("ctrl-x goes to another principal, and nothing of the former one stays on the screen", async () => {
  await using lab = await PrincipalScene.start({ "lab.flow": oneTask });
  await using prod = await PrincipalScene.start({ "prod.flow": oneTask });
  await using stage = Stage.at({ lab: lab.ports, prod: prod.ports }, { route: { screen: "workflows" } });
  await stage.until("lab.flow");
  stage.type(keys.ctrlX);
  assert.match(await stage.until("another principal"), /context lab +where you are/);
  stage.type("prod", keys.enter);
  await stage.until(/ cdktr {2}prod .*● live/);
  stage.type("1");
  assert.doesNotMatch(await stage.until("prod.flow"), /lab\.flow/);
  stage.type("3");
  await stage.until("No run yet");
  await lab.trigger("lab.flow");
  await prod.trigger("prod.flow");
  assert.doesNotMatch(await stage.until(/prod\.flow +○ PENDING/), /lab\.flow/);
});

Deno.test(":context NAME goes there, also to an original, and back", async () => {
  await using lab = await PrincipalScene.start({ "lab.flow": oneTask });
  await using old = await OriginalScene.start();
  await using stage = Stage.at({ lab: lab.ports, old: old.ports }, { route: { screen: "runs" } });
  await stage.until("No run yet");
  stage.type(":", "context old", keys.enter);
  await stage.until("original cdktr");
  stage.type("3");
  await stage.until("happy-otter-0");
  stage.type(":", "context lab", keys.enter);
  await stage.until("● live");
  stage.type("3");
  assert.doesNotMatch(await stage.until("No run yet"), /happy-otter/);
});

Deno.test("a context that does not answer says so, and one can go back", async () => {
  await using lab = await PrincipalScene.start({ "lab.flow": oneTask });
  const nobody = { port: closedPort(), logsInPort: closedPort(), logsOutPort: closedPort() };
  await using stage = Stage.at({ lab: lab.ports, gone: nobody }, { route: { screen: "workflows" } });
  await stage.until("lab.flow");
  stage.type(":", "context gone", keys.enter);
  await stage.until("! never answered");
  stage.type("1");
  assert.doesNotMatch(await stage.until("Waiting for the principal"), /lab\.flow/);
  stage.type(":", "context lab", keys.enter);
  await stage.until("● live");
  stage.type("1");
  await stage.until("lab.flow");
});

Deno.test("what is under way at a principal is given up when one goes to another, and never done there", async () => {
  await using lab = await PrincipalScene.start({ "lab.flow": oneTask });
  await using prod = await PrincipalScene.start({ "prod.flow": oneTask });
  await using stage = Stage.at({ lab: lab.ports, prod: prod.ports });
  await stage.until("● live");
  const gone = Promise.withResolvers<void>();
  const { ui } = stage;
  ui.perform(async (signal) => {
    await gone.promise;
    await ui.session.ask("PAUSE", { run: await prod.trigger("prod.flow"), paused: true, reason: "a test" }, { signal });
    return "Done.";
  });
  ui.switchTo("prod");
  gone.resolve();
  await stage.until("What was under way at lab was given up.");
  const { runs } = await prod.client.call("RUNS", { limit: 10 });
  assert.deepEqual(runs.map(({ paused }) => paused), [false]);
});

Deno.test("with a single principal there is no other one to go to", async () => {
  await using stage = await Stage.open({});
  await stage.until("● live");
  stage.type("?");
  assert.doesNotMatch(await stage.until("Here and everywhere"), /another principal/);
});

/** A port that nothing listens at. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.transport === "tcp" ? listener.addr.port : 0;
}
