/**
 * Our ZMTP beside libzmq (pyzmq), its binding for Node (npm:zeromq) and a bare TCP echo under Deno: `deno run -A
 * bench/zmtp.ts [--quick]`. Each measurement has two processes, one for each end. The contenders take turns, round after
 * round, so that a slow moment of the machine meets all of them. Rates are medians over the rounds, ratios are medians of
 * the rounds' own ratios; only ratios mean anything.
 */
import { findNode, findPython, type PeerRuntime } from "../tests/interop/peers.ts";

/** What we promise: this share of the rate of a bare TCP echo, one request at a time. */
const budgetOfTcp = 0.8;

const quick = Deno.args.includes("--quick");
const rounds = quick ? 2 : 5;
const seconds = quick ? 0.25 : 0.6;

interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
}

const here = (file: string) => new URL(`zmtp/${file}`, import.meta.url).pathname;
const deno = { command: Deno.execPath(), env: {} };
const ours: Contender = { name: "cdktr", ...deno, args: ["run", "-A", "--no-check", here("deno_peers.ts"), "zmtp"] };
const tcp: Contender = { name: "TCP echo", ...deno, args: ["run", "-A", "--no-check", here("deno_peers.ts"), "tcp"] };
const others = [
  contender(await findPython(["zmq"]), "pyzmq_peers.py"),
  contender(await findNode(), "zeromq_peers.mjs"),
].filter((found) => found !== undefined);

function contender(runtime: PeerRuntime, file: string): Contender | undefined {
  if ("command" in runtime) return { ...runtime, args: [here(file)] };
  console.log(`without ${runtime.name}: ${runtime.missing}`);
  return undefined;
}

await compare("one request at a time, 120 B, round trips/s", "one", [ours, tcp, ...others]);
await compare("64 requests in flight, 120 B, round trips/s", "many", [ours, ...others]);
await compare("PUSH to PULL, 120 B, messages/s", "stream", [ours, ...others]);

async function compare(title: string, work: string, contenders: readonly Contender[]): Promise<void> {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const each of contenders) rates.get(each.name)?.push(await measure(each, work));
  }
  const ourRates = rates.get(ours.name) ?? [];
  console.log(`\n${title}`);
  for (const [name, all] of rates) {
    const ratios = all.map((rate, round) => (ourRates[round] ?? NaN) / rate);
    const ratio = name === ours.name ? "" : `   cdktr is ${median(ratios).toFixed(2)} of it`;
    const budget = name === tcp.name ? ` (budget ${budgetOfTcp})` : "";
    console.log(`  ${name.padEnd(12)}${Math.round(median(all)).toLocaleString("en").padStart(12)}${ratio}${budget}`);
  }
}

/** Runs both ends and returns the rate that one of them prints. */
async function measure(each: Contender, work: string): Promise<number> {
  const start = (...args: string[]) =>
    new Deno.Command(each.command, { args: [...each.args, ...args], env: each.env, stdout: "piped" }).spawn();
  const binding = start("bind", work, String(seconds));
  const bindingLines = linesOf(binding);
  const port = (await bindingLines.next()).value;
  const connecting = start("connect", work, String(seconds), String(port));
  const measuring = work === "stream" ? bindingLines : linesOf(connecting);
  const rate = Number((await measuring.next()).value);
  for (const process of [binding, connecting]) {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await process.status;
  }
  await bindingLines.return(undefined);
  await (measuring === bindingLines ? connecting.stdout.cancel() : measuring.return(undefined));
  return rate;
}

async function* linesOf(process: Deno.ChildProcess): AsyncGenerator<string, void> {
  let rest = "";
  for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
