import assert from "node:assert/strict";
import { healthOf } from "../../src/tui/agent_health.ts";
import { assertFrame } from "./golden.ts";
import { agentOf, noonMs, runOf, type Script, Scripted } from "./scripted.ts";
import { keys, Stage } from "./stage.ts";

const orders = runOf(1, "etl.orders", "RUNNING", 65_000);
const more = runOf(2, "etl.orders", "ASSIGNED", 2000);
const customers = runOf(3, "etl.customers", "RUNNING", 12_000, { paused: true });

const script: Script = {
  route: { screen: "agents" },
  status: {
    agents: [
      agentOf("ada@lab/A1", 2000, { running: [orders.runId, more.runId], labels: ["gpu", "big-memory"] }),
      agentOf("bob@lab/B2", 17_000, { running: [customers.runId], slots: 1 }),
      agentOf("carl@attic/C3", 95_000),
      agentOf("10.0.0.7-4711", 9000, { session: null, slots: null, version: null, running: [] }),
    ],
  },
  runs: [orders, more, customers],
};

const sizes = { "80x24": { width: 80, height: 24 }, "100x30": { width: 100, height: 30 } };

for (const [name, size] of Object.entries(sizes)) {
  Deno.test(`the agents at ${name}`, async () => {
    await using scripted = await Scripted.open({ ...script, size });
    scripted.press("j");
    await assertFrame(`agents_${name}`, scripted.frame);
  });
}

Deno.test("the agents in ASCII", async () => {
  await using scripted = await Scripted.open({ ...script, isAscii: true });
  const { frame } = scripted;
  assert.match(frame.replaceAll("…", ""), /^[\x20-\x7e\n]*$/);
  await assertFrame("agents_ascii", frame);
});

Deno.test("the agents on a wide screen", async () => {
  await using scripted = await Scripted.open({ ...script, size: { width: 300, height: 100 } });
  assert.match(scripted.frame, /ada@lab\/A1 +✓ ok +.* 2\/4 +2\.0s +0\.1\.0 +gpu, big-memory +etl\.orders x2/);
});

Deno.test("without agents the screen tells how to start one", async () => {
  await using scripted = await Scripted.open({ route: { screen: "agents" } });
  assert.match(scripted.frame, /cdktr start agent/);
});

Deno.test("Enter leads to an agent's runs, and from there to one of them; Esc leads back", async () => {
  await using scripted = await Scripted.open(script);
  scripted.press("j", "enter");
  assert.match(scripted.frame, /enter open {2}l logs/);
  scripted.press("esc");
  assert.match(scripted.frame, /enter its runs/);
  scripted.press("enter", "j", "enter");
  assert.match(scripted.frame.split("\n")[1] ?? "", /Run/);
});

Deno.test("the only run of an agent is opened at once", async () => {
  await using scripted = await Scripted.open(script);
  scripted.press("j", "j");
  assert.match(scripted.frame, /enter open its run/);
  scripted.press("enter");
  assert.match(scripted.frame.split("\n")[1] ?? "", /Run/);
});

Deno.test("an agent is silent from 15 s, lost past the principal's time, and never heard of in the future", () => {
  const at = (silentMs: number, timeoutMs = 30_000) => healthOf(agentOf("a", silentMs), noonMs, timeoutMs).state;
  assert.deepEqual([at(0), at(14_999), at(15_000), at(30_000), at(30_001)], ["ok", "ok", "silent", "silent", "lost"]);
  assert.equal(at(10_001, 10_000), "lost");
  assert.deepEqual(healthOf(agentOf("a", -5000), noonMs, 30_000), { state: "ok", silentMs: 0 });
});

Deno.test("while the principal is away nothing is said of an agent's health, and what it had stays", async () => {
  await using scripted = await Scripted.open(script);
  await scripted.lose();
  scripted.clock.setWallBy(60_000);
  const told = () => {
    const { frame } = scripted;
    assert.match(frame, / as of 12:00:00: 4 agents, 3 of 5 slots in use, 2 slots free/);
    assert.match(frame, /ada@lab\/A1 +not known .* 2\/4 +- .*etl\.orders x2/);
    assert.doesNotMatch(frame, /✓ ok|silent \d|✗ LOST/);
  };
  told();
  scripted.press("1");
  await scripted.clock.pass(300, 50);
  scripted.press("5");
  await scripted.clock.pass(300, 50);
  told();
  scripted.press("j");
  assert.match(scripted.frame, /etl\.orders +● RUNNING/);
  assert.match(scripted.frame, /not known {2}while the principal is away; last heard of at 11:59:58/);
});

Deno.test("an agent that is only known from the journal is not ok, and its slots are not added", async () => {
  const agents = [
    agentOf("root@vm/AG", 1000, { session: "11112222-aaaa", slots: 5, running: [orders.runId] }),
    agentOf("root@vm/AG", 500, { session: "11112222-bbbb", slots: null, version: null, running: [more.runId] }),
  ];
  await using scripted = await Scripted.open({ ...script, status: { agents } });
  assert.match(scripted.frame, / 1 ok {2}1 not heard yet {2}1 of 5 slots in use, 4 slots free/);
  assert.match(scripted.frame, /root@vm\/AG #aaaa +✓ ok/);
  assert.match(scripted.frame, /root@vm\/AG #bbbb +\? not heard yet +1 run /);
  scripted.press("j");
  assert.match(scripted.frame, /not heard since the principal's restart; after 30s its runs count as crashed/);
  scripted.press("0");
  await scripted.clock.pass(300, 50);
  assert.match(scripted.frame, /slots +\S+ +1\/5/);
  assert.match(scripted.frame, /\? not heard yet/);
});

Deno.test("agents are in the order of their names, numbers as numbers", async () => {
  const agents = ["b10", "b2", "a"].map((agentId) => agentOf(agentId, 500));
  await using scripted = await Scripted.open({ ...script, status: { agents } });
  assert.match(scripted.frame, /❯ a [^]* b2 [^]* b10 /);
  assert.match(scripted.frame, / ok +\S+ 0\/4 +now /, "less than a second is no age");
});

Deno.test("of an original principal the screen says what it cannot tell", async () => {
  await using scripted = await Scripted.open({ route: { screen: "agents" } });
  scripted.becomeOriginal();
  assert.match(scripted.frame, /An original principal does not tell this/);
});

Deno.test("an agent of a real principal is there with the run it took", async () => {
  const beat = "name: Beat\ntasks:\n  beat: {name: Beat, config: {type: subprocess, cmd: echo}}\n";
  await using stage = await Stage.open({ beat }, { route: { screen: "agents" } });
  await stage.until("cdktr start agent");
  await stage.scene.trigger("beat");
  const attempt = await stage.scene.fetch();
  await stage.scene.reportRun(attempt, "RUNNING");
  await stage.until(/❯ ada@lab\/AG +✓ ok .* 1\/1 .* beat/);
  await stage.until(/│ .*beat +● RUNNING/);
  stage.type(keys.enter);
  await stage.until("▶ beat");
});
