/** `kill -9` of the principal and of agents at random moments, while runs are triggered, handed out, and print. */
import { ok } from "node:assert/strict";
import { Fleet } from "../fleet.ts";
import { HistoryFile } from "../history_oracle.ts";
import {
  checkCrashes,
  checkLives,
  checkTriggers,
  completedTasks,
  countStates,
  type Journalled,
  readJournal,
} from "../journal_oracle.ts";
import { Load } from "../load.ts";
import { same } from "../same.ts";
import { type Outcome, pause, type Scenario, type Stage } from "../scenario.ts";
import { countingWorkflow, readStarts } from "../workflows.ts";

const sizes = {
  quick: { runs: 90, lines: 250, kills: 5 },
  long: { runs: 2_000, lines: 500, kills: 40 },
};
const agents = ["a", "b", "c"] as const;
const slots = 8;
/** In the middle of its lines each task rests so long, in seconds, so that kills find many of them. */
const restS = 0.5;
/** So much of the kills goes to the principal, a third of these while it starts. */
const principalShare = 0.4;
const whileStartingShare = 0.33;
/** Rest before each kill, in milliseconds. */
const calm = { low: 50, high: 900 };
/** Silence of an agent that counts as death: short enough to wait for, far above the pauses of one that reconnects. */
const agentTimeoutMs = 6_000;
/** How often a run of `on_crash: retry` is started again at most. */
const crashRetriesMax = 3;

export const killNine: Scenario = {
  name: "kill -9",
  promise: "what was answered survives kill -9 of principal and agents: runs, states, attempts, lines",
  play,
};

async function play({ isLong, chance }: Stage): Promise<Outcome> {
  const size = isLong ? sizes.long : sizes.quick;
  await using fleet = await Fleet.make({ CDKTR_AGENT_HEARTBEAT_TIMEOUT_MS: String(agentTimeoutMs) });
  const { place } = fleet;
  const began = `${place.path}/began`;
  await place.write("once", countingWorkflow(began, { lines: size.lines, restS }));
  await place.write("again", countingWorkflow(began, { lines: size.lines, restS, also: "on_crash: retry" }));

  await fleet.startPrincipal();
  await using client = fleet.client();
  const load = new Load(client);
  for (const name of agents) await fleet.startAgent(name, { slots });

  const triggering: Promise<void>[] = [];
  const perRound = Math.ceil(size.runs / (size.kills + 1));
  const kills = { principal: 0, starting: 0, agent: 0 };
  for (let round = 0; round <= size.kills; round++) {
    const first = round * perRound;
    const keys = Array.from({ length: Math.min(perRound, size.runs - first) }, (_, index) => `k${first + index}`);
    triggering.push(load.triggerAll(keys, (key) => Number(key.slice(1)) % 3 === 0 ? "again" : "once"));
    if (round === size.kills) break;
    await pause(chance.between(calm.low, calm.high));
    if (chance.happens(principalShare)) {
      await fleet.endPrincipal();
      kills.principal++;
      if (chance.happens(whileStartingShare)) {
        await fleet.startAndKillPrincipal(chance.between(100, 1_500));
        kills.starting++;
      }
      await fleet.startPrincipal();
    } else {
      const name = chance.pick(agents);
      await fleet.killAgent(name);
      kills.agent++;
      await pause(chance.between(0, 500));
      await fleet.startAgent(name, { slots });
    }
  }
  await Promise.all(triggering);
  await load.allEnded();
  await fleet.end();

  const journalled = await readJournal(`${place.path}/kept`);
  same(load.accepted.size, size.runs, "triggers that were answered in the end");
  checkTriggers(journalled, load.accepted);
  checkLives(journalled);
  const crashes = checkCrashes(journalled, fleet.lives);
  const starts = await readStarts(began);
  checkStarts(journalled, starts);
  const history = new HistoryFile(`${place.path}/kept`);
  const setAside = await HistoryFile.setAside(`${place.path}/kept`);
  same(setAside.join(" "), "", "history databases that were set aside, though nothing but kill -9 was done to them");
  const statusRows = await history.checkStatuses(journalled);
  const lines = await checkLines(history, journalled, size.lines);
  return {
    done:
      `${kills.principal} kills of the principal and ${kills.starting} more while it started, ${kills.agent} of agents`,
    counts: {
      runs: journalled.runs.size,
      ...countStates(journalled.runs.values()),
      triggersSentAgain: load.failedTries,
      crashedAttempts: crashes,
      statusRows,
      ...lines,
    },
    lost: 0,
  };
}

/** By what the tasks themselves left behind: a second start only where the definition allows it, none without an attempt. */
function checkStarts({ runs }: Journalled, starts: ReadonlyMap<string, number>): void {
  for (const { runId, idempotencyKey, workflowId, state, attempt } of runs.values()) {
    const count = starts.get(idempotencyKey ?? "") ?? 0;
    const told = `run ${runId} of ${workflowId}, ${state}, began ${count} times in ${attempt} attempts`;
    ok(count <= attempt, told);
    ok(count <= (workflowId === "again" ? 1 + crashRetriesMax : 1), told);
    if (state === "COMPLETED") ok(count >= 1, told);
  }
}

/**
 * What a completed task printed is there to the last line; of one that was cut off, all up to some line. Nothing is there
 * twice or out of order, and what is missing was counted in its place.
 */
async function checkLines(
  history: HistoryFile,
  journalled: Journalled,
  linesPerTask: number,
): Promise<{ lines: number; linesMissingAndMarked: number }> {
  const found = await history.taskLines();
  for (const [taskRunId, { fault }] of found) same(fault, null, `fault in the lines of task run ${taskRunId}`);
  for (const { run, task } of completedTasks(journalled)) {
    const last = found.get(task.taskRunId)?.last ?? 0;
    same(last, linesPerTask, `last line of run ${run.runId}, which completed in attempt ${task.attempt}`);
  }
  const all = [...found.values()];
  return {
    lines: all.reduce((sum, { stored }) => sum + stored, 0),
    linesMissingAndMarked: all.reduce((sum, { missing }) => sum + missing, 0),
  };
}
