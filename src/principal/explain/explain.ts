/** EXPLAIN: gathers what the journal and the present state know, and has the story told. */
import { CdktrError, type Event, messageOf, type Run, type ScheduleText } from "../../core/mod.ts";
import type { RequestOf } from "../../wire/mod.ts";
import { scheduleOf, type Task, type Workflow, workflowFromJson } from "../../workflow/definition.ts";
import { storyOfLatest } from "./explain_latest.ts";
import { type RunFacts, storyOfRun } from "./explain_run.ts";
import { storyOfTask } from "./explain_task.ts";
import { type Obstacle, obstaclesOf } from "./explain_wait.ts";
import { type Absence, type Moment, type MomentFacts, momentOf, storyOfMoment } from "./explain_workflow.ts";
import { type Explanation, listed } from "./explain_words.ts";
import { findRun } from "../verbs/find_run.ts";
import type { Services } from "../services.ts";

/** Runs before another one in the queue are counted up to this many. */
const countedQueueMax = 10_000;
/** Runs of the same workflow that are looked at for one that waited for them. */
const waitedForMax = 50;
/** Assignments of a run for which is looked up whether their agent had just joined. */
const joinsLookedUpMax = 10;
/** Changes of a schedule, starts and stops of principals, and other such events that are read. */
const occurrencesMax = 1000;
/** A run is triggered this long after its due time at most, unless it is made up later. */
const promptMs = 10 * 60_000;
/** Runs that are searched for the one that made a due time up. */
const madeUpPageRuns = 1000;
const madeUpPagesMax = 5;
/** An agent's joining tells about a run that waited longer than this for it, in milliseconds. */
const noteworthyWaitMs = 1000;

/**
 * EXPLAIN
 *
 * @throws {CdktrError} NOT_FOUND or AMBIGUOUS.
 */
export async function explain(services: Services, request: RequestOf<"EXPLAIN">): Promise<Explanation> {
  switch (request.subject) {
    case "run":
      return storyOfRun(await factsOf(services, await findRun(services, request.run)));
    case "task":
      return await explainTask(services, await findRun(services, request.run), request.taskId);
    case "workflow":
      return request.atMs === null
        ? await explainLatest(services, request.workflowId)
        : await explainWorkflow(services, request.workflowId, request.atMs);
  }
}

async function explainTask(services: Services, run: Run, idOrName: string): Promise<Explanation> {
  const facts = await factsOf(services, run);
  const { workflow } = facts;
  if (workflow === null) {
    throw new CdktrError("NOT_FOUND", `The definition that run ${run.runId} executes cannot be read.`, {
      hint: `\`cdktr explain ${run.runId}\` tells what is known of the whole run.`,
    });
  }
  return storyOfTask({ ...facts, workflow, task: findTask(workflow, run, idOrName) });
}

function findTask({ tasks }: Workflow, { runId, workflowId }: Run, idOrName: string): Task {
  const named = tasks.filter(({ name }) => name === idOrName);
  const found = tasks.find(({ id }) => id === idOrName) ?? (named.length === 1 ? named[0] : undefined);
  if (found !== undefined) return found;
  const sentence = `The workflow ${workflowId} of run ${runId} has no task ${JSON.stringify(idOrName)}.`;
  throw new CdktrError("NOT_FOUND", sentence, { hint: `Its tasks are ${listed(tasks.map(({ id }) => id))}.` });
}

async function factsOf(services: Services, run: Run): Promise<RunFacts> {
  const { journal, clock } = services;
  const events = (await journal.eventsOfRun(run.runId)).map(({ event }) => event);
  return {
    run,
    tasks: await journal.tasks(run.runId, run.attempt),
    workflow: await workflowOf(services, run),
    events,
    waitedFor: await waitedForBy(services, run),
    joined: await joinedWhileWaiting(services, events),
    obstacles: obstaclesNow(services, run, events),
    nowMs: clock.nowMs(),
  };
}

async function workflowOf({ journal, report }: Services, { definitionHash, runId }: Run): Promise<Workflow | null> {
  const definition = await journal.definition(definitionHash);
  if (definition === undefined) return null;
  try {
    return workflowFromJson(JSON.parse(definition.body));
  } catch (error) {
    report.warn(`the definition of run ${runId} cannot be read: ${messageOf(error)}`);
    return null;
  }
}

/** By the policies that make a run wait, it waited for those that were triggered before it and had not ended. */
async function waitedForBy({ journal }: Services, run: Run): Promise<Run[]> {
  if (run.overlap !== "queue" && run.overlap !== "replace") return [];
  const { runId, workflowId, triggeredAtMs } = run;
  const { runs } = await journal.runs({ workflowId, beforeRunId: runId, limit: waitedForMax });
  return runs.filter(({ finishedAtMs }) => finishedAtMs === null || finishedAtMs > triggeredAtMs).reverse();
}

/** The agents that took the run soon after they had joined, which is why it waited until then. */
async function joinedWhileWaiting({ journal }: Services, events: readonly Event[]): Promise<RunFacts["joined"]> {
  const joined: { agentId: string; atMs: number }[] = [];
  let waitingSinceMs = 0;
  let left = joinsLookedUpMax;
  for (const event of events) {
    const beginsToWait = event.type === "run_triggered" || event.type === "run_requeued" ||
      event.type === "run_returned";
    if (beginsToWait) waitingSinceMs = event.atMs;
    if (event.type !== "run_assigned" || event.atMs - waitingSinceMs < noteworthyWaitMs || left-- <= 0) continue;
    const { agentId, session, atMs } = event;
    const joins = await journal.eventsWithoutRun({
      types: ["agent_joined"],
      workflowId: null,
      untilMs: atMs,
      limit: occurrencesMax,
    });
    const found = joins.map((join) => join.event).find((join) =>
      join.type === "agent_joined" && join.agentId === agentId && join.session === session
    );
    if (found !== undefined && found.atMs > waitingSinceMs) joined.push({ agentId, atMs: found.atMs });
  }
  return joined;
}

function obstaclesNow({ ledger, agents }: Services, { runId }: Run, events: readonly Event[]): Obstacle[] {
  const run = ledger.state.runs.get(runId);
  if (run?.state !== "PENDING") return [];
  const paused = events.findLast(({ type }) => type === "run_paused");
  return obstaclesOf({
    run,
    pausedAtMs: run.paused ? paused?.atMs ?? null : null,
    ahead: ledger.state.runAheadOf(run) ?? null,
    before: countBefore(ledger.state.queue.ids(), runId),
    agents: agents.list().map(({ agentId, session, offers, slots }) => ({
      ...{ agentId, session, offers, slots },
      busy: ledger.state.runsOf(agentId, session).length,
    })),
  });
}

function countBefore(queue: Iterable<string>, runId: string): number | null {
  let count = 0;
  for (const id of queue) {
    if (id === runId) return count;
    if (++count > countedQueueMax) return null;
  }
  return count;
}

async function explainWorkflow(services: Services, workflowId: string, atMs: number): Promise<Explanation> {
  const facts = await momentFacts(services, workflowId, atMs);
  const moment = momentOf(facts);
  const { within, before } = moment.due;
  const dueMs = within ?? before;
  return storyOfMoment(facts, moment, {
    runs: await runsAbout(services, facts, moment),
    skipped: await skippedAbout(services, facts, moment),
    absence: dueMs === null || dueMs > facts.nowMs ? null : await absenceAt(services, dueMs),
  });
}

async function explainLatest(services: Services, workflowId: string): Promise<Explanation> {
  const { journal, catalog, clock } = services;
  const facts = await momentFacts(services, workflowId, clock.nowMs());
  const { nowMs } = facts;
  const { runs: [run] } = await journal.runs({ workflowId, limit: 1 });
  const [newestSkip] = await journal.eventsWithoutRun({
    types: ["trigger_skipped"],
    workflowId,
    untilMs: nowMs,
    limit: 1,
  });
  const skipped = newestSkip?.event;
  const workflow = catalog.source.get(workflowId);
  const schedule = workflow === undefined ? null : scheduleOf(workflow);
  return storyOfLatest({
    ...facts,
    newest: run === undefined ? null : { run, summary: storyOfRun(await factsOf(services, run)).summary },
    skipped: skipped?.type === "trigger_skipped" ? skipped : null,
    nextMs: schedule === null ? null : schedule.next(nowMs),
  });
}

async function momentFacts(services: Services, workflowId: string, atMs: number): Promise<MomentFacts> {
  const { journal, catalog, clock } = services;
  const nowMs = clock.nowMs();
  const workflow = catalog.source.get(workflowId);
  const notes = await journal.eventsWithoutRun({
    types: ["schedule_noted"],
    workflowId,
    untilMs: nowMs,
    limit: occurrencesMax,
  });
  const schedules = notes.flatMap(({ event }) => event.type === "schedule_noted" ? [event] : []);
  const isKnown = workflow !== undefined || schedules.length > 0 ||
    (await journal.runs({ workflowId, limit: 1 })).runs.length > 0;
  if (!isKnown) {
    throw new CdktrError("NOT_FOUND", `There is no run and no workflow ${JSON.stringify(workflowId)}.`, {
      hint:
        "`cdktr runs list` lists runs, `cdktr task list` workflows; a file that is invalid shows up in `cdktr validate`.",
    });
  }
  const [first] = await journal.eventsAfter(0, 1);
  return {
    ...{ workflowId, atMs, nowMs, schedules },
    present: workflow === undefined ? null : { schedule: scheduleTextOf(workflow), catchup: workflow.catchup },
    problems: catalog.source.problems().filter((problem) => isAbout(problem, workflowId)),
    journalSinceMs: first?.event.atMs ?? null,
  };
}

function scheduleTextOf({ cron, timezone, startTime }: Workflow): ScheduleText | null {
  return cron === null ? null : { cron, timezone, startTime };
}

/** A problem begins with the path of its file; the id is that path below the workflow directory, joined with dots. */
function isAbout(problem: string, workflowId: string): boolean {
  const path = /^(.*?)\.ya?ml\b/.exec(problem)?.[1] ?? "";
  return `.${path.replaceAll("/", ".")}`.endsWith(`.${workflowId}`);
}

/** The runs that were triggered about the time, and the one for the due time that is explained, however late. */
async function runsAbout({ journal }: Services, facts: MomentFacts, moment: Moment): Promise<Run[]> {
  const { workflowId, atMs, nowMs } = facts;
  const { lengthMs, explainedMs } = moment;
  const { runs } = await journal.runs({ workflowId, sinceMs: atMs, untilMs: atMs + lengthMs, limit: 20 });
  const found = [...runs];
  const made = explainedMs === null || explainedMs > nowMs
    ? undefined
    : await runDueAt(journal, workflowId, explainedMs);
  if (made !== undefined && !found.some(({ runId }) => runId === made.runId)) found.push(made);
  return found.sort((a, b) => a.triggeredAtMs - b.triggeredAtMs);
}

async function runDueAt(journal: Services["journal"], workflowId: string, dueMs: number): Promise<Run | undefined> {
  // Clocks differ: a scheduler may ask a little before its due time by the principal's clock.
  const ranges = [
    { sinceMs: dueMs - 60_000, untilMs: dueMs + promptMs },
    { sinceMs: dueMs + promptMs },
  ];
  for (const range of ranges) {
    let beforeRunId: string | undefined;
    for (let pages = 0; pages < madeUpPagesMax; pages++) {
      const page = await journal.runs({ workflowId, ...range, beforeRunId, limit: madeUpPageRuns });
      const found = page.runs.find((run) => run.dueMs === dueMs);
      if (found !== undefined) return found;
      if (page.cursor === null) break;
      beforeRunId = page.cursor;
    }
  }
  return undefined;
}

async function skippedAbout({ journal }: Services, facts: MomentFacts, moment: Moment) {
  const { workflowId, atMs } = facts;
  const { lengthMs, explainedMs } = moment;
  const untilMs = Math.max(explainedMs ?? 0, atMs + lengthMs) + promptMs;
  const events = await journal.eventsWithoutRun({
    types: ["trigger_skipped"],
    workflowId,
    untilMs,
    limit: occurrencesMax,
  });
  for (const { event } of events) {
    if (event.type !== "trigger_skipped") continue;
    const isAsked = event.dueMs === null
      ? event.atMs >= atMs && event.atMs < atMs + lengthMs
      : event.dueMs === explainedMs;
    if (isAsked) return event;
  }
  return null;
}

/** The time without a principal that a due time fell into; null when one was there. */
async function absenceAt({ journal, clock }: Services, dueMs: number): Promise<Absence | null> {
  const comings = { types: ["principal_started", "principal_stopped"], workflowId: null } as const;
  const [before] = await journal.eventsWithoutRun({ ...comings, untilMs: dueMs, limit: 1 });
  const later = await journal.eventsWithoutRun({ ...comings, untilMs: clock.nowMs(), limit: occurrencesMax });
  const after = later.findLast(({ event }) => event.atMs > dueMs);
  if (before === undefined) {
    // The journal does not go back to a start of a principal, so nothing is known of the time before the first one.
    const isFirstStart = after?.event.type === "principal_started" && after.seq === 1;
    return isFirstStart ? { sinceMs: null, untilMs: after.event.atMs, wasKilled: false } : null;
  }
  const untilMs = after?.event.type === "principal_started" ? after.event.atMs : null;
  if (before.event.type === "principal_stopped") return { sinceMs: before.event.atMs, untilMs, wasKilled: false };
  if (after?.event.type !== "principal_started") return null;
  const [last] = await journal.eventsAfter(after.seq - 2, 1);
  const lastMs = last?.event.atMs ?? before.event.atMs;
  return dueMs > lastMs ? { sinceMs: lastMs, untilMs, wasKilled: true } : null;
}
