import assert from "node:assert/strict";
import type { Event, Run, ScheduleText } from "../../../src/core/mod.ts";
import {
  type Absence,
  type MomentFacts,
  type MomentFindings,
  momentOf,
  storyOfMoment,
} from "../../../src/principal/explain/explain_workflow.ts";
import { sampleRun } from "../../journal/conformance.ts";

const at = (text: string) => Date.parse(text);
const twoOclock = at("2026-03-01T02:00:00Z");
const nightly: ScheduleText = { cron: "0 2 * * *", timezone: "UTC", startTime: null };

function noted(when: string, schedule: ScheduleText | null = nightly): Event & { readonly type: "schedule_noted" } {
  const reason = schedule === null ? "its file is gone" : "it got a schedule";
  return { type: "schedule_noted", atMs: at(when), workflowId: "etl", schedule, reason };
}

function skipped(when: string, dueMs: number | null): Event & { readonly type: "trigger_skipped" } {
  return {
    ...{ type: "trigger_skipped", atMs: at(when), workflowId: "etl", trigger: "cron", idempotencyKey: null, dueMs },
    ...{ blockingRunId: "0198", reason: "run 0198 of the workflow has not ended, and its overlap policy is skip" },
  };
}

const stoppedOverNight: Absence = {
  sinceMs: at("2026-02-28T22:00:00Z"),
  untilMs: at("2026-03-01T06:00:00Z"),
  wasKilled: false,
};

interface Case {
  readonly name: string;
  readonly facts?: Partial<MomentFacts>;
  readonly findings?: Partial<MomentFindings>;
  readonly summary: RegExp;
  readonly hint?: RegExp;
}

function run(change: Partial<Run>): Run {
  return sampleRun(1, { state: "COMPLETED", trigger: "cron", ...change });
}

const cases: Case[] = [
  {
    name: "it did run",
    findings: { runs: [run({ dueMs: twoOclock, triggeredAtMs: twoOclock + 5 })] },
    summary: /^etl did run at 2026-03-01T02:00:00Z: run [0-9a-f-]+ is COMPLETED\.$/,
    hint: /cdktr explain /,
  },
  {
    name: "somebody triggered it by hand within that minute",
    facts: { atMs: at("2026-03-01T05:17:00Z") },
    findings: { runs: [run({ trigger: "manual", triggeredAtMs: at("2026-03-01T05:17:42Z") })] },
    summary: /^etl did run at 2026-03-01T05:17:00Z/,
  },
  {
    name: "it was made up after the principal had come back",
    findings: {
      runs: [run({ dueMs: twoOclock, triggeredAtMs: at("2026-03-01T06:00:01Z") })],
      absence: stoppedOverNight,
    },
    summary:
      /^etl ran for 2026-03-01T02:00:00Z only at 2026-03-01T06:00:01Z, for the principal stopped at 2026-02-28T22:00:00Z and started again at 2026-03-01T06:00:00Z \(8 h 0 min\): run /,
  },
  {
    name: "its trigger was skipped",
    findings: { skipped: skipped("2026-03-01T02:00:00.010Z", twoOclock) },
    summary: /^etl did not run at 2026-03-01T02:00:00Z: run 0198 of the workflow has not ended, and its overlap/,
    hint: /cdktr explain 0198/,
  },
  {
    name: "a trigger of another time was skipped",
    facts: { atMs: at("2026-03-01T03:00:00Z") },
    findings: { skipped: skipped("2026-03-01T02:00:00.010Z", twoOclock) },
    summary: /^etl was not due at 2026-03-01T03:00:00Z/,
  },
  {
    name: "it was not due",
    facts: { atMs: at("2026-03-01T03:00:00Z") },
    summary:
      /^etl was not due at 2026-03-01T03:00:00Z: by its schedule "0 2 \* \* \*" the due time before is 2026-03-01T02:00:00Z, the next one 2026-03-02T02:00:00Z\.$/,
  },
  {
    name: "times are those of its own clocks",
    facts: {
      atMs: at("2026-03-01T02:00:00Z"),
      schedules: [noted("2026-01-01T00:00:00Z", { ...nightly, timezone: "Europe/Berlin" })],
    },
    summary: /not due at 2026-03-01T03:00:00\+01:00: .* before is 2026-03-01T02:00:00\+01:00, /,
  },
  {
    name: "its start time had not come",
    facts: { schedules: [noted("2026-01-01T00:00:00Z", { ...nightly, startTime: "2026-04-01T00:00:00Z" })] },
    summary: /not due .* the next one 2026-04-01T02:00:00Z\. Its start_time is 2026-04-01T00:00:00Z\.$/,
  },
  {
    name: "it got its schedule later",
    facts: { schedules: [noted("2026-03-01T08:00:00Z")] },
    summary: /^etl was not due at 2026-03-01T02:00:00Z: its schedule came into force at 2026-03-01T08:00:00Z\.$/,
  },
  {
    name: "its file was gone",
    facts: { schedules: [noted("2026-02-20T00:00:00Z", null), noted("2026-01-01T00:00:00Z")] },
    summary: /^etl was not due at .*: since 2026-02-20T00:00:00Z it had no schedule, because its file is gone\.$/,
  },
  {
    name: "it has no schedule at all",
    facts: { schedules: [], present: { schedule: null, catchup: 0 } },
    summary: /^etl did not run at 2026-03-01T02:00:00Z: it has no schedule, and nobody triggered it then\.$/,
    hint: /cdktr task run etl/,
  },
  {
    name: "there is no such workflow any more",
    facts: { schedules: [], present: null },
    summary: /there is no such workflow at present/,
    hint: /cdktr validate/,
  },
  {
    name: "the schedule of the file counts where none was noted",
    facts: { schedules: [] },
    findings: { absence: stoppedOverNight },
    summary: /^etl did not run at 2026-03-01T02:00:00Z, when it was due: the principal stopped/,
  },
  {
    name: "the principal had stopped",
    findings: { absence: stoppedOverNight },
    summary:
      /^etl did not run at 2026-03-01T02:00:00Z, when it was due: the principal stopped at 2026-02-28T22:00:00Z and started again at 2026-03-01T06:00:00Z \(8 h 0 min\)\.$/,
    hint: /^`catchup: 1` in its file/,
  },
  {
    name: "the principal was killed, and catchup did not reach so far",
    facts: { present: { schedule: nightly, catchup: 2 } },
    findings: { absence: { ...stoppedOverNight, wasKilled: true } },
    summary:
      /the principal did not end in good order; it decided something for the last time at 2026-02-28T22:00:00Z and /,
    hint: /^It makes up the newest 2 /,
  },
  {
    name: "no principal had ever started",
    findings: { absence: { sinceMs: null, untilMs: at("2026-03-01T06:00:00Z"), wasKilled: false } },
    summary: /when it was due: no principal had been there before 2026-03-01T06:00:00Z\.$/,
  },
  {
    name: "a principal was there and nothing is known",
    summary: /when it was due: a principal was there, and the journal has no trigger for that time\.$/,
    hint: /--no-scheduler/,
  },
  {
    name: "the journal does not go back so far",
    facts: { journalSinceMs: at("2026-03-05T00:00:00Z") },
    summary:
      /^etl was due at 2026-03-01T02:00:00Z, of which nothing is known: the journal goes back to 2026-03-05T00:00:00Z only\.$/,
  },
  {
    name: "the time is still to come",
    facts: { atMs: at("2026-04-01T01:30:00Z") },
    summary: /^2026-04-01T01:30:00Z is still to come: for etl it will be due at 2026-04-01T02:00:00Z\.$/,
  },
];
for (const { name, facts: changedFacts, findings: changedFindings, summary, hint } of cases) {
  Deno.test(`a workflow at a time: ${name}`, () => {
    const facts: MomentFacts = {
      workflowId: "etl",
      atMs: twoOclock,
      nowMs: at("2026-03-10T00:00:00Z"),
      present: { schedule: nightly, catchup: 0 },
      problems: [],
      schedules: [noted("2026-01-01T00:00:00Z")],
      journalSinceMs: at("2026-01-01T00:00:00Z"),
      ...changedFacts,
    };
    const findings: MomentFindings = { runs: [], skipped: null, absence: null, ...changedFindings };
    const story = storyOfMoment(facts, momentOf(facts), findings);
    assert.match(story.summary, summary);
    if (hint !== undefined) assert.match(story.hint ?? "", hint);
  });
}

Deno.test("the steps tell schedule, absence, due time and run in the order they happened", () => {
  const facts: MomentFacts = {
    workflowId: "etl",
    atMs: twoOclock,
    nowMs: at("2026-03-10T00:00:00Z"),
    present: { schedule: nightly, catchup: 1 },
    problems: ["workflows/etl.yml:3:1: error: something is wrong."],
    schedules: [noted("2026-03-05T00:00:00Z", null), noted("2026-01-01T00:00:00Z")],
    journalSinceMs: at("2026-01-01T00:00:00Z"),
  };
  const made = run({
    dueMs: twoOclock,
    triggeredAtMs: at("2026-03-01T06:00:01Z"),
    finishedAtMs: at("2026-03-01T06:01:00Z"),
  });
  const { steps } = storyOfMoment(facts, momentOf(facts), { runs: [made], skipped: null, absence: stoppedOverNight });
  assert.deepEqual(steps.map(({ sentence }) => sentence), [
    'Its schedule came into force: "0 2 * * *" in UTC.',
    "The principal stopped.",
    "By its schedule it was due.",
    "A principal started.",
    `Run ${made.runId} was triggered (cron), for it was due at 2026-03-01T02:00:00Z.`,
    `Run ${made.runId} ended COMPLETED.`,
    "Its schedule was in force no longer: its file is gone.",
    "workflows/etl.yml:3:1: error: something is wrong.",
  ]);
});
