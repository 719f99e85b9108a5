import assert from "node:assert/strict";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { holding, runRequest, Scene } from "./scene.ts";

Deno.test("queue order, running runs, cancellations and idempotency keys survive a restart on the same file", async () => {
  const directory = await Deno.makeTempDir({ prefix: "cdktr-restart-test-" });
  const path = `${directory}/state.db`;
  try {
    const before = await Scene.open({ journal: SqliteJournal.open(path) });
    const ann = before.agent("ann");
    const running = await before.trigger();
    await ann.begin();
    const assigned = await before.trigger();
    await ann.work(holding(running)).reply;
    await before.ask("CANCEL", { run: running, task: null, reason: "not needed" }).reply;
    const waiting = [];
    for (let count = 0; count < 3; count++) waiting.push(await before.trigger());
    const keyed = await before.trigger({ idempotencyKey: "once" });
    await before[Symbol.asyncDispose]();

    await using after = await Scene.open({ journal: SqliteJournal.open(path) });
    assert.equal(after.told.at(-1), "info: recovered 4 waiting and 2 other runs");
    const again = await after.ask("RUN", runRequest({ idempotencyKey: "once" })).reply;
    assert.deepEqual(again, { runId: keyed, duplicate: true, skipped: null });
    const { begin, end } = await after.agent("ann").work({ slots: 1, ...holding(running) }).reply;
    assert.deepEqual(
      begin.map(({ runId, attempt }) => [runId, attempt]),
      [[assigned, 1]],
      "its reply may have been lost",
    );
    assert.deepEqual(end, [{ runId: running, attempt: 1, reason: "not needed" }]);
    const rest = await after.agent("bob").work({ slots: 10 }).reply;
    assert.deepEqual(rest.begin.map(({ runId }) => runId), [...waiting, keyed]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a principal that ends answers who waits, and writes what it decided", async () => {
  const scene = await Scene.open();
  const runId = await scene.trigger({ params: { a: "1" } });
  const held = [
    scene.agent("ann").work({ slots: 0 }),
    scene.ask("WAITRUN", { run: runId, waitMs: 60_000 }),
  ];
  assert.ok(await held[0]?.isHeld());
  const trigger = scene.trigger();
  await scene.principal.close();
  await Promise.all([trigger, ...held.map(({ reply }) => reply)]);
  assert.equal(scene.journal.snapshots, 1);
  assert.ok(scene.journal.isClosed);
  assert.equal(scene.history.health.state, "closed");
  assert.equal(await scene.ask("RUN", runRequest()).code(), "SHUTTING_DOWN");
});

Deno.test("a principal ends though its journal cannot be written", async () => {
  const scene = await Scene.open();
  scene.journal.fail();
  const trigger = scene.ask("RUN", runRequest());
  assert.ok(await trigger.isHeld());
  await scene.principal.close();
  assert.equal(await trigger.code(), "STORAGE");
  assert.match(String(scene.told.at(-1)), /^error: The last 2 events were never written and are lost/);
});
