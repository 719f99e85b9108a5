/**
 * From a trigger to the start of its task, principal and agent as processes of their own, the journal durable: the task is
 * `date`, which prints when it runs. In turns with the bare cost: one SQLite commit with `synchronous=FULL` and the same
 * program started by Deno.
 *
 *     deno run -A bench/trigger.ts [--quick]
 */
import { DatabaseSync } from "node:sqlite";
import type { PrincipalClient } from "../src/client/mod.ts";
import { Place } from "../tests/system/processes.ts";
import { spawnOnce } from "./measure/bare_spawn.ts";
import { percentile, verdict } from "./measure/figures.ts";

/** What we promise from the answer to the start, milliseconds. */
const budgetMs = { p50: 10, p99: 50 };

const quick = Deno.args.includes("--quick");
const rounds = quick ? 100 : 600;
const warmUpRounds = 50;
/** Prints nanoseconds since the epoch. */
const program = { command: "date", args: ["+%s%N"] };

const workflow = `name: Bench
tasks:
  only:
    name: Only
    config: !Subprocess
      cmd: ${program.command}
      args: ${JSON.stringify(program.args)}
`;

interface Sample {
  /** From sending the trigger to its answer, which says that the run is durable. */
  readonly answeredMs: number;
  readonly sentToStartMs: number;
  readonly answerToStartMs: number;
}

await using place = await Place.make();
await place.write("bench", workflow);
await using _principal = await place.startPrincipal();
await using client = place.client();
await using _agent = await place.startAgent();

const printed = new Map<string, PromiseWithResolvers<number>>();
const subscribed = Promise.withResolvers<void>();
const following = new AbortController();
const followed = readTimes(client, following.signal);
await subscribed.promise;
const bare = openBare(`${place.path}/bare.db`);

for (let round = 0; round < warmUpRounds; round++) {
  await ours();
  await bare();
}
const samples: Sample[] = [];
const bareMs: number[] = [];
for (let round = 0; round < rounds; round++) {
  samples.push(await ours());
  bareMs.push(await bare());
}
following.abort();
await followed;

console.log(`${rounds} triggers, one at a time                      p50        p99`);
show("trigger sent to answered", samples.map(({ answeredMs }) => answeredMs));
const started = show("trigger answered to process started", samples.map(({ answerToStartMs }) => answerToStartMs));
const whole = show("trigger sent to process started", samples.map(({ sentToStartMs }) => sentToStartMs));
const floor = show("bare: one commit, then the process", bareMs);
console.log(
  `sent to started is ${(whole.p50 / floor.p50).toFixed(2)} (p50) and ${
    (whole.p99 / floor.p99).toFixed(2)
  } (p99) times the bare cost`,
);
console.log(
  `budget ${budgetMs.p50} / ${budgetMs.p99} ms from the answer: ${verdict(started.p50, budgetMs.p50, "lower")} / ${
    verdict(started.p99, budgetMs.p99, "lower")
  }`,
);

async function ours(): Promise<Sample> {
  const sentMs = wallMs();
  const { runId } = await client.call("RUN", {
    workflowId: "bench",
    trigger: "manual",
    params: {},
    idempotencyKey: null,
    dueMs: null,
    reason: "a benchmark",
  });
  const answeredAtMs = wallMs();
  const startedMs = await timeOf(runId).promise;
  await client.call("WAITRUN", { run: runId, waitMs: 10_000 });
  printed.delete(runId);
  return {
    answeredMs: answeredAtMs - sentMs,
    sentToStartMs: startedMs - sentMs,
    answerToStartMs: startedMs - answeredAtMs,
  };
}

/** The line may come before the answer that tells the run's id. */
function timeOf(runId: string): PromiseWithResolvers<number> {
  let found = printed.get(runId);
  if (found === undefined) printed.set(runId, found = Promise.withResolvers());
  return found;
}

async function readTimes(client: PrincipalClient, signal: AbortSignal): Promise<void> {
  for await (const news of client.followLogs("bench", signal)) {
    if (news.type === "connected") subscribed.resolve();
    if (news.type !== "lines") continue;
    for (const { runId, payload } of news.lines) timeOf(runId).resolve(toMs(payload.replace("STDOUT ", "")));
  }
}

function openBare(path: string): () => Promise<number> {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec("CREATE TABLE events (body TEXT)");
  const insert = database.prepare("INSERT INTO events VALUES (?)");
  return async () => {
    const beganMs = wallMs();
    insert.run("x".repeat(1_000));
    return toMs(await spawnOnce(program.command, program.args)) - beganMs;
  };
}

function toMs(nanoseconds: string): number {
  const ms = Number(nanoseconds) / 1e6;
  if (!Number.isFinite(ms)) throw new Error("This benchmark needs a `date` that knows %N, as GNU's does.");
  return ms;
}

/** Wall time with parts of a millisecond. */
function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

function show(name: string, valuesMs: readonly number[]): { p50: number; p99: number } {
  const figures = { p50: percentile(valuesMs, 0.5), p99: percentile(valuesMs, 0.99) };
  console.log(
    `  ${name.padEnd(40)} ${figures.p50.toFixed(2).padStart(6)} ms  ${figures.p99.toFixed(2).padStart(6)} ms`,
  );
  return figures;
}
