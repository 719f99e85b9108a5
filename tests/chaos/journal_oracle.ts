/** What the journal must hold after a principal was ended in good order, whatever was done to it before. */
import { deepEqual, ok } from "node:assert/strict";
import { type Event, isFinal, type Run, type TaskRun } from "../../src/core/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import type { AgentLife } from "./fleet.ts";
import { same } from "./same.ts";

const pageEvents = 10_000;
const pageRuns = 1_000;

/** A journal as it was found. */
export interface Journalled {
  readonly events: readonly Event[];
  readonly runs: ReadonlyMap<string, Run>;
  /** By run, the tasks of every attempt. */
  readonly tasks: ReadonlyMap<string, readonly TaskRun[]>;
}

/** Reads the journal of a principal that has ended. */
export async function readJournal(directory: string): Promise<Journalled> {
  const journal = SqliteJournal.open(`${directory}/state.db`);
  try {
    const events: Event[] = [];
    for (let seq = 0;;) {
      const page = await journal.eventsAfter(seq, pageEvents);
      for (const { event } of page) events.push(event);
      const last = page.at(-1);
      if (last === undefined) break;
      seq = last.seq;
    }
    const runs = new Map<string, Run>();
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: { runs: readonly Run[]; cursor: string | null } = await journal.runs({
        ...(cursor === "" ? {} : { beforeRunId: cursor }),
        limit: pageRuns,
      });
      for (const run of page.runs) runs.set(run.runId, run);
      cursor = page.cursor;
    }
    const tasks = new Map<string, TaskRun[]>();
    for (const { runId, attempt } of runs.values()) {
      const found = [];
      for (let number = 1; number <= attempt; number++) found.push(...await journal.tasks(runId, number));
      tasks.set(runId, found);
    }
    return { events, runs, tasks };
  } finally {
    await journal.close();
  }
}

/** Every trigger that was answered is there as one run, no key has two, and nothing was made up. */
export function checkTriggers({ runs }: Journalled, accepted: ReadonlyMap<string, string>): void {
  const found = new Map<string, string>();
  for (const { runId, idempotencyKey } of runs.values()) {
    const key = idempotencyKey ?? "no key";
    ok(!found.has(key), `the runs ${found.get(key)} and ${runId} have the same key, ${key}`);
    found.set(key, runId);
  }
  deepEqual(found, new Map(accepted));
}

/**
 * The events of each run make a life that the rules allow: attempts only grow, it ends exactly once for each time that it
 * was (re)queued, and it stands where its events lead.
 */
export function checkLives({ events, runs }: Journalled): void {
  const stand = new Map<string, { state: string; attempt: number; ends: number; starts: number }>();
  for (const event of events) {
    if (event.type === "run_triggered") {
      ok(!stand.has(event.runId), `run ${event.runId} was triggered twice`);
      stand.set(event.runId, { state: "PENDING", attempt: 0, ends: 0, starts: 1 });
      continue;
    }
    // What is ignored may be about runs that never were.
    if (!("runId" in event) || event.type === "report_ignored") continue;
    const life = stand.get(event.runId);
    ok(life !== undefined, `${event.type} of run ${event.runId} comes before its trigger`);
    const told = `${event.type} of run ${event.runId}, which is ${life.state} in attempt ${life.attempt}`;
    switch (event.type) {
      case "run_assigned":
        same(life.state, "PENDING", told);
        ok(event.attempt > life.attempt, `${told}, opens attempt ${event.attempt}`);
        life.state = "ASSIGNED";
        life.attempt = event.attempt;
        break;
      case "run_started":
        same(life.state, "ASSIGNED", told);
        same(event.attempt, life.attempt, told);
        life.state = "RUNNING";
        break;
      case "run_returned":
        same(life.state, "ASSIGNED", told);
        life.state = "PENDING";
        break;
      case "run_requeued":
        same(event.attempt, life.attempt, told);
        if (isFinalWord(life.state)) life.starts++;
        life.state = "PENDING";
        break;
      case "run_finished":
        ok(!isFinalWord(life.state), told);
        same(event.attempt, life.attempt, told);
        life.state = event.state;
        life.ends++;
        break;
    }
  }
  for (const [runId, run] of runs) {
    const life = stand.get(runId);
    deepEqual({ state: life?.state, attempt: life?.attempt }, { state: run.state, attempt: run.attempt }, runId);
  }
  same(stand.size, runs.size, "runs that the events tell of");
  for (const [runId, { state, ends, starts }] of stand) {
    ok(isFinalWord(state), `run ${runId} is still ${state}`);
    same(ends, starts, `times that run ${runId} ended`);
  }
}

/** A run is CRASHED, or was started again because of a crash, only if the process that had it was killed. */
export function checkCrashes({ events }: Journalled, lives: readonly AgentLife[]): number {
  const holders = new Map<string, { session: string; agentId: string }>();
  let crashes = 0;
  for (const event of events) {
    if (event.type === "run_assigned") {
      holders.set(event.runId, { session: event.session ?? "", agentId: event.agentId });
    }
    const isCrash = (event.type === "run_finished" && event.state === "CRASHED") ||
      (event.type === "run_requeued" && event.cause === "crash");
    if (!isCrash) continue;
    crashes++;
    const holder = holders.get(event.runId);
    ok(holder !== undefined, `run ${event.runId} crashed and no agent had it`);
    const life = lifeOf(holder, lives);
    ok(
      life !== undefined && life.killedAtMs !== null && life.killedAtMs <= event.atMs,
      `run ${event.runId} counts as crashed (${event.reason}), and its agent ${holder.agentId} was not killed`,
    );
  }
  return crashes;
}

/** A session is a UUID of version 7: it begins with the time at which its process made it. */
function lifeOf(
  { session, agentId }: { session: string; agentId: string },
  lives: readonly AgentLife[],
): AgentLife | undefined {
  const bornMs = Number.parseInt(session.replaceAll("-", "").slice(0, 12), 16);
  return lives.filter(({ name, startedAtMs }) => agentId.endsWith(`-${name}`) && startedAtMs <= bornMs).at(-1);
}

function isFinalWord(state: string): boolean {
  return ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"].includes(state);
}

/** How many runs stand in each state. */
export function countStates(runs: Iterable<Run>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of runs) counts[state.toLowerCase()] = (counts[state.toLowerCase()] ?? 0) + 1;
  return counts;
}

/** The task runs that completed, with the run they belong to. */
export function completedTasks({ runs, tasks }: Journalled): { run: Run; task: TaskRun }[] {
  return [...tasks].flatMap(([runId, ofRun]) => {
    const run = runs.get(runId);
    return run === undefined || !isFinal(run.state)
      ? []
      : ofRun.filter(({ state }) => state === "COMPLETED").map((task) => ({ run, task }));
  });
}
