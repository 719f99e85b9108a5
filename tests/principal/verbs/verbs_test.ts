import assert from "node:assert/strict";
import { verbs } from "../../../src/wire/mod.ts";
import { turn } from "../../fake_clock.ts";
import { holding, runRequest, Scene, Shelf, workflowOf } from "../scene.ts";

Deno.test("HELLO tells product, version, verbs and how long an agent may be silent", async () => {
  await using scene = await Scene.open();
  assert.deepEqual(await scene.ask("HELLO", { role: "test", version: "9" }).reply, {
    product: "cdktr",
    version: "1.2.3",
    protocol: 1,
    verbs: Object.keys(verbs),
    agentTimeoutMs: 30_000,
  });
});

Deno.test("RUN of an unknown workflow is NOT_FOUND and starts nothing", async () => {
  await using scene = await Scene.open();
  assert.equal(await scene.ask("RUN", runRequest({ workflowId: "ghost" })).code(), "NOT_FOUND");
  assert.deepEqual(await scene.states(), []);
});

Deno.test("a repeated idempotency key answers the first run, whatever became of it", async () => {
  await using scene = await Scene.open();
  const request = runRequest({ idempotencyKey: "k" });
  const first = await scene.ask("RUN", request).reply;
  assert.equal(first.duplicate, false);
  assert.deepEqual(await scene.ask("RUN", request).reply, { runId: first.runId, duplicate: true, skipped: null });
  await scene.agent("ann").begin();
  await scene.agent("ann").report(first.runId, "COMPLETED");
  assert.deepEqual(await scene.ask("RUN", request).reply, { runId: first.runId, duplicate: true, skipped: null });
});

Deno.test("SHOWRUN tells the run, its tasks and the definition it runs, though the file has changed since", async () => {
  const shelf = new Shelf(workflowOf("etl", "description: as it was"));
  await using scene = await Scene.open({ shelf });
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  const task = { kind: "task", runId, attempt: 1, taskId: "only", taskRunId: "t1", tryNumber: 1 } as const;
  const rest = { state: "FAILED", happenedAtMs: 5, exitCode: 3, reason: "exited with code 3", outputs: null } as const;
  await scene.ask("REPORT", { ...ann.holder, reports: [{ ...task, ...rest }] }).reply;
  shelf.replace(workflowOf("etl", "description: as it is"));
  const { run, tasks, workflow } = await scene.ask("SHOWRUN", { run: runId }).reply;
  assert.equal(run.state, "RUNNING");
  assert.deepEqual(tasks.map(({ taskId, state, exitCode }) => ({ taskId, state, exitCode })), [
    { taskId: "only", state: "FAILED", exitCode: 3 },
  ]);
  assert.deepEqual(workflow, JSON.parse(JSON.stringify(workflowOf("etl", "description: as it was"))));
});

Deno.test("a run is found by its id and by a beginning that no other has", async () => {
  await using scene = await Scene.open();
  const [first, second] = [await scene.trigger(), await scene.trigger()];
  assert.ok(first < second, "ids sort in the order of the triggers");
  const show = (run: string) => scene.ask("SHOWRUN", { run });
  assert.equal((await show(first).reply).run.runId, first);
  assert.equal((await show(second.slice(0, 20)).reply).run.runId, second);
  const common = show(first.slice(0, 8));
  assert.equal(await common.code(), "AMBIGUOUS");
  await assert.rejects(common.reply, { hint: `Give more of the id; ${first} and ${second} are two of them.` });
  assert.equal(await show("ffff").code(), "NOT_FOUND");
});

Deno.test("WAITRUN is held until the run is final, and not longer than asked", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  const short = scene.ask("WAITRUN", { run: runId, waitMs: 1000 });
  const long = scene.ask("WAITRUN", { run: runId, waitMs: 60_000 });
  assert.ok(await short.isHeld());
  scene.clock.advance(1000);
  assert.equal((await short.reply).run.state, "PENDING");
  await ann.begin();
  assert.ok(await long.isHeld());
  await ann.report(runId, "FAILED");
  assert.equal((await long.reply).run.state, "FAILED");
  assert.equal((await scene.ask("WAITRUN", { run: runId, waitMs: 60_000 }).reply).run.state, "FAILED");
});

Deno.test("WAITRUN tells an end only once it is durable", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  const early = scene.ask("WAITRUN", { run: runId, waitMs: 60_000 });
  await turn();
  scene.journal.hold();
  void ann.report(runId, "COMPLETED");
  const late = scene.ask("WAITRUN", { run: runId, waitMs: 60_000 });
  assert.ok(await early.isHeld() && await late.isHeld());
  scene.journal.release();
  assert.equal((await early.reply).run.state, "COMPLETED");
  assert.equal((await late.reply).run.state, "COMPLETED");
});

Deno.test("nothing is held for a client that is gone, and no timer stays behind", async () => {
  await using scene = await Scene.open();
  const timers = scene.clock.timerCount;
  const gone = new AbortController();
  const runId = await scene.trigger({ params: { only: "ours" } });
  const { revision } = await scene.ask("WORKFLOWS", { knownRevision: null, waitMs: 0 }).reply;
  const held = [
    scene.ask("WAITRUN", { run: runId, waitMs: 60_000 }, gone.signal),
    scene.ask("WORKFLOWS", { knownRevision: revision, waitMs: 60_000 }, gone.signal),
    scene.agent("ann").work({ slots: 0, waitMs: 60_000 }, gone.signal),
  ];
  await turn();
  assert.equal(scene.clock.timerCount, timers + 3);
  gone.abort();
  await Promise.all(held.map(({ answer }) => answer));
  assert.equal(scene.clock.timerCount, timers);
});

Deno.test("a waiting run is cancelled at once, an ended one not at all", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  const request = { run: runId, task: null, reason: "not needed" };
  assert.deepEqual(await scene.ask("CANCEL", request).reply, { runId, outcome: "done" });
  const { state, reason } = await scene.run(runId);
  assert.deepEqual([state, reason], ["CANCELLED", "not needed"]);
  const again = scene.ask("CANCEL", request);
  assert.equal(await again.code(), "CONFLICT");
  await assert.rejects(again.reply, { message: `Run ${runId} cannot be cancelled: the run has ended CANCELLED.` });
});

Deno.test("a run on an original agent cannot be cancelled, and that is said", async () => {
  await using scene = await Scene.open();
  const runId = await scene.trigger();
  await scene.send("FETCHWORKFLOW\x01old@host/AG");
  const asked = scene.ask("CANCEL", { run: runId, task: null, reason: "not needed" });
  assert.equal(await asked.code(), "CONFLICT");
  await assert.rejects(asked.reply, /its agent old@host\/AG is an original cdktr/);
});

Deno.test("a run that is cancelled before it began ends with its agent's next request", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.work().reply; // Its reply is lost.
  await scene.ask("CANCEL", { run: runId, task: null, reason: "not needed" }).reply;
  assert.ok(await ann.work().isHeld());
  assert.equal((await scene.run(runId)).state, "CANCELLED");
});

Deno.test("WORKFLOWS is held while the client knows the revision", async () => {
  const shelf = new Shelf(workflowOf("a"));
  await using scene = await Scene.open({ shelf });
  const ids = (reply: { workflows: readonly { id: string }[] }) => reply.workflows.map(({ id }) => id);
  const first = await scene.ask("WORKFLOWS", { knownRevision: null, waitMs: 60_000 }).reply;
  assert.deepEqual(ids(first), ["a"]);
  const held = scene.ask("WORKFLOWS", { knownRevision: first.revision, waitMs: 60_000 });
  assert.ok(await held.isHeld());
  shelf.replace(workflowOf("a"), workflowOf("b"));
  const second = await held.reply;
  assert.deepEqual(ids(second), ["a", "b"]);
  const patient = scene.ask("WORKFLOWS", { knownRevision: second.revision, waitMs: 60_000 });
  await turn();
  scene.clock.advance(60_000);
  assert.equal((await patient.reply).revision, second.revision);
});

Deno.test("a revision of an earlier principal is not one of this", async () => {
  const first = await Scene.open();
  const { revision } = await first.ask("WORKFLOWS", { knownRevision: null, waitMs: 0 }).reply;
  await first[Symbol.asyncDispose]();
  first.clock.advance(1);
  await using scene = await Scene.open({ clock: first.clock });
  const reply = await scene.ask("WORKFLOWS", { knownRevision: revision, waitMs: 60_000 }).reply;
  assert.notEqual(reply.revision, revision);
});

Deno.test("REPORT is answered once it is durable, and saying it again changes nothing", async () => {
  await using scene = await Scene.open();
  const ann = scene.agent("ann");
  const runId = await scene.trigger();
  await ann.begin();
  scene.journal.hold();
  const report = { kind: "run", runId, attempt: 1, state: "COMPLETED", reason: null, instanceId: null } as const;
  const asked = scene.ask("REPORT", { ...ann.holder, reports: [report] });
  assert.ok(await asked.isHeld());
  scene.journal.release();
  assert.deepEqual(await asked.reply, { ignored: 0 });
  assert.deepEqual(await ann.report(runId, "FAILED"), { ignored: 1 });
  assert.equal((await scene.run(runId)).state, "COMPLETED");
});

Deno.test("STATUS tells queue, agents and what is wrong", async () => {
  await using scene = await Scene.open();
  const running = await scene.trigger();
  await scene.trigger();
  await scene.agent("ann").begin();
  void scene.agent("ann").work({ sequence: 5, slots: 0, ...holding(running) });
  await turn();
  scene.clock.advance(2500);
  scene.journal.fail();
  void scene.trigger();
  await turn();
  const status = await scene.ask("STATUS", {}).reply;
  assert.equal(status.version, "1.2.3");
  assert.equal(status.queueLength, 2);
  assert.equal(status.queueHeadAgeMs, 2500);
  assert.deepEqual(status.agents.map(({ agentId, slots, running }) => ({ agentId, slots, running: running.length })), [
    { agentId: "ann@host/AG", slots: 1, running: 1 },
  ]);
  assert.deepEqual(status.problems, ["Cannot write the journal: no space left on the disk."]);
});

Deno.test("LOGS finds lines that came just before", async () => {
  await using scene = await Scene.open();
  const fields = ["etl", "ETL", "r1", "Only", "t1", "1795252402023", "INFO"];
  for (const text of ["one", "two", "three"]) {
    scene.principal.logs.take([new TextEncoder().encode([...fields, `STDOUT ${text}`].join("\x01"))]);
  }
  const page = await scene.ask("LOGS", { order: "oldest", limit: 2 }).reply;
  assert.deepEqual(page.lines.map(({ payload }) => payload), ["STDOUT one", "STDOUT two"]);
  assert.ok(page.cursor !== null && page.mayHaveMore);
  const rest = await scene.ask("LOGS", { order: "oldest", limit: 2, after: page.cursor }).reply;
  assert.deepEqual([rest.lines.map(({ payload }) => payload), rest.mayHaveMore], [["STDOUT three"], false]);
});

Deno.test("a malformed request of ours is answered with a code and disturbs nobody", async () => {
  await using scene = await Scene.open();
  const held = scene.agent("ann").work();
  const malformed: Record<string, RegExp> = {
    "RUN": /the request RUN: its argument is not JSON/,
    "RUN\x01": /its argument is not JSON/,
    "RUN\x01{": /its argument is not JSON/,
    "RUN\x01[]": /INVALID_ARGUMENT.*it: Invalid input/,
    'WORK\x01{"agentId":1}': /agentId: Invalid input.*session: .*version: /,
    'WAITRUN\x01{"run":"","waitMs":60001}': /run: .*waitMs: /,
    'RUN\x01{"workflowId":"etl","trigger":"magic","params":{"a b":"1"},"idempotencyKey":null,"reason":""}':
      /trigger: .*params/,
    'HELLO\x01{"role":"x","version":"y"}\x01{}': /its argument is not JSON/,
    [`SHOWRUN\x01{"run":"${"x".repeat(2000)}"}`]: /run: Too big/,
  };
  for (const [text, expected] of Object.entries(malformed)) {
    const reply = await scene.send(text);
    assert.match(reply, /^CLIENTERROR\x01\{"code":"INVALID_ARGUMENT","message":"Cannot read the request /, text);
    assert.match(reply, expected, text);
    assert.ok(reply.length < 1000, "what was wrong is not sent back in full");
  }
  assert.equal(await scene.send("GOODBYE\x01{}"), "CLIENTERROR\x01ParseError: Unrecognised message type: GOODBYE");
  assert.equal(await scene.send("toString"), "CLIENTERROR\x01ParseError: Unrecognised message type: toString");
  await scene.trigger();
  assert.equal((await held.reply).begin.length, 1);
  assert.deepEqual(scene.told, [], "a client's mistake is no news for the operator");
});
