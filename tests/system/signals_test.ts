/** How processes end, by request and by force, and what is left of their work. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { PrincipalClient } from "../../src/client/mod.ts";
import { isFinal, type Run } from "../../src/core/mod.ts";
import { maxWaitMs } from "../../src/wire/mod.ts";
import { isGone, kill } from "../agent/processes.ts";
import { HeldTask } from "./held_task.ts";
import { Place, within } from "./processes.ts";
import { shellWorkflow } from "./workflows.ts";

const quick = shellWorkflow({ only: { run: "echo done" } });

/** A place with a quick workflow, and one whose only task is held. */
async function makePlace(env: Readonly<Record<string, string>> = {}): Promise<{ place: Place; held: HeldTask }> {
  const place = await Place.make(env);
  const held = await HeldTask.make(place.path);
  await place.write("quick", quick);
  await place.write("held", shellWorkflow({ only: { run: held.run } }));
  return { place, held };
}

async function trigger(client: PrincipalClient, workflowId: string): Promise<string> {
  const request = {
    workflowId,
    trigger: "manual",
    params: {},
    idempotencyKey: null,
    dueMs: null,
    reason: "a test",
  } as const;
  return (await client.call("RUN", request)).runId;
}

async function waitForEnd(client: PrincipalClient, runId: string): Promise<Run> {
  for (;;) {
    const { run } = await client.call("WAITRUN", { run: runId, waitMs: maxWaitMs });
    if (isFinal(run.state)) return run;
  }
}

async function stateOf(client: PrincipalClient, runId: string): Promise<string> {
  return (await client.call("SHOWRUN", { run: runId })).run.state;
}

/** Asks until the principal has heard that its agent has so many places for runs, free ones and busy ones. */
async function untilPlaces(client: PrincipalClient, places: number): Promise<void> {
  const known = async () => (await client.call("STATUS", {})).agents.some(({ slots }) => slots === places);
  while (!await known());
}

Deno.test("a principal told to terminate exits 0, and its next start has the queue", async () => {
  const { place } = await makePlace();
  await using _place = place;
  let runIds: string[];
  {
    await using principal = await place.startPrincipal();
    await using client = place.client();
    runIds = await Promise.all(Array.from({ length: 5 }, () => trigger(client, "quick")));
    const { code, stderr } = await principal.end("SIGTERM");
    equal(code, 0, stderr);
  }
  await using principal = await place.startPrincipal();
  await principal.said(/recovered 5 waiting and 0 other runs/);
  await using client = place.client();
  equal((await client.call("STATUS", {})).queueLength, 5);
  await using agent = await place.startAgent(["--max-concurrent", "1"]);
  const runs = await Promise.all(runIds.map((runId) => waitForEnd(client, runId)));
  deepEqual(runs.map(({ state }) => state), runIds.map(() => "COMPLETED"));
  const starts = runs.map(({ startedAtMs }) => startedAtMs ?? 0);
  deepEqual(starts, starts.toSorted((a, b) => a - b), "first in, first out");
  equal((await agent.end()).code, 0);
  equal((await principal.end()).code, 0);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`an agent that gets ${signal} finishes its run, takes no other, and exits 0`, async () => {
    const { place, held } = await makePlace();
    await using _place = place;
    await using _principal = await place.startPrincipal();
    await using client = place.client();
    await using agent = await place.startAgent();
    const running = await trigger(client, "held");
    await held.begun();
    agent.kill(signal);
    await agent.said(/stopping: 1 run to be finished first/);
    await untilPlaces(client, 1);
    const waiting = await trigger(client, "quick");
    await held.release();
    const { code, stderr } = await agent.ended;
    equal(code, 0, stderr);
    equal(await stateOf(client, running), "COMPLETED");
    equal(await stateOf(client, waiting), "PENDING");
  });
}

Deno.test("a principal with an agent in its process finishes what runs there before it exits 0", async () => {
  const { place, held } = await makePlace();
  await using _place = place;
  let runId: string;
  {
    await using principal = await place.startPrincipal(["--with-agent"]);
    await using client = place.client();
    runId = await trigger(client, "held");
    await held.begun();
    principal.kill("SIGTERM");
    await principal.said(/stopping: 1 run to be finished first/);
    const ended = waitForEnd(client, runId); // Asked before: the principal ends as soon as the run has.
    await held.release();
    equal((await ended).state, "COMPLETED");
    const { code, stderr } = await principal.ended;
    equal(code, 0, stderr);
  }
});

Deno.test("an agent that is told twice to stop cancels its run, leaves no process behind, and exits 0", async () => {
  const { place, held } = await makePlace();
  await using _place = place;
  await using _principal = await place.startPrincipal();
  await using client = place.client();
  await using agent = await place.startAgent();
  const running = await trigger(client, "held");
  const { pid, childPid } = await held.begun();
  agent.kill("SIGTERM");
  await agent.said(/a second signal cancels what runs/);
  agent.kill("SIGTERM");
  const { code, stderr } = await agent.ended;
  equal(code, 0, stderr);
  equal(await stateOf(client, running), "CANCELLED");
  ok(await isGone(pid));
  ok(await isGone(childPid));
});

Deno.test("Ctrl-C on `cdktr run` cancels the run, exits 130 and leaves no process behind", async () => {
  const { place, held } = await makePlace();
  await using _place = place;
  await using call = place.start(["run", "workflows/held.yml"]);
  const { pid, childPid } = await held.begun();
  const { code, stderr } = await call.end("SIGINT");
  equal(code, 130, stderr);
  match(stderr, /CANCELLED in /);
  ok(await isGone(pid));
  ok(await isGone(childPid));
});

Deno.test("the run of an agent that was killed is CRASHED after the heartbeat timeout, and the next agent works", async () => {
  const { place, held } = await makePlace({ CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: "1000" });
  await using _place = place;
  await using principal = await place.startPrincipal();
  await using client = place.client();
  await using agent = await place.startAgent();
  const runId = await trigger(client, "held");
  const { pid, childPid } = await held.begun();
  await agent.end("SIGKILL");
  const { state, reason } = await waitForEnd(client, runId);
  equal(state, "CRASHED");
  match(reason ?? "", /was silent for \d/);
  await principal.said(/1 run marked CRASHED/);
  // Nobody is left to end them.
  for (const left of [pid, childPid]) kill(left);

  await using _next = await place.startAgent();
  equal((await waitForEnd(client, await trigger(client, "quick"))).state, "COMPLETED");
});

Deno.test({
  name: "the run of an agent that was killed and started again is CRASHED at once, not after the heartbeat timeout",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { place, held } = await makePlace({ CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: "3600000" });
    await using _place = place;
    await using principal = await place.startPrincipal();
    await using client = place.client();
    await using agent = await place.startAgent();
    const runId = await trigger(client, "held");
    const { pid, childPid } = await held.begun();
    await agent.end("SIGKILL");
    await using next = await place.startAgent();
    const { state, reason } = await waitForEnd(client, runId);
    equal(state, "CRASHED");
    match(reason ?? "", /^agent .* was killed and started again$/);
    ok(await isGone(pid));
    ok(await isGone(childPid));
    await principal.said(/was killed and started again: 1 run marked CRASHED/);
    equal((await client.call("STATUS", {})).agents.length, 1, "the killed one is not listed any more");
    equal((await next.end()).code, 0);
  },
});

Deno.test("an agent with a run that says nothing outlives a short heartbeat timeout", async () => {
  const { place, held } = await makePlace({ CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: "2000" });
  await using _place = place;
  await using principal = await place.startPrincipal();
  await using client = place.client();
  await using _agent = await place.startAgent();
  const runId = await trigger(client, "held");
  await held.begun();
  // The principal itself holds this for more than twice the timeout.
  equal((await client.call("WAITRUN", { run: runId, waitMs: 5000 })).run.state, "RUNNING");
  await held.release();
  equal((await waitForEnd(client, runId)).state, "COMPLETED");
  equal((await principal.end()).code, 0);
});

Deno.test("a principal that was killed loses nothing it accepted, and the agent delivers what it did meanwhile", async () => {
  const { place, held } = await makePlace();
  await using _place = place;
  const accepted: string[] = [];
  await using agent = await startedBefore();
  const principalAgain = await place.startPrincipal();
  await using _principal = principalAgain;
  await using client = place.client();
  const runs = await Promise.all(accepted.map((runId) => waitForEnd(client, runId)));
  deepEqual(runs.map(({ state }) => state), accepted.map(() => "COMPLETED"));
  deepEqual(new Set(runs.map(({ attempt }) => attempt)), new Set([1]), "nothing ran twice");
  equal((await agent.end()).code, 0);
  equal((await principalAgain.end()).code, 0);

  /** A principal that is killed amid triggers while its agent runs the first of them, which then ends unheard. */
  async function startedBefore() {
    await using principal = await place.startPrincipal();
    await using client = place.client();
    const agent = await place.startAgent(["--max-concurrent", "1"]);
    accepted.push(await trigger(client, "held"));
    await held.begun();
    const someAccepted = Promise.withResolvers<void>();
    const triggers = Array.from({ length: 300 }, () =>
      trigger(client, "quick").then((runId) => {
        if (accepted.push(runId) === 100) someAccepted.resolve();
      }));
    const settled = Promise.allSettled(triggers); // Some fail while the end of the process is awaited.
    await someAccepted.promise;
    await principal.end("SIGKILL");
    await settled;
    await held.release();
    await agent.said(/of held ended COMPLETED/);
    return agent;
  }
});

Deno.test("agents that are stopped and replaced under load finish what they began and leave the rest in the queue", async () => {
  const { place } = await makePlace();
  await using _place = place;
  await using principal = await place.startPrincipal();
  await using client = place.client();
  const runIds = await Promise.all(Array.from({ length: 300 }, () => trigger(client, "quick")));
  for (let round = 0; round < 5; round++) {
    await using agent = await place.startAgent();
    await agent.said(/ begins$/);
    const { code, stderr } = await agent.end("SIGTERM");
    equal(code, 0, stderr);
  }
  await using _last = await place.startAgent(["--max-concurrent", "20"]);
  const runs = await Promise.all(runIds.map((runId) => waitForEnd(client, runId)));
  deepEqual(runs.filter(({ state }) => state !== "COMPLETED"), []);
  equal((await principal.end()).code, 0);
});

Deno.test("an agent told to terminate while it still looks for its principal exits 0", async () => {
  await using place = await Place.make();
  using busy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using agent = place.start(["start", "agent"], {
    CDKTR_PRINCIPAL_PORT: String(busy.addr.port),
    CDKTR_DEFAULT_ZMQ_TIMEOUT_MS: "200",
  });
  await agent.said(/Trying again/);
  const { code, stderr } = await agent.end("SIGTERM");
  equal(code, 0, stderr);
});

Deno.test("a named pipe among the workflows keeps the principal neither from seeing files nor from ending", async () => {
  await using place = await Place.make({ CDKTR_WORKFLOW_DIR_REFRESH_FREQUENCY_S: "1" });
  await using principal = await place.startPrincipal();
  const client = place.client();
  const isSeen = (id: string) => client.call("SHOWWORKFLOW", { workflowId: id }).then(() => true, () => false);
  const writeAndSee = async (id: string) => {
    await place.write(id, quick);
    while (!await isSeen(id)) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const pipe = `${place.path}/workflows/pipe.yml`;
  equal((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
  await principal.said(/pipe\.yml:1:1: error: It is a named pipe: until the next start, changes .* every 1 s\./);
  await within(writeAndSee("first"), "a file beside the pipe to be seen", () => "");
  // What was stuck in the pipe stays so, and must hold up nobody.
  await Deno.remove(pipe);
  await within(writeAndSee("second"), "a file to be seen once the pipe was removed", () => "");
  equal((await new Deno.Command("mkfifo", { args: [`${pipe}.last`] }).output()).code, 0);
  await client.close();
  equal((await principal.end()).code, 0);
});
