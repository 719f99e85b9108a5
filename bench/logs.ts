/**
 * Log lines from the standard output of one task through an agent's spool and a principal into DuckDB, processes of their
 * own; in turns with a bare Deno process that splits the same program's output into lines, and with DuckDB's appender
 * alone. The run ends when its last line can be queried; then the agent has to end with nothing left in its spool.
 *
 *     deno run -A bench/logs.ts [--quick | --flood]
 *
 * `--flood` prints four million lines at once, more than is ever kept in memory; all of them have to be stored.
 */
import { DuckDBInstance } from "@duckdb/node-api";
import type { PrincipalClient } from "../src/client/mod.ts";
import { CdktrProcess, Place } from "../tests/system/processes.ts";
import { shellWorkflow } from "../tests/system/workflows.ts";
import { median, percentile, spread, verdict } from "./measure/figures.ts";

/** What we promise, lines a second. */
const budget = 100_000;

const quick = Deno.args.includes("--quick");
const flood = Deno.args.includes("--flood");
const rounds = flood ? 1 : quick ? 2 : 5;
const lineCount = flood ? 4_000_000 : quick ? 200_000 : 500_000;
const lastLine = "that was all";
const script = `yes "a line of a task that says about as much per line as tasks usually do, not more" | head -n ${
  lineCount - 1
}; echo "${lastLine}"`;

const rates = { ours: [] as number[], bare: [] as number[], appender: [] as number[] };
/** Processor seconds for a million lines. */
const cpuSeconds: { principal: number[]; agent: number[] } = { principal: [], agent: [] };
const residentMiB: { principal: number[]; agent: number[] } = { principal: [], agent: [] };
for (let round = 0; round < rounds; round++) {
  rates.bare.push(await bareReader());
  rates.ours.push(await throughCdktr());
  rates.appender.push(await appenderAlone());
}

const share = (of: readonly number[]) => median(rates.ours.map((rate, round) => rate / (of[round] ?? NaN)));
console.log(`${rounds} rounds in turns, ${lineCount.toLocaleString("en")} lines of 82 characters   median (range)`);
console.log(`  task's stdout to DuckDB, lines/s                 ${spread(rates.ours)}`);
console.log(`  bare: read and split by Deno, lines/s            ${spread(rates.bare)}`);
console.log(`  bare: DuckDB's appender, rows/s                  ${spread(rates.appender)}`);
console.log(
  `ours is ${share(rates.bare).toFixed(2)} of the bare reader, ${share(rates.appender).toFixed(2)} of the appender`,
);
console.log(
  `processor seconds for a million lines: principal ${median(cpuSeconds.principal).toFixed(1)}, ` +
    `agent ${median(cpuSeconds.agent).toFixed(1)}`,
);
console.log(`resident afterwards: principal ${peak(residentMiB.principal)}, agent ${peak(residentMiB.agent)}`);
console.log(`budget ${budget.toLocaleString("en")} lines/s: ${verdict(median(rates.ours), budget, "higher")}`);

/** From the trigger until the last line can be queried; then all of them are counted. */
async function throughCdktr(): Promise<number> {
  await using place = await Place.make();
  await place.write("bench", shellWorkflow({ only: { run: script } }));
  await using principal = await place.startPrincipal();
  await using agent = await place.startAgent();
  let seconds: number;
  {
    await using client = place.client();
    await client.dialect();
    const beforeSeconds = { principal: await processorSeconds(principal), agent: await processorSeconds(agent) };
    const beganMs = performance.now();
    const { runId } = await client.call("RUN", {
      workflowId: "bench",
      trigger: "manual",
      params: {},
      idempotencyKey: null,
      dueMs: null,
      reason: "a benchmark",
    });
    await client.call("WAITRUN", { run: runId, waitMs: 60_000 });
    while (!await isStored(client, runId));
    seconds = (performance.now() - beganMs) / 1_000;
    const perMillion = 1_000_000 / lineCount;
    cpuSeconds.principal.push((await processorSeconds(principal) - beforeSeconds.principal) * perMillion);
    cpuSeconds.agent.push((await processorSeconds(agent) - beforeSeconds.agent) * perMillion);
  }
  residentMiB.principal.push(await resident(principal));
  residentMiB.agent.push(await resident(agent));
  const { stderr } = await agent.end();
  if (stderr.includes("log lines stay")) throw new Error(`the agent left lines in its spool:\n${stderr}`);
  await principal.end();
  const stored = await storedLines(`${place.path}/kept/app.db`);
  if (stored !== lineCount) throw new Error(`${stored} of ${lineCount} lines are in DuckDB.`);
  return lineCount / seconds;
}

async function isStored(client: PrincipalClient, run: string): Promise<boolean> {
  const { lines } = await client.call("LOGS", { run, contains: lastLine, order: "newest", limit: 1 });
  return lines.length === 1;
}

async function storedLines(path: string): Promise<number> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll("SELECT count(*) FROM logstore WHERE level = 'INFO'");
  connection.closeSync();
  instance.closeSync();
  return Number(reader.getRows()[0]?.[0]);
}

/** What anyone pays who reads lines under Deno. */
async function bareReader(): Promise<number> {
  const beganMs = performance.now();
  const child = new Deno.Command("sh", { args: ["-c", script], stdin: "null", stdout: "piped" }).spawn();
  let lines = 0;
  let rest = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines += parts.length;
  }
  await child.status;
  if (lines !== lineCount) throw new Error(`${lines} of ${lineCount} lines were read.`);
  return lines / (performance.now() - beganMs) * 1_000;
}

/** What anyone pays who writes rows of eight columns with this binding. */
async function appenderAlone(): Promise<number> {
  const directory = await Deno.makeTempDir({ prefix: "cdktr-bench-" });
  try {
    const instance = await DuckDBInstance.create(`${directory}/bare.db`);
    const connection = await instance.connect();
    await connection.run(`CREATE TABLE logstore (workflow_id TEXT, workflow_name TEXT, workflow_instance_id TEXT,
      task_name TEXT, task_instance_id TEXT, timestamp_ms BIGINT, level TEXT, payload TEXT)`);
    const beganMs = performance.now();
    for (let first = 0; first < lineCount; first += 65_536) {
      await connection.run("BEGIN TRANSACTION");
      const appender = await connection.createAppender("logstore");
      for (let row = first; row < Math.min(first + 65_536, lineCount); row++) {
        appender.appendVarchar("bench");
        appender.appendVarchar("For a test");
        appender.appendVarchar("0190f3a1-aaaa-7bbb-8ccc-000000000001");
        appender.appendVarchar("Task only");
        appender.appendVarchar("0190f3a1-aaaa-7bbb-8ccc-000000000002");
        appender.appendBigInt(BigInt(1_795_252_402_023 + row));
        appender.appendVarchar("INFO");
        appender.appendVarchar(
          "STDOUT a line of a task that says about as much per line as tasks usually do, not more",
        );
        appender.endRow();
      }
      appender.closeSync();
      await connection.run("COMMIT");
    }
    const seconds = (performance.now() - beganMs) / 1_000;
    connection.closeSync();
    instance.closeSync();
    return lineCount / seconds;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Resident memory in MiB; NaN where there is no /proc. */
async function resident({ pid }: CdktrProcess): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}

/** Processor time so far, of the process and the system for it, in seconds; NaN where there is no /proc. */
async function processorSeconds({ pid }: CdktrProcess): Promise<number> {
  const ticksPerSecond = 100;
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  // Behind the name, which may hold anything, the 12th and 13th field (proc_pid_stat(5): utime and stime).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function peak(values: readonly number[]): string {
  return `${percentile(values, 1).toFixed(0)} MiB`;
}
