import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { parseVerbRequest, type RequestOf } from "../../src/wire/mod.ts";
import { turn } from "../fake_clock.ts";
import { Scene } from "../principal/scene.ts";
import { Stage } from "./stage.ts";

Deno.test("an agent takes a run, runs it, and reports it with its tasks and lines", async () => {
  await using stage = await Stage.open();
  const runId = await stage.trigger("quick");
  assert.equal(await stage.final(runId), "COMPLETED");
  const { run, tasks } = await stage.scene.ask("SHOWRUN", { run: runId }).reply;
  assert.deepEqual([run.agentId, run.attempt], ["ann@host/AG", 1]);
  assert.deepEqual(tasks.map(({ taskId, state, exitCode }) => [taskId, state, exitCode]), [["only", "COMPLETED", 0]]);
  const { lines } = await stage.scene.ask("LOGS", { run: runId, order: "oldest", limit: 10 }).reply;
  assert.deepEqual(lines.map(({ payload }) => payload), ["STDOUT done"]);
});

Deno.test("as many runs at a time as there are slots, and the next as soon as one ends", async () => {
  await using stage = await Stage.open({ maxConcurrentRuns: 2 });
  const [first, second, third] = [
    await stage.trigger("held"),
    await stage.trigger("held2"),
    await stage.trigger("held3"),
  ];
  await stage.begun(first);
  await stage.begun(second);
  assert.equal(stage.agent.running, 2);
  assert.equal(await stage.state(third), "PENDING");
  await stage.release(0, "held2");
  await stage.begun(third);
  await stage.release(3);
  await stage.release(0, "held3");
  const states = await Promise.all([first, second, third].map((runId) => stage.final(runId)));
  assert.deepEqual(states, ["FAILED", "COMPLETED", "COMPLETED"]);
});

Deno.test("an agent without slots takes nothing", async () => {
  await using stage = await Stage.open({ maxConcurrentRuns: 0 });
  const runId = await stage.trigger("quick");
  await stage.clock.pass(20_000);
  assert.equal(await stage.state(runId), "PENDING");
});

Deno.test("an agent that drains finishes what runs, takes nothing more, reports and says good-bye", async () => {
  await using stage = await Stage.open();
  const running = await stage.trigger("held");
  await stage.begun(running);
  stage.agent.drain();
  await turn();
  const waiting = await stage.trigger("quick");
  await stage.release();
  assert.equal(await stage.end(), undefined);
  assert.equal(await stage.state(running), "COMPLETED");
  assert.equal(await stage.state(waiting), "PENDING");
  assert.deepEqual((await stage.scene.ask("STATUS", {}).reply).agents, []);
});

Deno.test("an agent that drains is known to be stopping, also when it only has lines left to deliver", async () => {
  await using stage = await Stage.open();
  const requests: RequestOf<"WORK">[] = [];
  const request = stage.link.request.bind(stage.link);
  stage.link.request = (body, options) => {
    const [verb, argument] = new TextDecoder().decode(body).split("\x01");
    if (verb === "WORK") requests.push(parseVerbRequest(verb, argument));
    return request(body, options);
  };
  await stage.begun(await stage.trigger("held"));
  stage.agent.drain();
  const agents = async () => (await stage.scene.ask("STATUS", {}).reply).agents;
  while (!(await agents())[0]?.stopping) await turn();
  assert.equal((await agents())[0]?.slots, 1, "the run it has");
  await stage.release();
  await stage.end();
  const { stopping, slotsTotal, waitMs } = requests.at(-1) ?? {};
  assert.deepEqual({ stopping, slotsTotal, waitMs }, { stopping: true, slotsTotal: 0, waitMs: 0 });
});

Deno.test("an idle agent drains at once, and what was just assigned to it waits again", async () => {
  await using stage = await Stage.open();
  await turn();
  stage.scene.journal.hold();
  const trigger = stage.trigger("quick");
  await turn();
  stage.agent.drain();
  stage.scene.journal.release();
  assert.equal(await stage.end(), undefined);
  assert.equal(await stage.state(await trigger), "PENDING");
});

Deno.test("an agent that has not met its principal yet drains at once", async () => {
  await using stage = await Stage.open({}, { isCut: true });
  await stage.clock.pass(5000);
  stage.agent.drain();
  assert.equal(await stage.end(), undefined);
});

Deno.test("an agent that never meets its principal gives up when its patience is at its end", async () => {
  await using stage = await Stage.open({ retryAttempts: 3 }, { isCut: true });
  await stage.clock.pass(20_000);
  const error = await stage.end();
  assert.ok(error instanceof CdktrError);
  assert.equal(error.code, "UNREACHABLE");
});

Deno.test("a cancellation ends the processes of the run, and the run as CANCELLED", async () => {
  await using stage = await Stage.open();
  const runId = await stage.trigger("long");
  await stage.begun(runId);
  await stage.scene.ask("CANCEL", { run: runId, task: null, reason: "not needed" }).reply;
  assert.equal(await stage.final(runId), "CANCELLED");
  assert.equal((await stage.scene.run(runId)).reason, "not needed");
});

Deno.test("an end that cannot wait cancels everything and is reported", async () => {
  await using stage = await Stage.open();
  const runIds = [await stage.trigger("long"), await stage.trigger("long")];
  for (const runId of runIds) await stage.begun(runId);
  stage.agent.drain();
  stage.agent.cancelAll("a second signal came");
  assert.equal(await stage.end(), undefined);
  for (const runId of runIds) assert.equal(await stage.state(runId), "CANCELLED");
});

Deno.test("while the principal is away a run goes on; its reports are kept and delivered on return", async () => {
  await using stage = await Stage.open();
  const runId = await stage.trigger("held");
  await stage.begun(runId);
  stage.link.cut();
  await turn();
  await stage.release();
  await stage.idle();
  await stage.clock.pass(10_000);
  assert.equal(await stage.state(runId), "RUNNING");
  stage.link.mend();
  await stage.clock.pass(5000);
  assert.equal(await stage.final(runId), "COMPLETED");
  assert.equal(await stage.final(await stage.trigger("quick")), "COMPLETED", "and it works on");
});

Deno.test("that the principal answers again is told as soon as it does, though it has no work", async () => {
  await using stage = await Stage.open();
  const isTold = (sentence: string) => stage.told.some((told) => told.endsWith(sentence));
  while (stage.link.tries < 2) await turn(); // HELLO, and a request for work that is held.
  stage.link.cut();
  while (!isTold("Trying again.")) await turn();
  stage.link.mend();
  await stage.clock.pass(200, 50);
  assert.ok(isTold("the principal answers again"));
  await stage.clock.pass(4000);
  const { tries } = stage.link;
  await stage.clock.pass(500, 50);
  assert.equal(stage.link.tries, tries, "from then on its requests are held again");
});

Deno.test("when the principal is lost for good, what runs is finished, and what could not be delivered is named", async () => {
  await using stage = await Stage.open({ retryAttempts: 3 });
  const runId = await stage.trigger("held");
  await stage.begun(runId);
  stage.link.cut();
  await stage.clock.pass(20_000);
  assert.equal(stage.agent.running, 1, "finished first");
  await stage.release(3);
  await stage.idle();
  await stage.clock.pass(20_000);
  const error = await stage.end();
  assert.ok(error instanceof CdktrError);
  assert.equal(error.code, "UNREACHABLE");
  assert.equal(
    error.message,
    "The principal at the other side was lost; 2 reports could not be delivered, " +
      `among them the end of the runs ${runId} (FAILED).`,
  );
});

Deno.test("an agent that the principal gave up ends what it still runs when it comes back", async () => {
  await using stage = await Stage.open();
  const runId = await stage.trigger("long");
  await stage.begun(runId);
  stage.link.cut();
  await stage.clock.pass(35_000);
  assert.equal(await stage.final(runId), "CRASHED");
  assert.equal(stage.agent.running, 1);
  stage.link.mend();
  await stage.clock.pass(5000);
  await stage.idle();
  assert.equal(await stage.state(runId), "CRASHED");
  assert.ok(stage.told.includes(`ending run ${runId}: this attempt no longer belongs to the agent`));
});

Deno.test("a principal that restarts meanwhile finds its runs where they were", async () => {
  await using stage = await Stage.open();
  const runId = await stage.trigger("held");
  await stage.begun(runId);
  stage.link.cut();
  await stage.scene.principal.close();
  const { clock, shelf, journal } = stage.scene;
  await using after = await Scene.open({ clock, shelf, journal });
  stage.link.mend(after.principal);
  await stage.clock.pass(5000);
  await stage.release();
  const { run } = await after.ask("WAITRUN", { run: runId, waitMs: 60_000 }).reply;
  assert.deepEqual([run.state, run.attempt], ["COMPLETED", 1]);
});

Deno.test("a journal that fails for a while costs no report", async () => {
  await using stage = await Stage.open();
  const runId = await stage.trigger("held");
  await stage.begun(runId);
  stage.scene.journal.fail();
  await stage.release();
  await stage.idle();
  await stage.clock.pass(10_000);
  assert.equal(await stage.state(runId), "RUNNING");
  stage.scene.journal.fail(null);
  await stage.clock.pass(5000);
  assert.equal(await stage.final(runId), "COMPLETED");
});

Deno.test("a reason longer than the principal takes is cut, and the run still ends", async () => {
  await using stage = await Stage.open();
  const runId = await stage.trigger("wordy");
  assert.equal(await stage.final(runId), "FAILED");
  const { tasks } = await stage.scene.ask("SHOWRUN", { run: runId }).reply;
  const reason = tasks.find(({ taskId }) => taskId === "next")?.reason;
  assert.ok(reason?.startsWith("command `xxx") && reason.endsWith("…"), String(reason).slice(0, 80));
});
