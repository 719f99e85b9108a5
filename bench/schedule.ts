/**
 * How late a scheduler with 10,000 schedules triggers: from the due time to the principal's decision, scheduler and principal
 * in one process as `cdktr start principal` has them, the journal in memory. In the same seconds, half a second apart so
 * that they do not disturb each other, bare timers set to a wall time.
 *
 *     deno run -A bench/schedule.ts [--quick]
 */
import { systemClock, systemRandom } from "../src/clock/mod.ts";
import { PrincipalClient } from "../src/client/mod.ts";
import { History } from "../src/history/mod.ts";
import { type Batch, MemoryJournal } from "../src/journal/mod.ts";
import { directLink, Principal } from "../src/principal/mod.ts";
import { Scheduler } from "../src/scheduler/mod.ts";
import { parseWorkflow, type Workflow } from "../src/workflow/mod.ts";
import { percentile, verdict } from "./measure/figures.ts";

/** What we promise for the 99th percentile, milliseconds. */
const budgetMs = 20;

const quick = Deno.args.includes("--quick");
const seconds = quick ? 10 : 40;
const scheduleCount = 10_000;
/** Of the schedules so many are due every second, one in a thousand; the others some time of the day. */
const everySecond = 10;

/** Notes how late each trigger was decided. */
class WatchedJournal extends MemoryJournal {
  readonly lateMs: number[] = [];

  override append(batch: Batch): Promise<void> {
    for (const { event } of batch.events) {
      if (event.type !== "run_triggered") continue;
      const dueMs = Number(/^cron:.*:(\d+)$/.exec(event.idempotencyKey ?? "")?.[1]);
      this.lateMs.push(event.atMs - dueMs);
    }
    return super.append(batch);
  }
}

const directory = await Deno.makeTempDir({ prefix: "cdktr-bench-" });
try {
  const journal = new WatchedJournal();
  let changed = () => {};
  const workflows = new Map(Array.from({ length: scheduleCount }, (_, index) => scheduled(index)));
  const list = [...workflows.values()];
  const silent = { info: () => {}, warn: console.error, error: console.error };
  const principal = await Principal.open({
    version: "0.0.0",
    journal,
    history: await History.open({ path: `${directory}/app.db`, clock: systemClock, onProblem: console.error }),
    workflows: {
      get: (id) => workflows.get(id),
      list: () => list,
      problems: () => [],
      onChange: (listener) => {
        changed = listener;
        return () => {};
      },
    },
    clock: systemClock,
    random: systemRandom,
    report: silent,
    agentTimeoutMs: 30_000,
    isServing: true,
    upkeep: null,
  });
  const client = PrincipalClient.overLink(directLink(principal), {
    clock: systemClock,
    random: systemRandom,
    version: "0.0.0",
    role: "scheduler",
    timeoutMs: 3_000,
  });
  let loaded = Promise.withResolvers<void>();
  let beganMs = performance.now();
  const scheduler = new Scheduler({ client, clock: systemClock, log: { ...silent, info: () => loaded.resolve() } });
  scheduler.start();
  await loaded.promise;
  const loadMs = performance.now() - beganMs;

  // What fell due while they were loaded is late by that; what counts is how it goes on.
  await bareTimers(1);
  journal.lateMs.length = 0;

  const bareLateMs = await bareTimers(seconds);
  const lateMs = [...journal.lateMs];
  // As when a file changes: all are described and read again. Nothing else happens in the process meanwhile.
  loaded = Promise.withResolvers();
  beganMs = performance.now();
  changed();
  await loaded.promise;
  const reloadMs = performance.now() - beganMs;
  await scheduler.stop();
  await client.close();
  await principal.close();

  console.log(
    `${
      scheduleCount.toLocaleString("en")
    } schedules, ${seconds} s                              p50        p99        max`,
  );
  show(`due to triggered (${lateMs.length} triggers)`, lateMs);
  show(`bare timer (${bareLateMs.length})`, bareLateMs);
  console.log(`loaded in ${loadMs.toFixed(0)} ms; after a change of one file in ${reloadMs.toFixed(0)} ms`);
  console.log(`budget ${budgetMs} ms at p99: ${verdict(percentile(lateMs, 0.99), budgetMs, "lower")}`);
} finally {
  await Deno.remove(directory, { recursive: true });
}

function scheduled(index: number): [string, Workflow] {
  const id = `bench.w${index}`;
  const cron = index < everySecond ? "* * * * * *" : `${index % 60} ${index % 59} ${index % 23} * * *`;
  const yaml =
    `name: Bench\ncron: "${cron}"\ntasks:\n  only:\n    name: Only\n    config: !Subprocess\n      cmd: "true"\n`;
  const { workflow } = parseWorkflow(yaml, { id, path: `workflows/bench/w${index}.yml` });
  if (workflow === null) throw new Error(`"${cron}" does not make a workflow`);
  return [id, workflow];
}

/** As many timers a second as workflows are due in it, each set to the middle of a second of the wall clock. */
async function bareTimers(count: number): Promise<number[]> {
  const lateMs: number[] = [];
  for (let second = 0; second < count; second++) {
    const nowMs = Date.now();
    const dueMs = Math.floor((nowMs + 500) / 1_000) * 1_000 + 500;
    await Promise.all(Array.from({ length: everySecond }, () => {
      return new Promise<void>((resolve) =>
        setTimeout(() => {
          lateMs.push(Date.now() - dueMs);
          resolve();
        }, dueMs - nowMs)
      );
    }));
  }
  return lateMs;
}

function show(name: string, valuesMs: readonly number[]): void {
  const figures = [0.5, 0.99, 1].map((share) => `${percentile(valuesMs, share).toFixed(0).padStart(5)} ms`);
  console.log(`  ${name.padEnd(48)} ${figures.join("   ")}`);
}
