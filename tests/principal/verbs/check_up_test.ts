import assert from "node:assert/strict";
import { MemoryJournal } from "../../../src/journal/mod.ts";
import { type Condition, findingsOf } from "../../../src/principal/verbs/check_up.ts";
import { verbs } from "../../../src/wire/mod.ts";
import { Scene } from "../scene.ts";

const nowMs = Date.UTC(2026, 2, 1);
const ann = {
  ...{
    agentId: "ann",
    session: "s",
    version: "1.2.3",
    offers: ["beyond-original"],
    slots: 5,
    stopping: false,
    busy: 2,
  },
  lastSeenMs: nowMs - 1000,
  asked: { first: 1, last: 5 },
};
const healthy: Condition = {
  ...{ version: "1.2.3", nowMs, upMs: 3_600_000, journalFaults: [], isOnReserve: false, refusal: null },
  ...{ readBackFault: null, historyAnswer: { version: "v1" } },
  history: { state: "ok", reason: undefined, droppedRows: 0, refusedRows: 0 },
  ...{ eventsBehind: 0, agents: [ann], waiting: [], queueLength: 0, pausedRuns: 0 },
  ...{ workflowCount: 3, workflowProblems: [] },
};

Deno.test("a healthy principal has findings that are all ok and need no hint", () => {
  assert.deepEqual(findingsOf(healthy).map(({ name, state, hint }) => [name, state, hint]), [
    ["principal", "ok", null],
    ["journal", "ok", null],
    ["history", "ok", null],
    ["workflows", "ok", null],
    ["agents", "ok", null],
    ["queue", "ok", null],
  ]);
});

const waiting = (count: number, requires: string[] = [], agoMs = 1000) =>
  Array.from({ length: count }, () => ({ requires, triggeredAtMs: nowMs - agoMs }));

const troubles: [change: Partial<Condition>, name: string, state: "warning" | "error" | "ok", detail: RegExp][] = [
  [{ journalFaults: ["row 3 is missing"] }, "journal", "error", /^The journal is damaged: row 3 is missing/],
  [
    { journalFaults: null },
    "journal",
    "ok",
    /^Its newest decisions can be read back; only `cdktr doctor --deep` reads all of it\.$/,
  ],
  [{ isOnReserve: true }, "journal", "error", /^The disk is full/],
  [
    { refusal: { message: "The file is gone.", hint: "Stop." }, isOnReserve: true },
    "journal",
    "error",
    /^The file is gone\.$/,
  ],
  [
    { history: { ...healthy.history, state: "degraded", reason: "no space left" } },
    "history",
    "error",
    /^The database of logs and history is degraded: no space left\.$/,
  ],
  [
    { history: { ...healthy.history, droppedRows: 1 } },
    "history",
    "warning",
    /^1 row could not be kept since the start\.$/,
  ],
  [{ readBackFault: "Row 3 is no event." }, "journal", "error", /^Its newest decisions cannot be read back: Row 3 is/],
  [{ historyAnswer: { fault: "It took 5 s." } }, "history", "error", /^Its database does not answer: It took 5 s\.$/],
  [{ eventsBehind: 20_000 }, "history", "warning", /^It is 20000 decisions behind the journal\.$/],
  [{ eventsBehind: 20 }, "history", "ok", /^It is 20 decisions behind; DuckDB v1 answers\.$/],
  [{ workflowProblems: ["a.yml:1:1: error: x", "b"] }, "workflows", "warning", /^a\.yml:1:1: error: x \(and 1 more\)$/],
  [{ workflowCount: 0 }, "workflows", "warning", /^There are none\.$/],
  [{ agents: [] }, "agents", "warning", /^No agent is there/],
  [
    { agents: [{ ...ann, lastSeenMs: nowMs - 20_000 }] },
    "agents",
    "warning",
    /^Nothing was heard from ann for 20\.0 s\.$/,
  ],
  [
    { agents: [{ ...ann, stopping: true }] },
    "agents",
    "warning",
    /^1 agent, and all are stopping, so nothing new can run\.$/,
  ],
  [
    { agents: [ann, { ...ann, session: "t", asked: { first: 2, last: 6 } }] },
    "agents",
    "warning",
    /^Several agents have one id, so nothing tells which of them has a run: ann \(2 agents\)\.$/,
  ],
  [
    { agents: [ann, { ...ann, session: "t", asked: { first: 6, last: 7 } }] },
    "agents",
    "ok",
    /^2 agents, 4 of 10 places taken\.$/,
  ],
  [
    { agents: [ann, { ...ann, agentId: "bob", slots: 1, busy: 1, stopping: true }] },
    "agents",
    "ok",
    /^2 agents, 1 stopping, 2 of 5 places taken\.$/,
  ],
  [
    { agents: [{ ...ann, version: "1.0.0" }] },
    "agents",
    "warning",
    /^ann \(1\.0\.0\) is of another version than 1\.2\.3\.$/,
  ],
  [
    { agents: [{ ...ann, version: null, session: null, slots: null }] },
    "agents",
    "ok",
    /^1 agent, 2 of 0 places taken\.$/,
  ],
  [
    { waiting: waiting(2, ["label:gpu"]), queueLength: 2 },
    "queue",
    "warning",
    /^2 waiting runs asked for labels that no agent has together \(gpu\)\.$/,
  ],
  [
    { waiting: waiting(1), queueLength: 1, pausedRuns: 1 },
    "queue",
    "ok",
    /^1 run waits, the first for 1\.0 s\. 1 run is paused\.$/,
  ],
  [
    { waiting: waiting(1, [], 600_000), queueLength: 5 },
    "queue",
    "warning",
    /^5 runs wait, the first for 10 min 0 s\.$/,
  ],
];
for (const [change, name, state, detail] of troubles) {
  Deno.test(`a check-up finds: ${detail.source}`, () => {
    const finding = findingsOf({ ...healthy, ...change }).find((one) => one.name === name);
    assert.equal(finding?.state, state);
    assert.match(finding?.detail ?? "", detail);
    assert.equal(finding?.hint === null, state === "ok");
  });
}

Deno.test("DOCTOR looks at a real principal and tells its clock", async () => {
  await using scene = await Scene.open();
  await scene.trigger();
  await scene.agent("ann").work({ waitMs: 0, slots: 0 }).reply;
  const reply = await scene.ask("DOCTOR", { deep: false }).reply;
  assert.equal(reply.nowMs, scene.clock.nowMs());
  assert.deepEqual(verbs.DOCTOR.reply.parse(reply), reply);
  const states = Object.fromEntries(reply.findings.map(({ name, state }) => [name, state]));
  assert.equal(states["journal"], "ok");
  assert.equal(states["queue"], "ok");
});

Deno.test("only a deep look has the journal read as a whole, and what that finds is an error", async () => {
  class DamagedJournal extends MemoryJournal {
    override check(): Promise<readonly string[]> {
      return Promise.resolve(["row 3 is missing"]);
    }
  }
  await using scene = await Scene.open({ journal: new DamagedJournal() });
  const journalFinding = async (deep: boolean) =>
    (await scene.ask("DOCTOR", { deep }).reply).findings.find(({ name }) => name === "journal");
  assert.equal((await journalFinding(false))?.state, "ok");
  assert.equal((await journalFinding(true))?.detail, "The journal is damaged: row 3 is missing");
});
