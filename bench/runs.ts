/**
 * Runs of one task through a principal and one agent, processes of their own, the journal durable; in turns with the bare
 * rate at which Deno starts the same program and reads it to its end. And how many triggers a second are accepted.
 *
 *     deno run -A bench/runs.ts [--quick]
 */
import type { PrincipalClient } from "../src/client/mod.ts";
import { isFinal } from "../src/core/mod.ts";
import { Place } from "../tests/system/processes.ts";
import { spawnsPerSecond } from "./measure/bare_spawn.ts";
import { count, median, spread, verdict } from "./measure/figures.ts";

/** What we promise: this share of the bare rate. */
const budgetOfSpawns = 0.5;

const quick = Deno.args.includes("--quick");
const rounds = quick ? 2 : 5;
const runsPerRound = quick ? 500 : 1_500;
const bareMs = quick ? 1_000 : 2_500;
/** Runs at a time on the agent, and processes at a time for the bare rate. */
const inFlight = 16;
/** The program that gives a task its process group on Linux, and what that alone costs. */
const hasSetsid = Deno.build.os === "linux";
/** Triggers that wait for their answer at a time. */
const triggersInFlight = 64;

const workflow = `name: Bench
tasks:
  only:
    name: Only
    config: !Subprocess
      cmd: "true"
`;
const request = { trigger: "manual", params: {}, idempotencyKey: null, dueMs: null, reason: "a benchmark" } as const;

await using place = await Place.make();
await place.write("bench", workflow);
await using _principal = await place.startPrincipal();
await using client = place.client();

const triggerRates: number[] = [];
const accepted = [];
for (let round = 0; round < rounds; round++) {
  const { rate, runIds } = await triggerMany(client);
  triggerRates.push(rate);
  accepted.push(...runIds);
}
await Promise.all(
  accepted.map((run) => client.call("CANCEL", { run, task: null, reason: "only the trigger was measured" })),
);

await using _agent = await place.startAgent(["--max-concurrent", String(inFlight)]);
// The compiler makes code fast only once it has run a while.
await runMany(client);
await spawnsPerSecond("true", [], inFlight, bareMs / 2);
const ourRates: number[] = [];
const bareRates: number[] = [];
const groupRates: number[] = [];
for (let round = 0; round < rounds; round++) {
  bareRates.push(await spawnsPerSecond("true", [], inFlight, bareMs));
  ourRates.push(await runMany(client));
  if (hasSetsid) groupRates.push(await spawnsPerSecond("setsid", ["--", "true"], inFlight, bareMs));
}

const ratios = ourRates.map((rate, round) => rate / (bareRates[round] ?? NaN));
const groupRatios = groupRates.map((rate, round) => (ourRates[round] ?? NaN) / rate);
console.log(`${rounds} rounds in turns, ${inFlight} at a time            median (range)`);
console.log(`  runs of one task /s                    ${spread(ourRates)}`);
console.log(`  bare: the program started /s           ${spread(bareRates)}`);
if (hasSetsid) console.log(`  bare, with a process group of its own  ${spread(groupRates)}`);
console.log(`  triggers accepted /s, durable          ${spread(triggerRates)}, ${count(triggersInFlight)} in flight`);
console.log(`ours is ${shares(ratios)} of the bare rate`);
if (hasSetsid) console.log(`ours is ${shares(groupRatios)} of the bare rate with process groups`);
console.log(`budget ${budgetOfSpawns} of the bare rate: ${verdict(median(ratios), budgetOfSpawns, "higher")}`);

function shares(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`;
}

/** Triggers a round of runs, and tells how many were accepted a second. */
async function triggerMany(client: PrincipalClient): Promise<{ rate: number; runIds: string[] }> {
  const runIds: string[] = [];
  let sent = 0;
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: triggersInFlight }, async () => {
    while (sent++ < runsPerRound) runIds.push((await client.call("RUN", { workflowId: "bench", ...request })).runId);
  }));
  return { rate: runIds.length / (performance.now() - beganMs) * 1_000, runIds };
}

/** Triggers a round of runs, waits for the end of all, and tells how many ended a second. */
async function runMany(client: PrincipalClient): Promise<number> {
  const before = await completed(client);
  const beganMs = performance.now();
  const { runIds } = await triggerMany(client);
  // First in, first out: when the last ones have ended, so have the others.
  for (const run of runIds.slice(-2 * inFlight - triggersInFlight)) {
    while (!isFinal((await client.call("WAITRUN", { run, waitMs: 60_000 })).run.state));
  }
  const rate = runIds.length / (performance.now() - beganMs) * 1_000;
  const done = await completed(client) - before;
  if (done !== runsPerRound) throw new Error(`${done} of ${runsPerRound} runs completed.`);
  return rate;
}

async function completed(client: PrincipalClient): Promise<number> {
  return (await client.call("STATUS", {})).runs["COMPLETED"] ?? 0;
}
