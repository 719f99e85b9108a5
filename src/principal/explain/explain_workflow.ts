/** What a workflow did at a time, and why not more. Pure: the facts are handed in. */
import { spanText, timestamp } from "../../clock/mod.ts";
import type { Event, Run, ScheduleText } from "../../core/mod.ts";
import { scheduleOf } from "../../workflow/definition.ts";
import { type DueTimes, dueTimesAround } from "./due_times.ts";
import { type Explanation, Story } from "./explain_words.ts";

/** A time in which no principal was there. Unix milliseconds. */
export interface Absence {
  /** Null: none had ever been there, as far as the journal goes back. */
  readonly sinceMs: number | null;
  /** Null: it lasts. */
  readonly untilMs: number | null;
  /** It did not end in good order: `sinceMs` is its last decision. */
  readonly wasKilled: boolean;
}

/** What is known of a workflow about a time. */
export interface MomentFacts {
  readonly workflowId: string;
  readonly atMs: number;
  readonly nowMs: number;
  /** As its file gives it now; null when there is no such workflow, or it has no schedule. */
  readonly present: { readonly schedule: ScheduleText | null; readonly catchup: number } | null;
  /** What is wrong with workflow files now. */
  readonly problems: readonly string[];
  /** When its schedule changed, latest first. */
  readonly schedules: readonly (Event & { readonly type: "schedule_noted" })[];
  /** Since when the journal tells; null when it tells nothing. */
  readonly journalSinceMs: number | null;
}

/** What was found about the time that was asked for, once it is known which due time is meant. */
export interface MomentFindings {
  /** Runs that were triggered then, or later for a time that was due then. */
  readonly runs: readonly Run[];
  readonly skipped: (Event & { readonly type: "trigger_skipped" }) | null;
  readonly absence: Absence | null;
}

/** What a time that was asked for means to a workflow. */
export interface Moment {
  readonly schedule: ScheduleText | null;
  /** When that came into force; null when nobody knows. */
  readonly inForceMs: number | null;
  readonly due: DueTimes;
  /** How long the time lasts that was asked for, in milliseconds. */
  readonly lengthMs: number;
  /** The due time that is explained: the one asked for, or else the last one before; null when there is none. */
  readonly explainedMs: number | null;
}

/** A time given to the minute means that whole minute. */
const minuteMs = 60_000;
const secondMs = 1000;
const neverDue: DueTimes = { within: null, before: null, after: null };

/** Finds out which schedule was in force, and which due time is meant. */
export function momentOf({ schedules, present, atMs }: MomentFacts): Moment {
  const lengthMs = atMs % minuteMs === 0 ? minuteMs : secondMs;
  const noted = schedules.find((note) => note.atMs < atMs + lengthMs);
  // What was never noted is no reason to know nothing: then the file as it is now has to do.
  const schedule = noted !== undefined ? noted.schedule : schedules.length === 0 ? present?.schedule ?? null : null;
  const due = schedule === null ? neverDue : dueTimesAround(readSchedule(schedule), atMs, lengthMs);
  return { schedule, inForceMs: noted?.atMs ?? null, due, lengthMs, explainedMs: due.within ?? due.before };
}

/** Tells what the workflow did then, or why nothing. */
export function storyOfMoment(facts: MomentFacts, moment: Moment, findings: MomentFindings): Explanation {
  const story = new Story();
  tellSchedule(story, facts, moment);
  const { explainedMs } = moment;
  if (explainedMs !== null && explainedMs <= facts.nowMs) {
    story.tell(explainedMs, `By its schedule it was due.`);
    tellAbsence(story, findings.absence);
  }
  for (const run of findings.runs) {
    // Its reason is that of its present state, such as how it failed.
    const due = run.dueMs === null ? "" : `, for it was due at ${timestamp(run.dueMs, moment.schedule?.timezone)}`;
    story.tell(run.triggeredAtMs, `Run ${run.runId} was triggered (${run.trigger})${due}.`);
    if (run.finishedAtMs !== null) story.tell(run.finishedAtMs, `Run ${run.runId} ended ${run.state}.`);
  }
  if (findings.skipped !== null) {
    story.tell(findings.skipped.atMs, `The trigger was skipped: ${findings.skipped.reason}.`);
  }
  const { summary, hint } = verdictOn(facts, moment, findings);
  return { summary, steps: story.steps(facts.problems), hint };
}

interface Verdict {
  readonly summary: string;
  readonly hint: string | null;
}

function verdictOn(facts: MomentFacts, moment: Moment, findings: MomentFindings): Verdict {
  const { workflowId, atMs, nowMs, present, journalSinceMs } = facts;
  const { schedule, due, lengthMs } = moment;
  const zoned = (ms: number) => timestamp(ms, schedule?.timezone);
  const asked = zoned(atMs);
  const dueMs = due.within;

  if (atMs > nowMs) {
    const next = dueMs ?? due.after;
    const when = next === null ? "no due time is ahead" : `it will be due at ${zoned(next)}`;
    return { summary: `${asked} is still to come: for ${workflowId} ${when}.`, hint: null };
  }
  const run = findings.runs.find((one) => isOfMoment(one, moment, atMs));
  if (run !== undefined) return ranVerdict(facts, moment, findings, run);
  const { skipped } = findings;
  if (skipped !== null && (skipped.dueMs === null ? isIn(skipped.atMs, atMs, lengthMs) : skipped.dueMs === dueMs)) {
    return {
      summary: `${workflowId} did not run at ${asked}: ${skipped.reason}.`,
      hint: `\`cdktr explain ${skipped.blockingRunId}\` tells about the run in its way.`,
    };
  }
  if (schedule === null) return withoutSchedule(facts, moment);
  if (dueMs === null) return { summary: notDueText(facts, moment), hint: null };
  if (journalSinceMs === null || dueMs < journalSinceMs) {
    const from = journalSinceMs === null ? "tells nothing yet" : `goes back to ${timestamp(journalSinceMs)} only`;
    return {
      summary: `${workflowId} was due at ${zoned(dueMs)}, of which nothing is known: the journal ${from}.`,
      hint: null,
    };
  }
  const { absence } = findings;
  if (absence !== null) {
    return {
      summary: `${workflowId} did not run at ${zoned(dueMs)}, when it was due: ${absenceText(absence)}.`,
      hint: (present?.catchup ?? 0) > 0
        ? `It makes up the newest ${present?.catchup} of such times when a principal comes back.`
        : "`catchup: 1` in its file has the newest of such times made up when a principal comes back.",
    };
  }
  return {
    summary: `${workflowId} did not run at ${zoned(dueMs)}, when it was due: a principal was there, and the journal ` +
      "has no trigger for that time.",
    hint:
      "A principal started with --no-scheduler triggers nothing by itself; what its scheduler could not do it says in " +
      "the principal's log.",
  };
}

function ranVerdict({ workflowId, atMs }: MomentFacts, moment: Moment, { absence }: MomentFindings, run: Run): Verdict {
  const asked = timestamp(atMs, moment.schedule?.timezone);
  const hint = `\`cdktr explain ${run.runId}\` tells more about it.`;
  const isLate = run.dueMs !== null && run.triggeredAtMs >= run.dueMs + minuteMs;
  if (!isLate) return { summary: `${workflowId} did run at ${asked}: run ${run.runId} is ${run.state}.`, hint };
  const why = absence === null ? "" : `, for ${absenceText(absence)}`;
  return {
    summary:
      `${workflowId} ran for ${asked} only at ${timestamp(run.triggeredAtMs, moment.schedule?.timezone)}${why}: ` +
      `run ${run.runId} is ${run.state}.`,
    hint,
  };
}

function withoutSchedule({ workflowId, atMs, schedules, present, problems }: MomentFacts, moment: Moment): Verdict {
  const asked = timestamp(atMs);
  const earliest = schedules.at(-1);
  const gone = schedules.find((note) => note.atMs === moment.inForceMs);
  if (gone !== undefined) {
    const since = timestamp(gone.atMs);
    return {
      summary: `${workflowId} was not due at ${asked}: since ${since} it had no schedule, because ${gone.reason}.`,
      hint: problems.length > 0 ? "What is wrong with its file now stands above." : null,
    };
  }
  if (earliest !== undefined) {
    return {
      summary: `${workflowId} was not due at ${asked}: its schedule came into force at ${timestamp(earliest.atMs)}.`,
      hint: null,
    };
  }
  const subject = present === null ? "there is no such workflow at present" : "it has no schedule";
  return {
    summary: `${workflowId} did not run at ${asked}: ${subject}, and nobody triggered it then.`,
    hint: present === null
      ? "`cdktr validate` lists the files and what is wrong with them."
      : `\`cdktr runs list --workflow ${workflowId}\` lists its runs; \`cdktr task run ${workflowId}\` triggers it by hand.`,
  };
}

function notDueText({ workflowId, atMs }: MomentFacts, { schedule, due }: Moment): string {
  const zoned = (ms: number) => timestamp(ms, schedule?.timezone);
  const around = [
    ...(due.before === null ? [] : [`the due time before is ${zoned(due.before)}`]),
    ...(due.after === null ? [] : [`the next one ${zoned(due.after)}`]),
  ];
  const isBeforeStart = schedule !== null && schedule.startTime !== null && due.before === null;
  const start = isBeforeStart ? ` Its start_time is ${schedule.startTime}.` : "";
  const known = around.length === 0 ? "it has no due time about then" : around.join(", ");
  return `${workflowId} was not due at ${zoned(atMs)}: by its schedule "${schedule?.cron}" ${known}.${start}`;
}

function tellSchedule(story: Story, { schedules }: MomentFacts, { schedule, inForceMs }: Moment): void {
  if (schedule === null || inForceMs === null) return;
  const start = schedule.startTime === null ? "" : `, from ${schedule.startTime} on`;
  story.tell(inForceMs, `Its schedule came into force: "${schedule.cron}" in ${schedule.timezone}${start}.`);
  const next = schedules.findLast((note) => note.atMs > inForceMs);
  if (next !== undefined) story.tell(next.atMs, `Its schedule was in force no longer: ${next.reason}.`);
}

function tellAbsence(story: Story, absence: Absence | null): void {
  if (absence === null) return;
  const { sinceMs, untilMs, wasKilled } = absence;
  if (sinceMs !== null) {
    story.tell(sinceMs, wasKilled ? "The principal decided something for the last time." : "The principal stopped.");
  }
  if (untilMs !== null) story.tell(untilMs, "A principal started.");
}

function absenceText({ sinceMs, untilMs, wasKilled }: Absence): string {
  const until = untilMs === null ? "" : ` and started again at ${timestamp(untilMs)}`;
  if (sinceMs === null) return `no principal had been there before ${untilMs === null ? "" : timestamp(untilMs)}`;
  const length = untilMs === null ? "" : ` (${spanText(untilMs - sinceMs)})`;
  return wasKilled
    ? `the principal did not end in good order; it decided something for the last time at ${
      timestamp(sinceMs)
    }${until}${length}`
    : `the principal stopped at ${timestamp(sinceMs)}${until}${length}`;
}

/** Whether a run was triggered at the time that was asked for, or for it. */
function isOfMoment({ dueMs, triggeredAtMs }: Run, { due, lengthMs }: Moment, atMs: number): boolean {
  return dueMs === null
    ? isIn(triggeredAtMs, atMs, lengthMs)
    : dueMs === due.within || isIn(triggeredAtMs, atMs, lengthMs);
}

function isIn(ms: number, fromMs: number, lengthMs: number): boolean {
  return ms >= fromMs && ms < fromMs + lengthMs;
}

function readSchedule(text: ScheduleText) {
  const schedule = scheduleOf(text);
  if (schedule === null) throw new TypeError("a noted schedule has a cron expression");
  return schedule;
}
