import assert from "node:assert/strict";
import type { Run } from "../../../src/core/mod.ts";
import { obstaclesOf, type Place, type WaitFacts } from "../../../src/principal/explain/explain_wait.ts";
import { sampleRun } from "../../journal/conformance.ts";

function place(agentId: string, change: Partial<Place> = {}): Place {
  return { agentId, session: agentId, offers: ["beyond-original"], slots: 2, busy: 0, ...change };
}

function facts(run: Partial<Run>, change: Partial<WaitFacts> = {}): WaitFacts {
  return { run: sampleRun(1, run), pausedAtMs: null, ahead: null, before: 0, agents: [], ...change };
}

const gpu = { requires: ["beyond-original", "label:gpu"] };
const gpuEu = { requires: ["label:gpu", "label:eu"] };
const full = { busy: 2 };

const cases: [name: string, facts: WaitFacts, clauses: string[], hint: RegExp | null][] = [
  ["no agent is there", facts({}), ["no agent is there"], /^Start one with `cdktr start agent`\.$/],
  ["no agent is there for its labels", facts(gpuEu), ["no agent is there"], /`cdktr start agent --labels gpu,eu`/],
  [
    "no agent offers the label",
    facts(gpu, { agents: [place("ann"), place("bob")] }),
    ["no agent can take it: it asks for the label gpu, and none of the 2 agents offers that"],
    /--labels gpu/,
  ],
  [
    "the only agent lacks both labels",
    facts(gpuEu, { agents: [place("ann")] }),
    ["no agent can take it: it asks for the labels gpu and eu, and ann, the only agent, does not offer that"],
    /--labels gpu,eu/,
  ],
  [
    "no agent has both labels",
    facts(gpuEu, { agents: [place("ann", { offers: ["label:gpu"] }), place("bob", { offers: ["label:eu"] })] }),
    ["no agent can take it: it asks for the labels gpu and eu, and none of the 2 agents offers all of that"],
    /--labels gpu,eu/,
  ],
  [
    "only agents of the original are there",
    facts({ requires: ["beyond-original"] }, { agents: [place("odd", { session: null, offers: [], slots: null })] }),
    [
      "no agent can take it: it asks for what an original agent cannot do, and odd, the only agent, does not offer that",
    ],
    /`cdktr start agent`/,
  ],
  [
    "the fitting agents are full",
    facts(gpu, { agents: [place("ann", { ...full, offers: [...gpu.requires] }), place("bob")] }),
    ["the only agent that can take it has no free place: ann (2 of 2 taken)"],
    /^Start another agent, /,
  ],
  [
    "all agents are full and runs stand before it",
    facts({}, { agents: [place("ann", full), place("bob", full)], before: 3 }),
    [
      "the 2 agents that can take it have no free place: ann (2 of 2 taken) and bob (2 of 2 taken)",
      "3 runs of higher priority or older stand before it in the queue",
    ],
    /^Start another agent, /,
  ],
  [
    "there is room and the agent did not ask yet",
    facts({}, { agents: [place("ann")], before: null }),
    [
      "ann has room for it and did not ask for work since",
      "very many runs of higher priority or older stand before it in the queue",
    ],
    null,
  ],
  [
    "it is paused, whatever agents there are",
    facts({ paused: true }, { pausedAtMs: Date.UTC(2026, 2, 1), agents: [place("ann", full)] }),
    ["it is paused since 2026-03-01T00:00:00Z"],
    /cdktr runs resume /,
  ],
  [
    "it is paused and stands behind another run of its workflow",
    facts({ paused: true, overlap: "queue" }, { ahead: sampleRun(0, { state: "RUNNING" }) }),
    [
      "it is paused",
      `run ${sampleRun(0).runId} of its workflow has not ended (it is RUNNING), and its overlap policy is queue`,
    ],
    /cdktr runs resume /,
  ],
];
for (const [name, given, clauses, hint] of cases) {
  Deno.test(`why a run waits: ${name}`, () => {
    const obstacles = obstaclesOf(given);
    assert.deepEqual(obstacles.map(({ clause }) => clause), clauses);
    const [first] = obstacles;
    if (hint === null) assert.equal(first?.hint, null);
    else assert.match(first?.hint ?? "", hint);
  });
}
