/**
 * What a principal and an agent cost while nothing happens: CPU time and resident memory, as two processes and as one, with
 * the example workflows and their schedules, beside a Deno process that only waits. Linux only: read from /proc.
 *
 *     deno run -A bench/idle.ts [--quick]
 */
import { fileURLToPath } from "node:url";
import { Place } from "../tests/system/processes.ts";
import { verdict } from "./measure/figures.ts";
import { type Usage, usageOf } from "./measure/usage.ts";

/** What we promise for both together. */
const budget = { cpuPercent: 1, residentMiB: 150 };

const quick = Deno.args.includes("--quick");
const watchMs = quick ? 5_000 : 15_000;
/** After the start, until what the start left to do is done. */
const settleMs = quick ? 2_000 : 5_000;

if (Deno.build.os !== "linux") {
  console.log("skipped: this benchmark reads /proc, which only Linux has");
  Deno.exit(0);
}
const workflows = fileURLToPath(new URL("../workflows", import.meta.url));

await using two = await Place.make({ CDKTR_WORKFLOW_DIR: workflows });
await using principal = await two.startPrincipal();
await using agent = await two.startAgent();
await using one = await Place.make({ CDKTR_WORKFLOW_DIR: workflows });
await using both = await one.startPrincipal(["--with-agent"]);
const bare = new Deno.Command(Deno.execPath(), {
  args: ["eval", "setInterval(() => {}, 1000)"],
  stdin: "null",
  stdout: "null",
}).spawn();
const processes = { principal: principal.pid, agent: agent.pid, both: both.pid, bare: bare.pid };

await pass(settleMs);
const before = await usages();
await pass(watchMs);
const after = await usages();
bare.kill("SIGTERM");
await bare.status;

type Idle = Omit<Usage, "cpuMs"> & { readonly cpuPercent: number };
const idle = (name: keyof typeof processes): Idle => {
  const { cpuMs, ...memory } = after[name];
  return { cpuPercent: (cpuMs - before[name].cpuMs) / watchMs * 100, ...memory };
};
const sum: Idle = {
  cpuPercent: idle("principal").cpuPercent + idle("agent").cpuPercent,
  residentMiB: idle("principal").residentMiB + idle("agent").residentMiB,
  ownMiB: idle("principal").ownMiB + idle("agent").ownMiB,
};
console.log(`idle for ${watchMs / 1_000} s                              CPU     resident   of it own`);
show("principal", idle("principal"));
show("agent", idle("agent"));
show("principal and agent, two processes", sum);
show("principal --with-agent, one process", idle("both"));
show("bare: a Deno process that waits", idle("bare"));
for (const [name, usage] of [["two processes", sum], ["one process", idle("both")]] as const) {
  console.log(
    `budget ${budget.cpuPercent} % and ${budget.residentMiB} MiB, ${name}: ${
      verdict(usage.cpuPercent, budget.cpuPercent, "lower")
    } / ${verdict(usage.residentMiB, budget.residentMiB, "lower")}`,
  );
}

async function usages(): Promise<Record<keyof typeof processes, Usage>> {
  const [principal, agent, both, bare] = await Promise.all([
    usageOf(processes.principal),
    usageOf(processes.agent),
    usageOf(processes.both),
    usageOf(processes.bare),
  ]);
  return { principal, agent, both, bare };
}

function pass(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

function show(name: string, { cpuPercent, residentMiB, ownMiB }: Idle): void {
  const memory = [residentMiB, ownMiB].map((size) => `${size.toFixed(0).padStart(6)} MiB`);
  console.log(`  ${name.padEnd(36)} ${cpuPercent.toFixed(2).padStart(6)} %  ${memory.join(" ")}`);
}
