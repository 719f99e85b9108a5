import assert from "node:assert/strict";
import { directLink } from "../../src/principal/mod.ts";
import { turn } from "../fake_clock.ts";
import { workRequest } from "../work_request.ts";
import { holding, Scene } from "./scene.ts";

const call = (scene: Scene, signal?: AbortSignal) =>
  scene.client.call("RUN", {
    ...{ workflowId: "etl", trigger: "manual", params: {}, idempotencyKey: null, dueMs: null, reason: "asked" },
  }, { signal });

const work = (scene: Scene, sequence: number, more: { holding?: ReturnType<typeof holding>["holding"] } = {}) =>
  workRequest(scene.agent("ann").holder, { sequence, ...more });

Deno.test("a reply that does not come in time is TIMED_OUT, also within one process", async () => {
  await using scene = await Scene.open();
  await scene.client.dialect();
  scene.journal.fail();
  const asked = call(scene);
  await turn();
  scene.clock.advance(3000);
  await assert.rejects(asked, {
    code: "TIMED_OUT",
    message: "The principal in this process did not answer within 3000 ms.",
  });
});

Deno.test("a request that is given up ends at once, and what it was handed goes back", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  await scene.client.dialect();
  scene.journal.hold();
  const stop = new AbortController();
  const asked = scene.client.call("WORK", work(scene, 1), { signal: stop.signal });
  await turn();
  stop.abort(new Error("enough"));
  await assert.rejects(asked, /enough/);
  scene.journal.release();
  await turn();
  assert.equal((await scene.run(runId)).state, "PENDING");
});

Deno.test("an assignment that came too late is with the request that followed, and is not taken back from it", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  await scene.client.dialect();
  scene.journal.hold();
  const late = scene.client.call("WORK", work(scene, 1));
  await turn();
  scene.clock.advance(3000);
  await assert.rejects(late, { code: "TIMED_OUT" });
  const next = scene.client.call("WORK", work(scene, 2));
  await turn();
  scene.journal.release();
  assert.equal((await next).begin[0]?.runId, runId);
  await turn();
  assert.equal((await scene.run(runId)).state, "ASSIGNED");
});

Deno.test("a closed link refuses requests and lines, and ends what is under way", async () => {
  await using scene = await Scene.open();
  const link = directLink(scene.principal);
  const held = link.request(
    new TextEncoder().encode('WAITRUN\x01{"run":"x","waitMs":1}'),
    { timeoutMs: 1000 },
  );
  await link.close();
  await assert.rejects(held, { code: "SHUTTING_DOWN" });
  await assert.rejects(link.request(new Uint8Array(0), { timeoutMs: 1000 }), { code: "SHUTTING_DOWN" });
  assert.throws(() => link.tryPushLog(new Uint8Array(0)), { code: "SHUTTING_DOWN" });
  await assert.rejects(link.pushLog(new Uint8Array(0), new AbortController().signal), { code: "SHUTTING_DOWN" });
});

Deno.test("a subscriber gets the lines whose first bytes are its topic", async () => {
  await using scene = await Scene.open();
  const link = directLink(scene.principal);
  const got: string[] = [];
  const end = link.subscribeLogs(new TextEncoder().encode("etl\x01"), {
    onLine: (frame) => got.push(new TextDecoder().decode(frame).slice(0, 9)),
    onConnected: () => got.push("connected"),
    onDisconnected: () => got.push("disconnected"),
  });
  const line = (workflow: string) => [workflow, "n", "r", "t", "i", "1", "INFO", "STDOUT x"].join("\x01");
  for (const workflow of ["etl", "etlx", "et"]) link.tryPushLog(new TextEncoder().encode(line(workflow)));
  end();
  link.tryPushLog(new TextEncoder().encode(line("etl")));
  assert.deepEqual(got, ["connected", "etl\x01n\x01r\x01t"]);
});
