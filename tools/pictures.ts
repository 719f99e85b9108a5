/**
 * The pictures of docs/: `deno task pictures`, or those of the named screens: `deno task pictures run logs`. The real
 * program draws them, in tmux, on a principal with the workflows of tools/pictures/ and a history of a few minutes.
 */
import { fileURLToPath } from "node:url";
import type { PrincipalClient } from "../src/client/mod.ts";
import { isFinal } from "../src/core/mod.ts";
import { maxWaitMs } from "../src/wire/mod.ts";
import { commandLine, Place } from "../tests/system/processes.ts";
import { TestTerminal } from "../tests/terminal/tmux.ts";
import { settled } from "./pictures/settled.ts";
import { readStyled } from "./pictures/styled_text.ts";
import { svgOf } from "./pictures/svg.ts";

const size = { width: 110, height: 32 };
const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A picture: how one comes to what it shows. */
interface Picture {
  readonly name: string;
  readonly title: string;
  /** The arguments of `cdktr ui`. */
  readonly open: string;
  /** What is done there: keys, and what is waited for before the next. */
  readonly steps?: readonly (string | RegExp)[];
  /** What is on the screen when it is complete. */
  readonly until: string | RegExp;
}

await using place = await Place.make();
await copyWorkflows();
await using _principal = await place.startPrincipal();
await using _agent = await place.startAgent(["--max-concurrent", "4"]);
await using _other = await place.startAgent(["--max-concurrent", "2", "--labels", "eu", "--suffix", "-2"]);
await using client = place.client();
const { running, failed } = await makeHistory(client);

const pictures: readonly Picture[] = [
  { name: "overview", title: "The overview", open: "overview", until: "etl.revenue" },
  { name: "workflows", title: "The workflows", open: "workflows", until: "ops.train" },
  { name: "runs", title: "The runs", open: "runs", until: "ops.train" },
  {
    name: "run",
    title: "A run that is under way, as a graph",
    open: `run ${running}`,
    steps: ["Tab"],
    until: /Publish|publish/,
  },
  { name: "why", title: "A run that failed", open: `run ${failed}`, until: "does not exist" },
  {
    name: "timeline",
    title: "Where a run's time went",
    open: `run ${running}`,
    steps: ["Tab", "Tab"],
    until: /publish/i,
  },
  { name: "workflow", title: "A workflow", open: "workflow etl.orders", until: "COMPLETED" },
  { name: "logs", title: "Live log lines", open: `logs ${running}`, until: /batch \d+ of/ },
  { name: "agents", title: "The agents", open: "agents", until: "-2" },
  { name: "schedule", title: "What is due", open: "schedule", until: "ops.backup" },
  {
    name: "trigger",
    title: "The form before a run",
    open: "workflows",
    steps: [/ etl\.backfill/, "g", "r", /Run etl/],
    until: "The day to load",
  },
];

const names = Deno.args;
const wanted = pictures.filter(({ name }) => names.length === 0 || names.includes(name));
await Deno.mkdir(pathOf("../docs/images"), { recursive: true });
for (const picture of wanted) await take(picture);

async function take({ name, title, open, steps = [], until }: Picture): Promise<void> {
  await using terminal = await TestTerminal.open({
    size,
    cwd: place.path,
    env: { ...place.env, PATH: Deno.env.get("PATH") ?? "", HOME: place.path, DENO_DIR: await denoDirectory() },
  });
  await terminal.enter(`${commandLine.join(" ")} ui ${open}`);
  await terminal.until("● live");
  for (const step of steps) {
    if (typeof step === "string") await terminal.press(step);
    else await terminal.until(step);
  }
  await terminal.until(until);
  // What is asked for beside it comes within this time.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const rows = settled(readStyled(await terminal.styledScreen()));
  const svg = svgOf(rows, size, title);
  await Deno.writeTextFile(pathOf(`../docs/images/tui-${name}.svg`), svg);
  console.log(`docs/images/tui-${name}.svg  ${svg.length} bytes`);
}

/** Where this process has its modules from; the terminal's is not to fetch them again. */
async function denoDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

async function copyWorkflows(): Promise<void> {
  const from = pathOf("./pictures/workflows");
  for await (const { name: folder } of Deno.readDir(from)) {
    await Deno.mkdir(`${place.path}/workflows/${folder}`);
    for await (const { name } of Deno.readDir(`${from}/${folder}`)) {
      await Deno.copyFile(`${from}/${folder}/${name}`, `${place.path}/workflows/${folder}/${name}`);
    }
  }
}

/** Runs that completed, some that failed, one under way and one that no agent can take; the ids of two of them. */
async function makeHistory(client: PrincipalClient): Promise<{ running: string; failed: string }> {
  const day = "2026-03-01";
  let failed = "";
  for (let round = 0; round < 7; round++) {
    const ended = [
      await trigger(client, "etl.stock"),
      await trigger(client, "etl.orders", { day, batches: String(1 + round % 3) }),
      await trigger(client, "ops.backup"),
      await trigger(client, "etl.backfill", { day }),
    ];
    if (round % 3 === 2) {
      failed = await trigger(client, "etl.revenue", { table: "revenues" });
      ended.push(failed);
    } else ended.push(await trigger(client, "etl.revenue"));
    for (const run of ended) {
      while (!isFinal((await client.call("WAITRUN", { run, waitMs: maxWaitMs })).run.state));
    }
  }
  await trigger(client, "ops.train");
  const running = await trigger(client, "etl.orders", { day, batches: "900" });
  return { running, failed };
}

async function trigger(
  client: PrincipalClient,
  workflowId: string,
  params: Readonly<Record<string, string>> = {},
): Promise<string> {
  const rest = { trigger: "manual", idempotencyKey: null, dueMs: null, reason: "for a picture" } as const;
  return (await client.call("RUN", { workflowId, params, ...rest })).runId;
}
