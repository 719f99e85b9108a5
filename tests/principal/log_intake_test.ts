import assert from "node:assert/strict";
import { Scene } from "./scene.ts";

const line = (fields: { workflow?: string; instance?: string; time?: string; payload?: string } = {}) => {
  const { workflow = "etl", instance = "r1", time = "1795252402023", payload = "STDOUT hi" } = fields;
  return [workflow, "ETL", instance, "Only", "t1", time, "INFO", payload].join("\x01");
};
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("what is no log line is dropped, told once in a thousand, and disturbs nobody", async () => {
  await using scene = await Scene.open();
  const { logs } = scene.principal;
  let published = 0;
  logs.subscribe(() => published++);
  for (let count = 0; count < 1001; count++) logs.take([bytes("a\x01b\x01c\x01d")]);
  logs.take([bytes(line()), bytes("two frames")]);
  logs.take([Uint8Array.of(0xff, 0xfe)]);
  logs.take([bytes(line({ time: "yesterday" }))]);
  logs.take([]);
  assert.deepEqual(scene.told, [
    "warn: dropped a message on the log port: too-few-fields (1 dropped so far)",
    "warn: dropped a message on the log port: too-few-fields (1001 dropped so far)",
  ]);
  logs.take([bytes(line())]);
  assert.equal(published, 1);
});

Deno.test("subscribers get a line as eight fields, the history its parts", async () => {
  await using scene = await Scene.open();
  const published: string[] = [];
  const end = scene.principal.logs.subscribe((frame) => published.push(new TextDecoder().decode(frame)));
  scene.principal.logs.take([bytes(`${line()}\x01a ninth field`)]);
  end();
  scene.principal.logs.take([bytes(line({ payload: "STDERR after the end" }))]);
  assert.deepEqual(published, [line()]);
  await scene.history.flush();
  const [first, second] = await scene.history.queryLogs();
  assert.deepEqual(first, {
    ...{ workflowId: "etl", workflowName: "ETL", runId: "r1", taskName: "Only", taskRunId: "t1" },
    ...{ timestampMs: 1795252402023, level: "INFO", payload: "STDOUT hi" },
  });
  assert.equal(second?.payload, "STDERR after the end");
});

Deno.test("lines of an original agent are stored under the run's own id, also after its end and a restart", async () => {
  const before = await Scene.open();
  const runId = await before.trigger();
  await before.send("FETCHWORKFLOW\x01old@host/AG");
  await before.send("AGENTWORKFLOWSTATUS\x01old@host/AG\x01etl\x01happy-otter-0\x01RUNNING");
  await before[Symbol.asyncDispose]();
  await using scene = await Scene.open({ journal: before.journal });
  scene.principal.logs.take([bytes(line({ instance: "happy-otter-0" }))]);
  await scene.send("AGENTWORKFLOWSTATUS\x01old@host/AG\x01etl\x01happy-otter-0\x01COMPLETED");
  scene.principal.logs.take([bytes(line({ instance: "happy-otter-0" }))]);
  scene.principal.logs.take([bytes(line({ instance: "unknown-dog-0" }))]);
  await scene.history.flush();
  assert.deepEqual((await scene.history.queryLogs()).map((row) => row.runId), [runId, runId, "unknown-dog-0"]);
});
