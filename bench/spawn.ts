/**
 * What a process group of its own costs: `true` started and read to its end, six at a time, as fast as it goes.
 *
 * Each way has two rounds, so that drift shows. Without the program `setsid` (macOS) its row says so.
 *
 *     deno run -A bench/spawn.ts [milliseconds each]
 */

import { ProcessWorkplace, WorkflowRun } from "../src/agent/mod.ts";
import { systemClock, systemRandom } from "../src/clock/mod.ts";
import { messageOf } from "../src/core/mod.ts";
import { noRetry, workflowDefaults } from "../src/workflow/mod.ts";

const inFlight = 6;
const roundMs = Number(Deno.args[0] ?? 1_500);
const piped = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
const never = new AbortController().signal;

async function drain(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  while (!(await reader.read()).done);
}

async function bare(command: string, args: string[], detached = false): Promise<void> {
  const child = new Deno.Command(command, { ...piped, args, detached }).spawn();
  await Promise.all([drain(child.stdout), drain(child.stderr), child.status]);
}

const workplace = new ProcessWorkplace({
  directory: Deno.makeTempDirSync({ prefix: "cdktr-bench-spawn-" }),
  clock: systemClock,
  log: { info: () => {}, warn: () => {}, error: () => {} },
});
await workplace.open("bench");

async function runOfOneTask(): Promise<void> {
  const run = new WorkflowRun({
    workflow: {
      id: "bench",
      name: "Bench",
      description: null,
      path: "workflows/bench.yml",
      cron: null,
      timezone: "UTC",
      startTime: null,
      env: {},
      timeoutMs: null,
      ...workflowDefaults,
      tasks: [{
        id: "a",
        name: "A",
        description: null,
        depends: [],
        env: {},
        timeoutMs: null,
        retry: noRetry,
        config: { type: "subprocess", cmd: "true", args: [] },
      }],
    },
    runId: "bench",
    attempt: 1,
    params: {},
    maxParallelTasks: 1,
    executor: workplace,
    clock: systemClock,
    random: systemRandom,
    newTaskRunId: () => crypto.randomUUID(),
    signal: never,
    report: () => {},
    emit: () => {},
  });
  await run.run();
}

const ways: [name: string, once: () => Promise<unknown>][] = [
  ["plain, no group", () => bare("true", [])],
  ["detached: true", () => bare("true", [], true)],
  ["setsid program", () => bare("setsid", ["--", "true"])],
  ["ours, a run of one task", runOfOneTask],
];

async function perSecond(once: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  let count = 0;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (; performance.now() - beganMs < roundMs; count += 1) await once();
  }));
  return count / (performance.now() - beganMs) * 1_000;
}

for (let round = 1; round <= 2; round += 1) {
  for (const [name, once] of ways) {
    const rate = await perSecond(once).then((perS) => `${Math.round(perS)} /s`, messageOf);
    // deno-lint-ignore no-console -- the figure is the product
    console.log(`round ${round}  ${name.padEnd(28)} ${rate.padStart(9)}`);
  }
}
