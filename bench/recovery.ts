/**
 * A principal with a long past: how long it takes to start, to list runs, to save a snapshot and to compact its journal,
 * and how long each of these holds everything else up. Beside the start the bare cost of reading the same rows with SQLite.
 *
 *     deno run -A bench/recovery.ts [runs]
 *
 * 200,000 runs unless told otherwise. A million take some minutes to make and 3.5 GB of disk.
 */
import { DatabaseSync } from "node:sqlite";
import { type Clock, sleep, systemClock } from "../src/clock/mod.ts";
import { type Journal, type RunQuery, SqliteJournal } from "../src/journal/mod.ts";
import { Compaction, Ledger } from "../src/principal/mod.ts";
import { PastRuns } from "./journal/past_runs.ts";
import { count, percentile, verdict } from "./measure/figures.ts";
import { LoopWatch } from "./measure/loop_watch.ts";

const runCount = Number(Deno.args[0] ?? 200_000);
/** What we promise. */
const startBudgetMs = 2_000;
const listBudgetMs = 50;
/** Runs in progress when the principal is killed, and runs that ended since the snapshot: six events each. */
const waitingRuns = 1_000;
const runsSinceSnapshot = 1_600;
const snapshotRuns = 100_000;
/** Runs that are too old when the journal is compacted, with six events each. */
const oldRuns = Math.min(runCount / 2, 30_000);
const rounds = 3;
/** One run a minute, the last one now. */
const stepMs = 60_000;
const firstMs = Date.now() - runCount * stepMs;
const report = { info: () => {}, warn: console.warn, error: console.error };
const noPause = () => Promise.resolve();

const directory = await Deno.makeTempDir({ prefix: "cdktr-bench-recovery-" });
try {
  const path = `${directory}/state.db`;
  await makePast(path);
  await measureStart(path);
  await measureLists(path);
  await measureCompaction(path);
  await measureSnapshot(`${directory}/waiting.db`);
} finally {
  await Deno.remove(directory, { recursive: true });
}

async function makePast(path: string): Promise<void> {
  const beganMs = performance.now();
  const journal = SqliteJournal.open(path);
  const past = new PastRuns(journal, firstMs, stepMs);
  await past.add(runCount - runsSinceSnapshot, "ended");
  await past.add(waitingRuns, "waiting");
  await journal.saveSnapshot(past.seq, past.state.toSnapshot(), noPause);
  await past.add(runsSinceSnapshot, "ended");
  await journal.close();
  const seconds = (performance.now() - beganMs) / 1000;
  const { size } = await Deno.stat(path);
  console.log(`${count(runCount)} runs, ${count(past.seq)} events, ${(size / 2 ** 20).toFixed(0)} MiB`);
  console.log(`made in ${seconds.toFixed(0)} s: ${count(past.seq / seconds)} events/s\n`);
}

/** As after a power cut: the journal is not closed in between by a ledger that leaves a snapshot. */
async function measureStart(path: string): Promise<void> {
  const startMs: number[] = [];
  const bareMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let beganMs = performance.now();
    readBare(path);
    bareMs.push(performance.now() - beganMs);
    beganMs = performance.now();
    const journal = SqliteJournal.open(path, { reserveBytes: 0 });
    await Ledger.open({ journal, clock: systemClock, knownSeq: 0, onCommitted: () => {}, onProblem: console.warn });
    startMs.push(performance.now() - beganMs);
    await journal.close();
  }
  const worstMs = Math.max(...startMs);
  console.log(`start: open and recover   ${ms(startMs)}`);
  console.log(`bare: SQLite reads them   ${ms(bareMs)}`);
  console.log(`budget ${startBudgetMs} ms: ${verdict(worstMs, startBudgetMs, "lower")}\n`);
}

/** What a start cannot do without: the rows of the snapshot and of the events after it. */
function readBare(path: string): void {
  using database = new DatabaseSync(path);
  const snapshot = database.prepare("SELECT snapshot_id, seq FROM snapshots WHERE is_complete = 1").get();
  database.prepare("SELECT body FROM snapshot_parts WHERE snapshot_id = ?").all(snapshot?.["snapshot_id"] ?? 0);
  database.prepare("SELECT seq, body FROM events WHERE seq > ?").all(snapshot?.["seq"] ?? 0);
}

async function measureLists(path: string): Promise<void> {
  const journal = SqliteJournal.open(path);
  const middleMs = firstMs + runCount * stepMs / 2;
  const workflowId = "team.workflow3";
  const queries: Record<string, Omit<RunQuery, "limit">> = {
    "newest": {},
    "one state, rare": { states: ["FAILED"] },
    "state of which there is none": { states: ["CRASHED"] },
    "several states": { states: ["COMPLETED", "FAILED", "PENDING"] },
    "one trigger": { triggers: ["manual"] },
    "trigger of which there is none": { triggers: ["backfill"] },
    "one workflow": { workflowId },
    "workflow and state": { workflowId, states: ["FAILED"] },
    "workflow, state, trigger": { workflowId, states: ["RUNNING"], triggers: ["manual"] },
    "state and trigger": { states: ["FAILED"], triggers: ["manual"] },
    "an old hour": { sinceMs: middleMs, untilMs: middleMs + 3_600_000 },
    "workflow before a time": { workflowId, untilMs: middleMs },
    "before all": { untilMs: firstMs, states: ["COMPLETED"] },
  };
  let worstMs = 0;
  for (const [name, query] of Object.entries(queries)) {
    const beganMs = performance.now();
    const { runs } = await journal.runs({ ...query, limit: 100 });
    const tookMs = performance.now() - beganMs;
    worstMs = Math.max(worstMs, tookMs);
    console.log(`list: ${name.padEnd(32)} ${tookMs.toFixed(1).padStart(6)} ms, ${runs.length} runs`);
  }
  const beganMs = performance.now();
  await journal.countRuns();
  console.log(`count by state                         ${(performance.now() - beganMs).toFixed(1).padStart(6)} ms`);
  console.log(`budget ${listBudgetMs} ms a list: ${verdict(worstMs, listBudgetMs, "lower")}\n`);
  await journal.close();
}

/** The oldest part of the past is too old. Meanwhile a commit every 5 ms, and none of them may wait for long. */
async function measureCompaction(path: string): Promise<void> {
  const journal = SqliteJournal.open(path);
  const days = (runCount - oldRuns) * stepMs / 86_400_000;
  const compaction = new Compaction({
    journal,
    clock: systemClock,
    report,
    retention: { runDays: days, eventDays: days, eventsMax: 1_000_000_000 },
    projectedSeq: () => Infinity,
    isInUse: () => true,
  });
  const alone = await commitsDuring(journal, () => sleep(systemClock, 2_000));
  const watch = new LoopWatch();
  const beganMs = performance.now();
  let removed = { runs: 0, events: 0, freedBytes: 0 };
  const during = await commitsDuring(journal, async () => void (removed = await compaction.compact()));
  const seconds = (performance.now() - beganMs) / 1000;
  const stallMs = await watch.stop();
  const { runs, events, freedBytes } = removed;
  console.log(`compaction: ${count(runs)} runs, ${count(events)} events in ${seconds.toFixed(1)} s`);
  console.log(`  ${count((runs + events) / seconds)} rows/s, ${(freedBytes / 2 ** 20).toFixed(0)} MiB given back`);
  console.log(`  longest stall of the loop  ${stallMs.toFixed(1)} ms`);
  console.log(`  a commit takes             ${commitFigures(during)}`);
  console.log(`  when nothing is compacted  ${commitFigures(alone)}\n`);
  await journal.close();
}

/** How long each of the commits took, from when it was due, in milliseconds. */
async function commitsDuring(journal: Journal, work: () => Promise<void>): Promise<number[]> {
  const everyMs = 5;
  const tookMs: number[] = [];
  const working = work();
  let isOver = false;
  const over = working.finally(() => isOver = true);
  let dueMs = performance.now();
  while (!isOver) {
    await sleep(systemClock, dueMs - performance.now());
    const definition = { hash: `h${tookMs.length % 50}`, workflowId: "w", workflowName: "w", body: "{}" };
    await journal.append({ events: [], definitions: [definition], runs: [], tasks: [] });
    tookMs.push(performance.now() - dueMs);
    dueMs = Math.max(dueMs + everyMs, performance.now());
  }
  await over;
  return tookMs;
}

function commitFigures(tookMs: readonly number[]): string {
  const figure = (share: number) => percentile(tookMs, share).toFixed(1);
  return `p50 ${figure(0.5)}, p99 ${figure(0.99)}, longest ${figure(1)} ms (${count(tookMs.length)} commits)`;
}

async function measureSnapshot(path: string): Promise<void> {
  const journal = SqliteJournal.open(path);
  const past = new PastRuns(journal, firstMs, stepMs);
  await past.add(snapshotRuns, "waiting");
  const clock: Clock = systemClock;
  for (let round = 0; round < rounds; round++) {
    const watch = new LoopWatch();
    const beganMs = performance.now();
    const snapshot = past.state.toSnapshot();
    const copiedMs = performance.now() - beganMs;
    await journal.saveSnapshot(past.seq, snapshot, () => sleep(clock, 1));
    const tookMs = performance.now() - beganMs;
    const stallMs = await watch.stop();
    console.log(
      `snapshot of ${count(snapshotRuns)} runs: ${tookMs.toFixed(0)} ms in all, copy ${copiedMs.toFixed(1)} ms, ` +
        `longest stall ${stallMs.toFixed(1)} ms`,
    );
  }
  await journal.close();
  const bare = new DatabaseSync(`${directory}/bare.db`);
  bare.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE s (body TEXT)");
  const beganMs = performance.now();
  bare.prepare("INSERT INTO s VALUES (?)").run(JSON.stringify(past.state.toSnapshot()));
  console.log(`bare: the same in one piece, a stall of ${(performance.now() - beganMs).toFixed(0)} ms`);
  bare.close();
}

function ms(values: readonly number[]): string {
  return values.map((value) => `${value.toFixed(0)}`).join(", ") + " ms";
}
