/** What a workflow did last, and when it is due next. Pure: the facts are handed in. */
import { timestamp } from "../../clock/mod.ts";
import type { Event, Run } from "../../core/mod.ts";
import type { MomentFacts } from "./explain_workflow.ts";
import { type Explanation, Story } from "./explain_words.ts";

/** What is known of a workflow's latest doings. */
export interface LatestFacts extends Pick<MomentFacts, "workflowId" | "nowMs" | "present" | "problems"> {
  /** The run triggered last, and its story in one sentence. */
  readonly newest: { readonly run: Run; readonly summary: string } | null;
  /** The newest trigger that led to no run. */
  readonly skipped: (Event & { readonly type: "trigger_skipped" }) | null;
  /** When it is due next, by the schedule it has now; Unix milliseconds. */
  readonly nextMs: number | null;
}

/** Tells what became of the newest run, whether a trigger was skipped after it, and when the next is due. */
export function storyOfLatest(facts: LatestFacts): Explanation {
  const { workflowId, present, problems, newest } = facts;
  const story = new Story();
  if (newest !== null) {
    const { runId, trigger, triggeredAtMs, finishedAtMs, state } = newest.run;
    story.tell(triggeredAtMs, `Run ${runId} was triggered (${trigger}).`);
    if (finishedAtMs !== null) story.tell(finishedAtMs, `Run ${runId} ended ${state}.`);
  }
  const skipped = skippedAfter(facts);
  if (skipped !== null) story.tell(skipped.atMs, `A trigger was skipped: ${skipped.reason}.`);
  const zone = present?.schedule?.timezone;
  const sentences = [
    ...(skipped === null
      ? []
      : [`The newest trigger of ${workflowId} was skipped at ${timestamp(skipped.atMs, zone)}: ${skipped.reason}.`]),
    newest?.summary ?? `${workflowId} has no run, as far as the journal goes back.`,
    nextText(facts),
  ];
  return { summary: sentences.join(" "), steps: story.steps(problems), hint: hintOf(facts) };
}

function skippedAfter({ newest, skipped }: LatestFacts): LatestFacts["skipped"] {
  return skipped !== null && skipped.atMs >= (newest?.run.triggeredAtMs ?? 0) ? skipped : null;
}

function nextText({ present, nextMs }: LatestFacts): string {
  if (present === null) return "There is no such workflow at present.";
  if (present.schedule === null) return "It has no schedule.";
  const { cron, timezone } = present.schedule;
  if (nextMs === null) return `By its schedule "${cron}" it is never due again.`;
  return `It is due next at ${timestamp(nextMs, timezone)}.`;
}

function hintOf({ workflowId, newest, present }: LatestFacts): string {
  if (newest !== null) {
    return `\`cdktr explain ${newest.run.runId}\` tells how it came to that; --at, what ${workflowId} did at another time.`;
  }
  return present === null
    ? "`cdktr validate` lists the files and what is wrong with them."
    : `\`cdktr task run ${workflowId}\` triggers it by hand.`;
}
