import assert from "node:assert/strict";
import { ann, bob, old, runReport, Scene, taskReport, triggerOf } from "./scene.ts";

Deno.test("runs are handed out in the order they came, as many as there are slots", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2", "r3");
  assert.deepEqual(scene.request(ann, { slots: 2 }).reply, {
    begin: [{ runId: "r1", attempt: 1 }, { runId: "r2", attempt: 1 }],
    end: [],
    steer: [],
  });
  assert.deepEqual(scene.request(bob, { slots: 2 }).reply.begin, [{ runId: "r3", attempt: 1 }]);
  assert.deepEqual(scene.queue, []);
});

Deno.test("an assigned run tells who has it, since when and why", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  const { state, attempt, agentId, session, assignedAtMs, reason } = scene.run("r1");
  assert.deepEqual({ state, attempt, agentId, session, assignedAtMs }, {
    state: "ASSIGNED",
    attempt: 1,
    ...ann,
    assignedAtMs: scene.nowMs,
  });
  assert.match(reason ?? "", /ann@host\/AG/);
});

Deno.test("an agent without a free slot gets no run", () => {
  const scene = new Scene();
  scene.trigger("r1");
  for (const slots of [0, -1]) {
    assert.deepEqual(scene.request(ann, { slots }), { reply: { begin: [], end: [], steer: [] }, events: [] });
  }
});

Deno.test("an empty queue gives nothing", () => {
  assert.deepEqual(new Scene().request(ann), { reply: { begin: [], end: [], steer: [] }, events: [] });
});

Deno.test("an agent gets the first runs it can do; the others keep their places", () => {
  const scene = new Scene();
  scene.command("trigger", triggerOf("gpu", { requires: ["gpu"] }));
  scene.command("trigger", triggerOf("both", { requires: ["uv", "gpu"] }));
  scene.trigger("plain");
  const begun = (offers: string[]) => scene.request(ann, { offers, slots: 1 }).reply.begin.map(({ runId }) => runId);
  assert.deepEqual(begun(["uv"]), ["plain"]);
  assert.deepEqual(scene.queue, ["both", "gpu"]);
});

Deno.test("what an agent offers beyond a run's needs does not matter", () => {
  const scene = new Scene();
  scene.command("trigger", triggerOf("both", { requires: ["uv", "gpu"] }));
  assert.equal(scene.request(ann, { offers: ["gpu", "tpu", "uv"] }).reply.begin.length, 1);
});

Deno.test("who asks for one run gets that one or none", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2");
  scene.command("trigger", triggerOf("gpu", { requires: ["gpu"] }));
  const begun = (onlyRunId: string) => scene.request(ann, { onlyRunId, slots: 3 }).reply.begin;
  assert.deepEqual(begun("unknown"), []);
  assert.deepEqual(begun("gpu"), []);
  assert.deepEqual(begun("r2"), [{ runId: "r2", attempt: 1 }]);
  scene.report(ann, runReport("r2", "RUNNING"));
  assert.deepEqual(scene.request(bob, { onlyRunId: "r2" }).reply.begin, []);
  assert.deepEqual(scene.queue, ["gpu", "r1"]);
});

Deno.test("an assignment that its agent does not name is made again under the same attempt", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  const again = scene.request(ann, { slots: 1 });
  assert.deepEqual(again, { reply: { begin: [{ runId: "r1", attempt: 1 }], end: [], steer: [] }, events: [] });
});

Deno.test("assignments made again take the free slots before other runs do", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2", "r3", "r4");
  scene.request(ann, { slots: 2 });
  assert.deepEqual(scene.request(ann, { slots: 3 }).reply.begin.map(({ runId }) => runId), ["r1", "r2", "r3"]);
  assert.deepEqual(scene.queue, ["r4"]);
});

Deno.test("what an agent began after it had asked takes slots that its request counts as free", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2", "r3");
  scene.request(ann, { slots: 1 });
  scene.report(ann, runReport("r1", "RUNNING"));
  assert.deepEqual(scene.request(ann, { slots: 2 }).reply.begin.map(({ runId }) => runId), ["r2"]);
});

Deno.test("an assignment that its agent names, or has begun, is not made again", () => {
  const scene = new Scene();
  scene.given("named", ann, { started: false });
  const holding = [{ runId: "named", attempt: 1, cancelling: false, paused: false, cancelTasks: [] }];
  assert.deepEqual(scene.request(ann, { holding }).reply, { begin: [], end: [], steer: [] });
  scene.report(ann, runReport("named", "RUNNING"));
  assert.deepEqual(scene.request(ann).reply, { begin: [], end: [], steer: [] });
});

Deno.test("a word about a task shows that the attempt has begun: it is not made again", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  scene.report(ann, taskReport("r1", "PENDING"));
  assert.equal(scene.run("r1").state, "RUNNING");
  assert.deepEqual(scene.request(ann).reply, { begin: [], end: [], steer: [] });
});

Deno.test("no run goes to a second agent while one has it", () => {
  const scene = new Scene();
  scene.given("assigned", ann, { started: false });
  scene.given("running", ann);
  for (const other of [bob, old, { ...ann, session: "s-ann-after-restart" }]) {
    assert.deepEqual(scene.request(other, { slots: 9 }).reply, { begin: [], end: [], steer: [] });
  }
});

Deno.test("an original agent, which cannot say what it holds, gets a new run each time", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2");
  assert.deepEqual(scene.request(old).reply.begin, [{ runId: "r1", attempt: 1 }]);
  assert.deepEqual(scene.request(old).reply.begin, [{ runId: "r2", attempt: 1 }]);
});

Deno.test("an agent is told to end every attempt that is not its own any more", () => {
  const scene = new Scene();
  scene.given("lost", ann);
  scene.command("lose_agent", { ...ann, reason: "silent for 30 s" });
  scene.given("bobs", bob);
  scene.given("mine", ann);
  const holding = ["lost", "bobs", "never heard of", "mine"].map((runId) => ({
    runId,
    attempt: 1,
    cancelling: false,
    paused: false,
    cancelTasks: [],
  }));
  const { end } = scene.request(ann, { holding }).reply;
  assert.deepEqual(end.map(({ runId, attempt }) => ({ runId, attempt })), [
    { runId: "lost", attempt: 1 },
    { runId: "bobs", attempt: 1 },
    { runId: "never heard of", attempt: 1 },
  ]);
  for (const { reason } of end) assert.match(reason, /no longer belongs/);
});

Deno.test("an agent that holds an older attempt of its own run ends it and begins the present one", () => {
  const scene = new Scene();
  scene.given("r1", ann, { started: false });
  scene.command("return_run", { runId: "r1", attempt: 1, reason: "the connection broke" });
  scene.request(ann);
  const { begin, end } =
    scene.request(ann, { holding: [{ runId: "r1", attempt: 1, cancelling: false, paused: false, cancelTasks: [] }] })
      .reply;
  assert.deepEqual(begin, [{ runId: "r1", attempt: 2 }]);
  assert.deepEqual(end.map(({ attempt }) => attempt), [1]);
});

Deno.test("an agent that is ending an attempt is not told again", () => {
  const scene = new Scene();
  scene.given("r1", ann);
  scene.command("cancel", { runId: "r1", taskId: null, reason: "enough" });
  const holding = [{ runId: "r1", attempt: 1, cancelling: true, paused: false, cancelTasks: [] }, {
    runId: "gone",
    attempt: 4,
    cancelling: true,
    paused: false,
    cancelTasks: [],
  }];
  assert.deepEqual(scene.request(ann, { holding }).reply.end, []);
});

Deno.test("a returned run goes back to its place in the queue and opens a new attempt", () => {
  const scene = new Scene();
  scene.trigger("r1", "r2", "r3");
  scene.request(old, { slots: 2 });
  for (const runId of ["r1", "r2"]) {
    const { reply } = scene.command("return_run", { runId, attempt: 1, reason: "it never began" });
    assert.deepEqual(reply, { returned: true });
  }
  assert.deepEqual(scene.queue, ["r1", "r2", "r3"]);
  const { state, attempt, agentId, assignedAtMs, reason } = scene.run("r1");
  assert.deepEqual({ state, attempt, agentId, assignedAtMs, reason }, {
    state: "PENDING",
    attempt: 1,
    agentId: null,
    assignedAtMs: null,
    reason: "it never began",
  });
  assert.deepEqual(scene.request(bob, { onlyRunId: "r2" }).reply.begin, [{ runId: "r2", attempt: 2 }]);
  assert.deepEqual(scene.state.runsOf(old.agentId, null), []);
});

Deno.test("a run that waits, has begun, has ended, is unknown or is at another attempt is not returned", () => {
  const scene = new Scene();
  scene.given("running", old);
  scene.given("assigned", old, { started: false });
  scene.given("ended", old);
  scene.report(old, runReport("ended", "COMPLETED"));
  scene.trigger("waiting");
  const attempts = { running: 1, assigned: 0, ended: 1, waiting: 0, unknown: 1 };
  for (const [runId, attempt] of Object.entries(attempts)) {
    const decision = scene.command("return_run", { runId, attempt, reason: "late" });
    assert.deepEqual(decision, { reply: { returned: false }, events: [] }, runId);
  }
  scene.command("return_run", { runId: "assigned", attempt: 1, reason: "it never began" });
  const again = scene.command("return_run", { runId: "assigned", attempt: 1, reason: "it never began" });
  assert.deepEqual(again.reply, { returned: false });
});

Deno.test("a burst of 100,000 triggers is handed out in order and in linear time", () => {
  const scene = new Scene();
  const startedMs = performance.now();
  const runIds = Array.from({ length: 100_000 }, (_, i) => `r${String(i).padStart(6, "0")}`);
  scene.trigger(...runIds);
  const handedOut: string[] = [];
  while (scene.queue.length > 0) {
    const { begin } = scene.request(ann, { slots: 1000 }).reply;
    for (const { runId } of begin) {
      handedOut.push(runId);
      scene.report(ann, runReport(runId, "COMPLETED"));
    }
  }
  assert.deepEqual(handedOut, runIds);
  assert.equal(scene.state.runs.size, 0);
  assert.ok(performance.now() - startedMs < 15_000);
});
