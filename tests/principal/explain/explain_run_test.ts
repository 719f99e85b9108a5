import assert from "node:assert/strict";
import type { Event, Run, TaskRun } from "../../../src/core/mod.ts";
import { type RunFacts, storyOfRun } from "../../../src/principal/explain/explain_run.ts";
import { parseWorkflow, type Workflow } from "../../../src/workflow/mod.ts";
import { sampleRun } from "../../journal/conformance.ts";

const startMs = Date.UTC(2026, 2, 1, 2);
const { runId } = sampleRun(1);

const { workflow } = parseWorkflow(
  `name: ETL
retries: 2
tasks:
  load: {name: Load it, config: !Subprocess {cmd: "true"}}
  clean: {name: Clean, depends: [load], config: !Subprocess {cmd: "true"}}
  publish: {name: Publish, depends: [clean], config: !Subprocess {cmd: "true"}}
`,
  { id: "etl", path: "workflows/etl.yml" },
);

function facts(run: Partial<Run>, change: Partial<RunFacts> = {}): RunFacts {
  return {
    run: sampleRun(1, { triggeredAtMs: startMs, ...run }),
    tasks: [],
    workflow: workflow satisfies Workflow | null,
    events: [],
    waitedFor: [],
    joined: [],
    obstacles: [],
    nowMs: startMs + 60_000,
    ...change,
  };
}

const policy = { priority: 0, overlap: "allow", onCrash: "fail" } as const;

/** Events by the seconds after the trigger. */
const did = {
  triggered: (change: Partial<Event & { type: "run_triggered" }> = {}): Event => ({
    ...{ type: "run_triggered", atMs: startMs, runId, workflowId: "etl", definitionHash: "h", trigger: "manual" },
    ...{ params: {}, idempotencyKey: null, dueMs: null, requires: [], ...policy, reason: "a person asked" },
    ...change,
  }),
  assigned: (second: number, attempt = 1): Event => ({
    ...{ type: "run_assigned", atMs: startMs + second * 1000, runId, attempt, agentId: "ann", session: "s" },
    reason: "agent ann had a free slot",
  }),
  started: (second: number, attempt = 1): Event => ({
    ...{ type: "run_started", atMs: startMs + second * 1000, runId, attempt, instanceId: null },
  }),
  task: (
    second: number,
    taskId: string,
    state: TaskRun["state"],
    tryNumber = 1,
    reason: string | null = null,
  ): Event => ({
    ...{ type: "task_changed", atMs: startMs + second * 1000, runId, attempt: 1, taskId, state, tryNumber, reason },
    ...{ taskRunId: `${taskId}-${tryNumber}`, happenedAtMs: startMs + second * 1000, exitCode: null, outputs: null },
  }),
  finished: (
    second: number,
    state: "COMPLETED" | "FAILED" | "CRASHED" | "CANCELLED",
    reason: string | null,
  ): Event => ({
    ...{ type: "run_finished", atMs: startMs + second * 1000, runId, attempt: 1, state, reason },
  }),
};

/** Steps as `second sentence`. */
function told(given: RunFacts): string[] {
  return storyOfRun(given).steps.map(({ atMs, sentence }) =>
    `${atMs === null ? "-" : (atMs - startMs) / 1000} ${sentence}`
  );
}

Deno.test("a run that failed: its tries, what was skipped because of it, and where the time went", () => {
  const failed: TaskRun = {
    ...{ runId, attempt: 1, taskId: "load", taskRunId: "load-2", state: "FAILED", tryNumber: 2, exitCode: 3 },
    ...{ startedAtMs: startMs + 6000, finishedAtMs: startMs + 9000, reason: "exited with code 3", outputs: null },
  };
  const given = facts({ state: "FAILED", attempt: 1, startedAtMs: startMs + 2000, finishedAtMs: startMs + 9000 }, {
    tasks: [failed],
    events: [
      did.triggered({ trigger: "cron", dueMs: startMs - 5000, reason: "its schedule was due at 01:59:55" }),
      did.assigned(2),
      did.started(2),
      did.task(2, "load", "RUNNING"),
      did.task(4, "load", "FAILED", 1, "exited with code 3"),
      did.task(6, "load", "RUNNING", 2),
      did.task(9, "load", "FAILED", 2, "exited with code 3"),
      did.task(9, "clean", "SKIPPED", 1, "task load did not complete"),
      did.task(9, "publish", "SKIPPED", 1, "task load did not complete"),
      did.finished(9, "FAILED", 'task "load" failed: exited with code 3'),
    ],
  });
  assert.deepEqual(told(given), [
    "0 It was triggered (cron): its schedule was due at 01:59:55, 5.0 s ago.",
    "2 It was given to agent ann as attempt 1 after 2.0 s of waiting: agent ann had a free slot.",
    "2 The agent began attempt 1.",
    "4 Task load failed in its try 1 of 3 after 2.0 s: exited with code 3.",
    "6 Task load began its try 2, 2.0 s later.",
    "9 Task load failed in its try 2 of 3 after 3.0 s: exited with code 3.",
    "9 Tasks clean and publish were skipped: task load did not complete.",
    '9 It ended FAILED: task "load" failed: exited with code 3.',
    "- Of the time until its end, 2.0 s went into waiting and 7.0 s into running.",
  ]);
  const { summary, hint } = storyOfRun(given);
  assert.equal(summary, `Run ${runId} of etl failed, because task load did: exited with code 3.`);
  assert.equal(
    hint,
    `\`cdktr logs query --run ${runId} --task 'Load it'\` shows what it printed; ` +
      `\`cdktr runs retry ${runId}\` runs again what did not complete.`,
  );
});

Deno.test("a run that was brought back: each wait counts, and what is kept is said", () => {
  const given = facts(
    { state: "COMPLETED", attempt: 2, startedAtMs: startMs + 22_000, finishedAtMs: startMs + 30_000 },
    {
      events: [
        did.triggered({ params: { day: "2026-03-01" }, requires: ["label:gpu"], priority: 5 }),
        did.assigned(1),
        did.started(1),
        did.finished(11, "CRASHED", "agent ann was silent for 30.0 s"),
        {
          ...{ type: "run_requeued", atMs: startMs + 20_000, runId, attempt: 1, cause: "retry", kept: ["load"] },
          ...{ restored: null, reason: "`cdktr runs retry` was called" },
        },
        did.assigned(22, 2),
        did.started(22, 2),
        { type: "run_finished", atMs: startMs + 30_000, runId, attempt: 2, state: "COMPLETED", reason: null },
      ],
      joined: [{ agentId: "ann", atMs: startMs + 21_500 }],
    },
  );
  const steps = told(given);
  assert.equal(
    steps[0],
    "0 It was triggered (manual): a person asked. Its parameters: day=2026-03-01. " +
      "It asks for an agent with the label gpu, and its priority is 5.",
  );
  assert.deepEqual(steps.slice(4), [
    "20 It waits again, for attempt 2: `cdktr runs retry` was called. 1 task that completed is kept: load.",
    "21.5 Agent ann joined.",
    "22 It was given to agent ann as attempt 2 after 2.0 s of waiting: agent ann had a free slot.",
    "22 The agent began attempt 2.",
    "30 It ended COMPLETED.",
    "- Of the time until its end, 3.0 s went into waiting and 18.0 s into running.",
  ]);
});

const others: [name: string, facts: RunFacts, summary: RegExp, hint: RegExp | null][] = [
  [
    "waits",
    facts({}, {
      obstacles: [{ clause: "no agent is there", hint: "Start one." }, {
        clause: "3 runs stand before it",
        hint: null,
      }],
    }),
    /waits, because no agent is there; and 3 runs stand before it\.$/,
    /^Start one\.$/,
  ],
  [
    "is on its way to an agent",
    facts({ state: "ASSIGNED", agentId: "ann", assignedAtMs: startMs + 57_000 }),
    /was given to agent ann 3\.0 s ago, which did not say yet that it has begun\.$/,
    null,
  ],
  [
    "runs, is paused and is being cancelled",
    facts({ state: "RUNNING", agentId: "ann", startedAtMs: startMs, paused: true, cancelReason: "wrong date" }),
    /runs for 1 min 0 s on agent ann: 0 of 3 tasks completed, no task runs\. It is paused: .* Its end was asked for: wrong date\.$/,
    /cdktr runs resume/,
  ],
  [
    "crashed",
    facts({ state: "CRASHED", reason: "agent ann was silent" }),
    /crashed: agent ann was silent\.$/,
    /on_crash: retry/,
  ],
  [
    "was cancelled",
    facts({ state: "CANCELLED", reason: "wrong date" }),
    /was cancelled: wrong date\.$/,
    /cdktr runs retry/,
  ],
  [
    "failed without a task",
    facts({ state: "FAILED", reason: "it took longer than 1 h" }),
    /failed: it took longer than 1 h\.$/,
    /logs/,
  ],
];
for (const [name, given, summary, hint] of others) {
  Deno.test(`a run that ${name}`, () => {
    const story = storyOfRun(given);
    assert.match(story.summary, summary);
    if (hint === null) assert.equal(story.hint, null);
    else assert.match(story.hint ?? "", hint);
  });
}

Deno.test("of a run whose events were removed that is said, and nothing is made up", () => {
  assert.deepEqual(told(facts({ state: "COMPLETED" })), [
    "0 It was triggered; what was decided is no longer in the journal.",
  ]);
  assert.deepEqual(told(facts({ state: "COMPLETED" }, { events: [did.finished(9, "COMPLETED", null)] })), [
    "0 It was triggered; what was decided before 2026-03-01T02:00:09Z is no longer in the journal.",
    "9 It ended COMPLETED.",
  ]);
});

Deno.test("a run that waited for others of its workflow tells which, and their end", () => {
  const other = sampleRun(0, { state: "COMPLETED", finishedAtMs: startMs + 4000 });
  const steps = told(facts({ overlap: "queue" }, { events: [did.triggered()], waitedFor: [other] }));
  assert.deepEqual(steps.slice(0, 3), [
    "0 It was triggered (manual): a person asked.",
    `0 Run ${other.runId} of the workflow had not ended, and the workflow's overlap policy is queue.`,
    `4 Run ${other.runId} ended COMPLETED.`,
  ]);
});

Deno.test("a story of very many steps leaves out its middle and says so", () => {
  const events = [did.triggered(), ...Array.from({ length: 2000 }, (_, second) => did.task(second, "load", "FAILED"))];
  const { steps } = storyOfRun(facts({ state: "RUNNING" }, { events }));
  assert.ok(steps.length < 510);
  assert.ok(steps.some(({ sentence }) => sentence === "1501 steps are left out here."));
  assert.match(steps[0]?.sentence ?? "", /^It was triggered/);
});
