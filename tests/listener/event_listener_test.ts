import { deepEqual, equal, match, ok } from "node:assert/strict";
import { EventListener, type EventListenerOptions, PrincipalClient, type PrincipalLink } from "../../src/client/mod.ts";
import { ZmtpLink } from "../../src/client/zmtp_link.ts";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import { Rep } from "../../src/zmtp/mod.ts";
import { OriginalScene } from "../cli/original_scene.ts";
import { oneTask, PrincipalScene } from "../cli/principal_scene.ts";
import { FakeClock, turn } from "../fake_clock.ts";

/** Calls come from the test. */
class Caller extends EventListener {
  constructor(options: EventListenerOptions) {
    super(options);
  }

  startListening(): Promise<void> {
    return new Promise((resolve) => this.signal.addEventListener("abort", () => resolve(), { once: true }));
  }
}

const sources = { clock: systemClock, random: systemRandom };

async function runsOf({ client }: PrincipalScene) {
  return (await client.call("RUNS", { limit: 100 })).runs;
}

/** A port that nothing listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test("an event runs the workflow with its parameters, its key and its reason", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask });
  await using listener = new Caller({ port: scene.ports.port });
  const first = await listener.runWorkflow("etl", { file: "a.csv" }, "delivery-1", "a file arrived");
  const second = await listener.runWorkflow("etl", { file: "b.csv" }, "delivery-1");
  const [run, ...others] = await runsOf(scene);
  deepEqual(others, []);
  deepEqual([run?.trigger, run?.params, run?.reason], ["event", { file: "a.csv" }, "a file arrived"]);
  deepEqual(first, { success: true, error: null, runId: run?.runId, isDuplicate: false, skipped: null });
  deepEqual(second, { success: true, error: null, runId: run?.runId, isDuplicate: true, skipped: null });
});

Deno.test("two events without a key are two runs", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask });
  await using listener = new Caller({ client: scene.client });
  await Promise.all([listener.runWorkflow("etl"), listener.runWorkflow("etl")]);
  equal((await runsOf(scene)).length, 2);
});

Deno.test("a workflow that does not exist is told at once and never thrown", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask });
  await using listener = new Caller({ client: scene.client });
  const { success, error } = await listener.runWorkflow("elt");
  deepEqual([success, error?.code], [false, "NOT_FOUND"]);
});

Deno.test("what an overlap policy skips is a success without a run", async () => {
  await using scene = await PrincipalScene.start({ etl: `${oneTask}overlap: skip\n` });
  await using listener = new Caller({ client: scene.client });
  await listener.runWorkflow("etl");
  const result = await listener.runWorkflow("etl");
  ok(result.success);
  equal(result.runId, null);
  match(result.skipped ?? "", /its overlap policy is skip/);
});

Deno.test("an event waits for a principal that is not there yet", async () => {
  const port = freePort();
  await using listener = new Caller({ port });
  const result = listener.runWorkflow("etl");
  await using scene = await PrincipalScene.start({ etl: oneTask }, { port });
  equal((await result).success, true);
  equal((await runsOf(scene)).length, 1);
});

Deno.test("the patience with a principal that is away comes to an end", async () => {
  await using listener = new Caller({ port: freePort(), patienceMs: 300 });
  const result = await listener.runWorkflow("etl");
  ok(!result.success);
  deepEqual([result.error.code, result.mayTryAgain], ["UNREACHABLE", true]);
});

Deno.test("the last try begins when the patience ends, and no pause leads beyond it", async () => {
  const clock = new FakeClock();
  const triesMs: number[] = [];
  const away: PrincipalLink = {
    address: "nowhere",
    request: () => {
      triesMs.push(clock.monotonicMs());
      return Promise.reject(new CdktrError("UNREACHABLE", "Nobody answers."));
    },
    tryPushLog: () => false,
    pushLog: () => Promise.resolve(),
    subscribeLogs: () => () => {},
    close: () => Promise.resolve(),
  };
  await using client = PrincipalClient.overLink(away, { ...sources, version: "1", role: "test", timeoutMs: 5000 });
  const random = { ...systemRandom, fraction: () => 1 };
  await using listener = new Caller({ client, clock, random, patienceMs: 4000 });
  const result = listener.runWorkflow("etl");
  await turn();
  await clock.pass(4000, 100);
  ok(!(await result).success);
  deepEqual(triesMs, [0, 100, 300, 700, 1500, 3100, 4000]);
});

Deno.test("an answer that is lost leads to another try, and to no second run", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask });
  const link = new ZmtpLink({ address: { host: "127.0.0.1", ...scene.ports }, ...sources });
  let lost = 0;
  const lossy: PrincipalLink = {
    address: link.address,
    request: async (body, options) => {
      const reply = await link.request(body, options);
      if (!new TextDecoder().decode(body).startsWith("RUN\x01") || lost === 2) return reply;
      lost++;
      throw new CdktrError("TIMED_OUT", "The answer was lost.");
    },
    tryPushLog: (frame) => link.tryPushLog(frame),
    pushLog: (frame, signal) => link.pushLog(frame, signal),
    subscribeLogs: (topic, subscriber) => link.subscribeLogs(topic, subscriber),
    close: () => link.close(),
  };
  await using client = PrincipalClient.overLink(lossy, { ...sources, version: "1", role: "test", timeoutMs: 5000 });
  await using listener = new Caller({ client });
  const result = await listener.runWorkflow("etl");
  const runs = await runsOf(scene);
  ok(result.success && result.isDuplicate);
  deepEqual([lost, runs.map(({ runId }) => runId)], [2, [result.runId]]);
});

Deno.test("a listener that stops waits for its triggers and takes no more", async () => {
  await using scene = await PrincipalScene.start({ etl: oneTask });
  const listener = new Caller({ port: scene.ports.port });
  const listening = listener.startListening();
  let result: unknown = null;
  const under = listener.runWorkflow("etl").then((ended) => result = ended.success);
  await listener.stop();
  equal(result, true);
  await Promise.all([under, listening]);
  const late = await listener.runWorkflow("etl");
  deepEqual([late.success, late.error?.code], [false, "SHUTTING_DOWN"]);
});

Deno.test("an aborted signal ends the tries", async () => {
  const stopping = new AbortController();
  await using listener = new Caller({ port: freePort(), signal: stopping.signal });
  const result = listener.runWorkflow("etl");
  stopping.abort();
  deepEqual((await result).error?.code, "UNREACHABLE");
});

Deno.test("an original principal runs workflows without parameters", async () => {
  await using scene = await OriginalScene.start({ RUNTASK: "OK" });
  await using listener = new Caller({ port: scene.ports.port });
  const result = await listener.runWorkflow("etl", {}, "delivery-1");
  deepEqual(result, { success: true, error: null, runId: null, isDuplicate: false, skipped: null });
  deepEqual(scene.asked, ["RUNTASK\x01etl"]);
  deepEqual((await listener.runWorkflow("etl", { file: "a" })).error?.code, "UNSUPPORTED");
  scene.replies["RUNTASK"] = "CLIENTERROR\x01No workflow exists with id etl";
  deepEqual((await listener.runWorkflow("etl")).error?.code, "NOT_FOUND");
});

Deno.test("a listener notices that an original principal has made way for one of ours", async () => {
  const port = freePort();
  await using listener = new Caller({ port });
  {
    await using _original = await OriginalScene.start({ RUNTASK: "OK" }, port);
    equal((await listener.runWorkflow("etl")).success, true);
  }
  await using scene = await PrincipalScene.start({ etl: oneTask }, { port });
  ok((await listener.runWorkflow("etl", { file: "a.csv" })).success);
  deepEqual((await runsOf(scene)).map(({ params }) => params), [{ file: "a.csv" }]);
});

Deno.test("an original principal that does not answer is not asked twice", async () => {
  const rep = new Rep(sources);
  const { port } = await rep.bind("127.0.0.1", 0);
  const asked: string[] = [];
  const stopping = new AbortController();
  const serving = (async () => {
    for (;;) {
      const [request = new Uint8Array(0)] = await rep.receive({ signal: stopping.signal });
      const verb = new TextDecoder().decode(request).split("\x01")[0] ?? "";
      asked.push(verb);
      if (verb === "RUNTASK") continue;
      await rep.send([new TextEncoder().encode(`CLIENTERROR\x01ParseError: Unrecognised message type: ${verb}`)]);
    }
  })().catch(() => {});
  const address = { host: "127.0.0.1", port, logsInPort: 0, logsOutPort: 0 };
  const client = PrincipalClient.overTcp(address, { ...sources, version: "1", role: "test", timeoutMs: 500 });
  const listener = new Caller({ client });
  const result = await listener.runWorkflow("etl");
  ok(!result.success);
  deepEqual([result.error.code, result.mayTryAgain], ["TIMED_OUT", false]);
  match(result.error.message, /may or may not have been triggered/);
  deepEqual(asked, ["HELLO", "RUNTASK"]);
  stopping.abort();
  await serving;
  await Promise.all([listener.stop(), client.close(), rep.close()]);
});
