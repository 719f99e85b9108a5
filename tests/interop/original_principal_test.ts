/** Our agent and our client against a principal of the original, with all the faults that has. */
import assert from "node:assert/strict";
import { PrincipalClient } from "../../src/client/mod.ts";
import { type Clock, systemClock, systemRandom } from "../../src/clock/mod.ts";
import { fields } from "./original_peer.ts";
import { OriginalPrincipal } from "./original_principal.ts";
import { agentId, document, haveEnded, statuses, Work } from "./original_work.ts";
import { findPython, peerTest } from "./peers.ts";

const python = await findPython(["zmq"]);

const plain = document("plain", { only: { run: "echo hi" } });

peerTest(python, "our agent runs a workflow for an original principal as an original agent would", async (runtime) => {
  const chain = document("x.y", {
    a: { run: "echo hi; echo oh >&2" },
    b: { run: "exit 3", depends: ["a"] },
    c: { run: "true", depends: ["b"] },
  });
  await using work = await Work.begin(runtime, { documents: [chain] });
  const { principal } = work;
  await principal.until(haveEnded(1));
  await work.finish();
  work.assertGoodManners();

  const [hello, register, fetch] = principal.requests();
  assert.equal(hello?.[0], "HELLO");
  assert.deepEqual(register, ["REGISTERAGENT", agentId]);
  assert.deepEqual(fetch, ["FETCHWORKFLOW", agentId]);

  const told = principal.requests("HELLO", "REGISTERAGENT", "FETCHWORKFLOW");
  const instance = told[0]?.[3] ?? "";
  const [a, b] = [told[1]?.[3] ?? "", told[4]?.[3] ?? ""];
  assert.deepEqual(told, [
    ["AGENTWORKFLOWSTATUS", agentId, "x.y", instance, "RUNNING"],
    ["AGENTTASKSTATUS", agentId, "a", a, instance, "PENDING"],
    ["AGENTTASKSTATUS", agentId, "a", a, instance, "RUNNING"],
    ["AGENTTASKSTATUS", agentId, "a", a, instance, "COMPLETED"],
    ["AGENTTASKSTATUS", agentId, "b", b, instance, "PENDING"],
    ["AGENTTASKSTATUS", agentId, "b", b, instance, "RUNNING"],
    ["AGENTTASKSTATUS", agentId, "b", b, instance, "FAILED"],
    // c was skipped, for which the original has no word.
    ["AGENTWORKFLOWSTATUS", agentId, "x.y", instance, "FAILED"],
  ]);
  assert(instance !== "" && a !== "" && b !== "" && new Set([instance, a, b]).size === 3);

  const lines = principal.all("log").map(({ frames }) => frames);
  const times = lines.map((frames) => String(frames).split("\x01")[5] ?? "");
  assert(times.every((timeMs) => Math.abs(Number(timeMs) - Date.now()) < 60_000), String(times));
  const line = (task: string, id: string, timeMs: string, level: string, payload: string) => [
    fields("x.y", "X.Y", instance, task, id, timeMs, level, payload),
  ];
  const wanted = [
    line("Task a", a, times[0] ?? "", "INFO", "STDOUT hi"),
    line("Task a", a, times[1] ?? "", "ERROR", "STDERR oh"),
    line("Task b", b, times[2] ?? "", "ERROR", "STDERR cdktr: exited with code 3"),
  ];
  assert.deepEqual(lines.slice().sort(), wanted.slice().sort());
});

peerTest(
  python,
  "our agent says READY as REQ and PUSH, with nothing but its type and without an identity",
  async (runtime) => {
    await using work = await Work.begin(runtime, { documents: [plain] });
    await work.principal.until((principal) => haveEnded(1)(principal) && principal.all("log").length === 1);
    await work.finish();
    work.assertGoodManners();
    for (const { port, ready } of work.principal.all("connected")) {
      assert.deepEqual(ready, { "Socket-Type": port === "requests" ? "REQ" : "PUSH" });
    }
  },
);

peerTest(
  python,
  "all lines of all tasks go over one PUSH connection, eight fields each and nothing odd in them",
  async (runtime) => {
    const odd = String.raw`printf 'one\ntwo\r\n\001sep\001\n\377bad\n\ntail'`;
    const documents = [1, 2, 3].map((number) => document(`w${number}`, { a: { run: odd }, b: { run: "seq 100" } }));
    await using work = await Work.begin(runtime, { documents });
    await work.principal.until((principal) => haveEnded(3)(principal) && principal.all("log").length >= 3 * 106);
    await work.finish();
    work.assertGoodManners();
    const logs = work.principal.all("log");
    assert.equal(new Set(logs.map(({ connection }) => connection)).size, 1);
    for (const { frames } of logs) {
      assert(Array.isArray(frames) && frames.length === 1);
      const bytes = Uint8Array.from(String(frames[0]), (character) => character.charCodeAt(0));
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      const parts = text.split("\x01");
      assert.equal(parts.length, 8, text);
      assert.match(parts[5] ?? "", /^[0-9]{13}$/);
      assert.match(parts[7] ?? "", /^STDOUT [^\r\n]*$/);
    }
  },
);

peerTest(python, "our agent runs a fan-in as it is drawn", async (runtime) => {
  const join = document("join", {
    quick: { run: "true" },
    slow: { run: "sleep 0.2" },
    join: { run: "true", depends: ["quick", "slow"] },
    failing: { run: "exit 1", depends: ["quick"] },
    never: { run: "true", depends: ["failing", "slow"] },
  });
  await using work = await Work.begin(runtime, { documents: [join] });
  await work.principal.until(haveEnded(1));
  const told = statuses(work.principal);
  assert(told.indexOf("join PENDING") > told.indexOf("slow COMPLETED"));
  const ofJoin = told.filter((status) => status.startsWith("join "));
  assert.deepEqual(ofJoin, ["join RUNNING", "join PENDING", "join RUNNING", "join COMPLETED", "join FAILED"]);
  assert.deepEqual(told.filter((status) => status.startsWith("never")), []);
  assert.equal(told.at(-1), "join FAILED");
});

peerTest(python, "a document that cannot be run is passed over, and the next one is run", async (runtime) => {
  const loop = document("loop", { a: { run: "true", depends: ["b"] }, b: { run: "true", depends: ["a"] } });
  const ghost = JSON.stringify({ ...JSON.parse(plain), dag: { ...JSON.parse(plain).dag, first_tasks: 1, inner: {} } });
  const documents = ["{", "[]", loop, ghost, document("empty", {}), plain];
  await using work = await Work.begin(runtime, { documents });
  await work.principal.until(haveEnded(1));
  await work.finish();
  work.assertGoodManners();
  assert.equal(statuses(work.principal).at(-1), "plain COMPLETED");
  assert.equal(work.told.filter((sentence) => sentence.includes("cannot be run")).length, 5);
});

peerTest(
  python,
  "lost replies are survived: nothing is said twice, and what was fetched in vain is the only loss",
  async (runtime) => {
    const faults = {
      HELLO: 1,
      REGISTERAGENT: 1,
      FETCHWORKFLOW: 1,
      AGENTWORKFLOWSTATUS: 1,
      AGENTTASKSTATUS: 2,
    };
    const documents = [document("lost", { only: { run: "true" } }), plain];
    await using work = await Work.begin(runtime, { documents, lost: faults }, { timeoutMs: 300 });
    await work.principal.until(haveEnded(1));
    await work.finish();
    work.assertGoodManners();
    const told = ["plain RUNNING", "only PENDING", "only RUNNING", "only COMPLETED", "plain COMPLETED"];
    assert.deepEqual(statuses(work.principal), told);
  },
);

peerTest(
  python,
  "a principal that goes deaf on the connections it has does not hear of it from us",
  async (runtime) => {
    const documents = Array.from({ length: 5 }, () => plain);
    await using work = await Work.begin(runtime, { documents, refreshMs: 20 });
    await work.principal.until(haveEnded(5));
    await work.finish();
    work.assertGoodManners();
    assert.equal(statuses(work.principal).length, 5 * 5);
    const answered = new Set(work.principal.all("answered").map(({ connection }) => connection));
    assert.equal(answered.size, work.principal.all("request").length, "not one reply was lost");
  },
);

peerTest(python, "connections that are reset or closed without a reply are made again", async (runtime) => {
  const each = { HELLO: 1, REGISTERAGENT: 1, AGENTWORKFLOWSTATUS: 1, AGENTTASKSTATUS: 1 };
  await using work = await Work.begin(runtime, {
    documents: [plain],
    reset: each,
    hungUp: { ...each, FETCHWORKFLOW: 0 },
  });
  await work.principal.until(haveEnded(1));
  await work.finish();
  assert.deepEqual(work.principal.all("fatal"), []);
  // Whether it was taken nobody knows, so it is said again; a principal of the original stores what it is told.
  const distinct = statuses(work.principal).filter((status, index, all) => status !== all[index - 1]);
  assert.deepEqual(distinct, ["plain RUNNING", "only PENDING", "only RUNNING", "only COMPLETED", "plain COMPLETED"]);
});

peerTest(
  python,
  "a reply that comes after its time is read and dropped, never answered with an RST",
  async (runtime) => {
    const delaysMs = { HELLO: [500], REGISTERAGENT: [500], FETCHWORKFLOW: [500], AGENTWORKFLOWSTATUS: [500] };
    const documents = [document("lost", { only: { run: "true" } }), plain];
    await using work = await Work.begin(runtime, { documents, delaysMs }, { timeoutMs: 200 });
    await work.principal.until(haveEnded(1));
    await work.finish();
    assert.deepEqual(work.principal.all("fatal"), []);
    assert.deepEqual(work.principal.all("closed").filter(({ how }) => how !== "fin"), []);
  },
);

peerTest(python, "a workflow that is fetched while the agent is asked to stop is run all the same", async (runtime) => {
  await using work = await Work.begin(runtime, { documents: [plain], delaysMs: { FETCHWORKFLOW: [300] } });
  await work.principal.until((principal) => principal.requests().some(([verb]) => verb === "FETCHWORKFLOW"));
  await work.finish();
  work.assertGoodManners();
  assert.equal(statuses(work.principal).at(-1), "plain COMPLETED");
});

peerTest(
  python,
  "an agent that has to end at once calls what it cancelled FAILED, as the original has no other word",
  async (runtime) => {
    const long = document("long", { a: { run: "echo begun; sleep 60" }, b: { run: "true", depends: ["a"] } });
    await using work = await Work.begin(runtime, { documents: [long] });
    await work.principal.until((principal) => principal.all("log").length === 1);
    work.agent.cancelAll("it has to end");
    await work.principal.until(haveEnded(1));
    await work.finish();
    work.assertGoodManners();
    assert.deepEqual(statuses(work.principal), ["long RUNNING", "a PENDING", "a RUNNING", "a FAILED", "long FAILED"]);
  },
);

peerTest(
  python,
  "an agent takes no more runs than it has slots, and fetches again as soon as one is free",
  async (runtime) => {
    const documents = [1, 2, 3, 4].map((number) => document(`w${number}`, { a: { run: "sleep 0.1" } }));
    await using work = await Work.begin(runtime, { documents });
    await work.principal.until(haveEnded(4));
    let running = 0;
    for (const [verb, , , , status] of work.principal.requests()) {
      if (verb !== "AGENTWORKFLOWSTATUS") continue;
      running += status === "RUNNING" ? 1 : -1;
      assert(running <= 2, "two slots");
    }
  },
);

peerTest(python, "refused statuses are told to the operator, and the run goes on", async (runtime) => {
  const refusal = fields("SERVERERROR", "Failed to update task statuses: full");
  const errors = { AGENTTASKSTATUS: [refusal], REGISTERAGENT: [fields("CLIENTERROR", "no")] };
  await using work = await Work.begin(runtime, { documents: [plain], errors });
  await work.principal.until(haveEnded(1));
  assert.equal(statuses(work.principal).at(-1), "plain COMPLETED");
  assert.equal(work.told.filter((sentence) => sentence.includes("Failed to update task statuses: full")).length, 1);
});

/** Time that passes ten times as fast. */
const hurriedFactor = 10;
const hurriedClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * hurriedFactor,
  setTimer: (delayMs, fire) => systemClock.setTimer(delayMs / hurriedFactor, fire),
};

peerTest(python, "an agent registers every 5 s, busy or not, and polls twice a second when idle", async (runtime) => {
  const busy = document("busy", { a: { run: "sleep 1" } });
  await using work = await Work.begin(runtime, { documents: [busy, busy] }, { clock: hurriedClock });
  const beats = (principal: OriginalPrincipal) =>
    principal.all("request").filter(({ text }) => String(text).startsWith("REGISTERAGENT"));
  await work.principal.until((principal) => haveEnded(2)(principal) && beats(principal).length >= 5);
  const gapsMs = beats(work.principal).map(({ atMs }, index, all) =>
    (atMs - (all[index - 1]?.atMs ?? atMs)) * hurriedFactor
  ).slice(1);
  assert(gapsMs.every((gapMs) => gapMs > 4500 && gapMs < 30_000), String(gapsMs));
  const whileBusy = work.principal.seen.slice(
    work.principal.seen.findIndex(({ text }) => String(text).endsWith("RUNNING")),
    work.principal.seen.findLastIndex(({ text }) => String(text).endsWith("COMPLETED")),
  );
  assert(whileBusy.some(({ text }) => String(text).startsWith("REGISTERAGENT")), "also while it has no free slot");
  const polls = work.principal.all("request").filter(({ text }) => String(text).startsWith("FETCHWORKFLOW"));
  const elapsedMs = ((work.principal.seen.at(-1)?.atMs ?? 0) - (polls[0]?.atMs ?? 0)) * hurriedFactor;
  assert(polls.length <= elapsedMs / 500 + 5, `${polls.length} polls in ${elapsedMs} ms`);
});

peerTest(
  python,
  "our client reads live lines of an original principal, for one workflow or for all",
  async (runtime) => {
    const line = (id: string, payload: string) =>
      fields(id, "W", "happy-otter-0", "T", "odd-dog-0", 1795252402023, "INFO", payload);
    const lines = [line("etl", "STDOUT one"), "no line", line("etl", "STDOUT two")];
    await using principal = await OriginalPrincipal.start(runtime, { lines });
    const sources = { clock: systemClock, random: systemRandom };
    const options = { ...sources, version: "0.0.0", role: "cli", timeoutMs: 3000 };
    await using client = PrincipalClient.overTcp({ host: "127.0.0.1", ...principal.ports }, options);
    for (const [workflowId, topic] of [["etl", "\x01etl\x01"], [null, "\x01"]] as const) {
      const over = new AbortController();
      const payloads: string[] = [];
      for await (const news of client.followLogs(workflowId, over.signal)) {
        if (news.type === "lines") payloads.push(...news.lines.map(({ payload }) => payload));
        if (payloads.length === 2) over.abort();
      }
      assert.deepEqual(payloads, ["STDOUT one", "STDOUT two"]);
      assert.deepEqual(principal.all("subscription").at(-1)?.["frames"], [topic]);
    }
    assert.deepEqual(principal.all("fatal"), []);
  },
);
