import assert from "node:assert/strict";
import { idempotencyKeysMax, idempotencyWindowMs } from "../../src/core/state.ts";
import { runsInProgressMax } from "../../src/core/trigger.ts";
import { ann, definitionOf, runReport, Scene, triggerOf } from "./scene.ts";

Deno.test("a trigger makes a run that waits, with all that was asked for", () => {
  const scene = new Scene();
  const { reply } = scene.command(
    "trigger",
    triggerOf("r1", { trigger: "cron", params: { day: "monday" }, requires: ["uv"], idempotencyKey: "k" }),
  );
  assert.deepEqual(reply, { runId: "r1", duplicate: false, skipped: null });
  assert.deepEqual(scene.run("r1"), {
    runId: "r1",
    workflowId: "etl",
    workflowName: "ETL",
    definitionHash: "etl#1",
    trigger: "cron",
    params: { day: "monday" },
    idempotencyKey: "k",
    requires: ["uv"],
    state: "PENDING",
    attempt: 0,
    agentId: null,
    session: null,
    instanceId: null,
    cancelReason: null,
    cancelTasks: [],
    paused: false,
    crashRetries: 0,
    dueMs: null,
    priority: 0,
    overlap: "allow",
    onCrash: "fail",
    reason: "asked on the command line",
    triggeredAtMs: scene.nowMs,
    assignedAtMs: null,
    startedAtMs: null,
    finishedAtMs: null,
  });
  assert.deepEqual(scene.queue, ["r1"]);
});

Deno.test("triggers without a key each make a run", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2");
  assert.deepEqual(scene.queue, ["r1", "r2"]);
});

Deno.test("a repeated key starts nothing and answers the first run, even after that run has ended", () => {
  const scene = new Scene();
  const trigger = (runId: string) => scene.command("trigger", triggerOf(runId, { idempotencyKey: "k" }));
  trigger("r1");
  assert.deepEqual(trigger("r2"), { reply: { runId: "r1", duplicate: true, skipped: null }, events: [] });
  scene.request(ann);
  scene.report(ann, runReport("r1", "COMPLETED"));
  assert.deepEqual(trigger("r3"), { reply: { runId: "r1", duplicate: true, skipped: null }, events: [] });
  assert.equal(scene.state.runs.size, 0);
});

Deno.test("a key is remembered for its window, counted from the first trigger", () => {
  const scene = new Scene();
  const runIdOf = (runId: string) => scene.command("trigger", triggerOf(runId, { idempotencyKey: "k" })).reply.runId;
  runIdOf("r1");
  scene.nowMs += idempotencyWindowMs - 1;
  assert.equal(runIdOf("r2"), "r1");
  scene.nowMs += 1;
  assert.equal(runIdOf("r3"), "r3");
  scene.nowMs += idempotencyWindowMs - 1;
  assert.equal(runIdOf("r4"), "r3");
});

Deno.test("a clock that runs backwards forgets no key", () => {
  const scene = new Scene();
  scene.command("trigger", triggerOf("r1", { idempotencyKey: "k" }));
  scene.nowMs -= 3 * idempotencyWindowMs;
  assert.equal(scene.command("trigger", triggerOf("r2", { idempotencyKey: "k" })).reply.runId, "r1");
});

Deno.test("keys that are past their window are dropped when another comes, or one of them again", () => {
  for (const next of ["a", "c"]) {
    const scene = new Scene();
    for (const key of ["a", "b"]) scene.command("trigger", triggerOf(`r-${key}`, { idempotencyKey: key }));
    scene.nowMs += idempotencyWindowMs;
    scene.command("trigger", triggerOf("r-next", { idempotencyKey: next }));
    assert.deepEqual(scene.state.toSnapshot().keys.map(([key]) => key), [next]);
  }
});

Deno.test("of more keys than the limit the oldest are forgotten", () => {
  const scene = new Scene();
  const trigger = (n: number, key: number) =>
    scene.command("trigger", triggerOf(`r${String(n).padStart(7, "0")}`, { idempotencyKey: `k${key}` })).reply;
  for (let n = 0; n <= idempotencyKeysMax; n++) trigger(n, n);
  assert.equal(scene.state.toSnapshot().keys.length, idempotencyKeysMax);
  assert.deepEqual(trigger(-1, 1), { runId: "r0000001", duplicate: true, skipped: null });
  assert.deepEqual(trigger(-2, 0), { runId: "r00000-2", duplicate: false, skipped: null });
});

Deno.test("a definition is stored once for all its runs, and stays while it is its workflow's newest", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2");
  for (const runId of ["r1", "r2"]) scene.command("cancel", { runId, taskId: null, reason: "enough" });
  scene.trigger("r3");
  assert.equal(scene.events.filter(({ type }) => type === "definition_stored").length, 1);
  assert.deepEqual(scene.state.definition("etl#1"), definitionOf("etl"));
});

Deno.test("an older definition stays until its last run has ended, and is stored again if it returns", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2");
  scene.command("trigger", triggerOf("r3", { definition: definitionOf("etl", 2) }));
  scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" });
  assert.notEqual(scene.state.definition("etl#1"), undefined);
  scene.command("cancel", { runId: "r2", taskId: null, reason: "enough" });
  assert.equal(scene.state.definition("etl#1"), undefined);

  const { events } = scene.command("trigger", triggerOf("r4"));
  assert.deepEqual(events.map(({ type }) => type), ["definition_stored", "run_triggered"]);
  assert.notEqual(scene.state.definition("etl#2"), undefined, "r3 still uses it");
  scene.command("cancel", { runId: "r3", taskId: null, reason: "enough" });
  assert.equal(scene.state.definition("etl#2"), undefined);
});

Deno.test("an unused definition goes as soon as its workflow has a newer one", () => {
  const scene = new Scene();
  scene.trigger("r1");
  scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" });
  scene.command("trigger", triggerOf("r2", { definition: definitionOf("etl", 2) }));
  scene.command("trigger", triggerOf("r3", { definition: definitionOf("report") }));
  assert.deepEqual(scene.state.toSnapshot().definitions.map(({ hash }) => hash), ["etl#2", "report#1"]);
});

Deno.test("a full queue refuses a trigger and loses nothing", () => {
  const scene = new Scene();
  scene.trigger("waiting");
  const waiting = scene.run("waiting");
  for (let i = 1; i < runsInProgressMax; i++) scene.state.runs.set(`waiting-${i}`, waiting);
  assert.throws(() => scene.trigger("r1"), { code: "LIMIT_EXCEEDED" });
  assert.equal(scene.state.runs.size, runsInProgressMax);
  assert.equal(scene.state.runs.has("r1"), false);
});
