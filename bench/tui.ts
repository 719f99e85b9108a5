/**
 * The terminal UI as its user has it: `cdktr ui` in a terminal of 120 by 40, on a principal of 1,000 workflows and 10,000
 * past runs where 20 runs a second change and a task prints 2,000 lines a second. Beside the start: a bare Deno program and
 * a bare Ink program, in turns with it; beside the keys: a bare Deno program that answers each with a
 * number; beside the bytes: what the task printed.
 *
 *     deno run -A bench/tui.ts [--seconds 20] [--minutes 5] [--quick]
 *
 * `--seconds` is how long each thing is watched, `--minutes` how long the logs are followed while memory is looked at.
 * `--quick` means 5 seconds and half a minute. Needs `python3` and Linux.
 *
 * From a key to its frame: `terminal.py` keeps the screen, and the time is over when the screen shows what only the key
 * does: another run under the cursor, another heading, another text of the filter. Frames that news brings do not count.
 */
import { parseArgs } from "node:util";
import { denoFlags, mainPath } from "../tests/system/processes.ts";
import { count, median, percentile, spread, verdict } from "./measure/figures.ts";
import { usageOf } from "./measure/usage.ts";
import { BusyPrincipal } from "./tui/busy_principal.ts";
import { BenchTerminal } from "./tui/terminal.ts";

/** What we promise. */
const goals = { keyMs: 50, bytesPerSecond: 25_000, cpuPercent: 12, residentMiB: 160 };

const { values: given } = parseArgs({
  options: { seconds: { type: "string" }, minutes: { type: "string" }, quick: { type: "boolean", default: false } },
});
const watchMs = Number(given.seconds ?? (given.quick ? 5 : 20)) * 1_000;
const followMs = Number(given.minutes ?? (given.quick ? 0.5 : 5)) * 60_000;
const rounds = given.quick ? 3 : 7;
const workflows = 1_000;
const pastRuns = 10_000;
const changesPerSecond = 20;
const linesPerSecond = 2_000;
/** Between two looks at the memory. */
const lookMs = 10_000;
/** After the start and after each change of what goes on, before anything is measured. */
const settleMs = 2_000;
/** Keys come this far apart, at random, in milliseconds. */
const keyGapMs = { least: 40, most: 240 };

/** The run under the cursor; the heading of the list; the filter as far as it is typed. */
const underCursor = /❯ +([0-9a-f-]{18})/;
const heading = /^(?:.*\n){2}(.*)$/;
const title = /(Keys)/;
const pageDown = "\x1b[6~";
const pageUp = "\x1b[5~";
const ways = [["j", "j", "k", "g"], [pageDown, "j", "k", pageDown, "k", "g"]];
const waysToEnd = [...ways, ["G", pageUp, "k", "g"]];
const prompt = /^(?:.*\n){38}(\/\S*)?/;

if (Deno.build.os !== "linux") {
  console.log("skipped: this benchmark reads /proc, which only Linux has");
  Deno.exit(0);
}
console.log(
  `${count(workflows)} workflows, ${count(pastRuns)} runs, ${changesPerSecond} changes of runs/s, ` +
    `${count(linesPerSecond)} log lines/s, 120x40`,
);
await using principal = await BusyPrincipal.start({ workflows, pastRuns });
const env = { ...Deno.env.toObject(), ...principal.place.env, TERM: "xterm-256color" };

await using echo = await open([local("bare_deno.ts")]);

await measureStart();
await measureRuns();
await measureLogs();

async function measureStart(): Promise<void> {
  const ms = { bare: [] as number[], ink: [] as number[], ours: [] as number[], rows: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    ms.bare.push(...await startOnce([local("bare_deno.ts")], [/a bare line/]));
    ms.ink.push(...await startOnce(["--no-lock", local("bare_ink.mjs")], [/a bare frame/]));
    const [first = NaN, rows = NaN] = await startOnce([mainPath, "ui", "runs"], [
      /^ cdktr (?:.*\n){39}.* quit/,
      underCursor,
    ]);
    ms.ours.push(first);
    ms.rows.push(rows);
  }
  const ratio = (of: readonly number[]) => median(ms.ours.map((each, round) => each / (of[round] ?? NaN))).toFixed(2);
  console.log(`\nfrom the start of the process, ms, ${rounds} rounds in turns      median (range)`);
  console.log(`  first frame                                    ${spread(ms.ours)}`);
  console.log(`  first rows of the list of runs                 ${spread(ms.rows)}`);
  console.log(`  bare Ink: one text                             ${spread(ms.ink)}`);
  console.log(`  bare Deno: one line                            ${spread(ms.bare)}`);
  console.log(`the first frame takes ${ratio(ms.ink)} times as long as bare Ink, ${ratio(ms.bare)} times bare Deno`);
}

/** When a program has shown each of the patterns. */
async function startOnce(args: readonly string[], patterns: readonly RegExp[]): Promise<number[]> {
  await using terminal = await open(args);
  const ms: number[] = [];
  for (const pattern of patterns) ms.push(await terminal.shows(pattern));
  await terminal.end();
  return ms;
}

async function measureRuns(): Promise<void> {
  await using terminal = await open([mainPath, "ui", "runs"]);
  await terminal.shows(underCursor);
  await pass(settleMs);
  console.log(`\nkey to frame                           p50        p99   bare p50   bare p99`);
  showKeys("screens 1 and 3, nothing changes", await pressFor(terminal, screenKeys));
  await loadAllRuns(terminal);
  showKeys("cursor, nothing changes", await pressFor(terminal, () => cursorKeys(waysToEnd)));
  showKeys("filter, nothing changes", await pressFor(terminal, filterKeys));
  const still = await watch(terminal);

  const [changes, overview] = await during((signal) => principal.changeRuns(changesPerSecond, signal), async () => {
    await pass(settleMs);
    showKeys("cursor, runs change", await pressFor(terminal, () => cursorKeys(ways)));
    showKeys("filter, runs change", await pressFor(terminal, filterKeys));
    const changes = await watch(terminal, "g");
    await terminal.send("0");
    await pass(settleMs);
    return [changes, await watch(terminal)];
  });

  console.log(`\n                                          bytes/s      CPU  resident`);
  showWatched(`list of ${count(pastRuns)} runs, nothing changes`, still);
  showWatched(`list of ${count(pastRuns)} runs, runs change`, changes);
  showWatched("overview, runs change", overview);
  await terminal.end();
}

/** The list reads page after page as the cursor comes to its end. */
async function loadAllRuns(terminal: BenchTerminal): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  for (let idle = 0; idle < 5 && performance.now() < deadlineMs;) {
    const before = underCursor.exec(await terminal.screen())?.[1];
    await terminal.send("G");
    await pass(100);
    idle = underCursor.exec(await terminal.screen())?.[1] === before ? idle + 1 : 0;
  }
  await terminal.send("g");
  await pass(settleMs);
}

async function measureLogs(): Promise<void> {
  const run = await principal.openRun();
  await using terminal = await open([mainPath, "ui", "logs", run.runId]);
  await terminal.shows(/ quit/);
  const print = (signal: AbortSignal) => principal.print(run, linesPerSecond, signal);
  await during(print, async () => {
    await pass(settleMs);
    console.log("");
    showKeys("help, logs followed", await pressFor(terminal, helpKeys));
    await pass(settleMs);
    const [before, beganMs] = [principal.printedChars, performance.now()];
    const watched = await watch(terminal);
    const printed = (principal.printedChars - before) / (performance.now() - beganMs) * 1_000;
    showWatched("logs followed", watched);
    const share = (watched.bytesPerSecond / printed).toFixed(2);
    console.log(`the task printed ${count(printed)} bytes/s, ${share} of that went to the terminal`);
    await follow(terminal);
    showKeys("help, logs followed for a while", await pressFor(terminal, helpKeys));
  });
  await terminal.end();
}

/** Looks at the memory of a program for as long as logs are followed. */
async function follow({ pid }: BenchTerminal): Promise<void> {
  const looks: { readonly minutes: number; readonly residentMiB: number; readonly ownMiB: number }[] = [];
  const beganMs = performance.now();
  while (performance.now() - beganMs < followMs) {
    await pass(Math.min(lookMs, beganMs + followMs - performance.now()));
    looks.push({ minutes: (performance.now() - beganMs) / 60_000, ...await usageOf(pid) });
  }
  const residents = looks.map(({ residentMiB }) => residentMiB);
  const most = Math.max(...residents);
  const settled = looks.slice(Math.floor(looks.length / 3));
  console.log(
    `\nlogs followed for ${(followMs / 60_000).toFixed(1)} min, resident MiB: ${residents.map(count).join(" ")}`,
  );
  console.log(`without what is mapped from files, MiB: ${looks.map(({ ownMiB }) => count(ownMiB)).join(" ")}`);
  console.log(
    `at most ${count(most)} MiB, goal ${goals.residentMiB} MiB: ${verdict(most, goals.residentMiB, "lower")}; ` +
      `slope of the last two thirds ${slope(settled).toFixed(2)} MiB a minute`,
  );
}

interface Press {
  readonly keys: string;
  readonly watch: RegExp;
}

/**
 * What a user does who looks around in a list, from its top and back there; each key moves the cursor. At the end of the
 * list old runs give way to new ones, which moves it too: not gone to while runs change.
 */
function cursorKeys(ways: readonly (readonly string[])[]): Press[] {
  return (ways[Math.floor(Math.random() * ways.length)] ?? []).map((keys) => ({ keys, watch: underCursor }));
}

function filterKeys(): Press[] {
  const typed = "workflow7";
  // A lone escape would be waited with for what may follow it.
  return ["/", ...typed, ..."\x7f".repeat(typed.length), "\r"].map((keys) => ({ keys, watch: prompt }));
}

function screenKeys(): Press[] {
  return ["1", "3"].map((keys) => ({ keys, watch: heading }));
}

function helpKeys(): Press[] {
  return ["?", "q"].map((keys) => ({ keys, watch: title }));
}

/** The time of each key, in milliseconds. */
interface KeyTimes {
  readonly ours: number[];
  /** Of a bare Deno program, in turns with ours. */
  readonly bare: number[];
}

/** Presses keys for as long as things are watched, in rounds that end where they began. */
async function pressFor(terminal: BenchTerminal, round: () => readonly Press[]): Promise<KeyTimes> {
  const times: KeyTimes = { ours: [], bare: [] };
  for (const endMs = performance.now() + watchMs; performance.now() < endMs;) {
    for (const { keys, watch } of round()) {
      times.ours.push(await terminal.press(keys, watch));
      await pass(keyGapMs.least + Math.random() * (keyGapMs.most - keyGapMs.least));
      times.bare.push(await echo.press("j", /^(.*)$/));
    }
  }
  return times;
}

interface Watched {
  readonly bytesPerSecond: number;
  readonly cpuPercent: number;
  readonly residentMiB: number;
}

/** @param eachSecond Keys that are pressed again and again, to stay where most happens. */
async function watch(terminal: BenchTerminal, eachSecond = ""): Promise<Watched> {
  const beganMs = performance.now();
  const [before, bytesBefore] = [await usageOf(terminal.pid), await terminal.bytes()];
  for (let seconds = 0; seconds < watchMs / 1_000; seconds++) {
    await terminal.send(eachSecond);
    await pass(1_000);
  }
  const [after, bytesAfter] = [await usageOf(terminal.pid), await terminal.bytes()];
  const tookMs = performance.now() - beganMs;
  return {
    bytesPerSecond: (bytesAfter - bytesBefore) / tookMs * 1_000,
    cpuPercent: (after.cpuMs - before.cpuMs) / tookMs * 100,
    residentMiB: after.residentMiB,
  };
}

function showKeys(what: string, { ours, bare }: KeyTimes): void {
  const p99 = percentile(ours, 0.99);
  const figures = [median(ours), p99, median(bare), percentile(bare, 0.99)].map((ms) =>
    `${ms.toFixed(1).padStart(7)} ms`
  );
  console.log(
    `  ${what.padEnd(34)}${figures.join(" ")}  ${ours.length} keys, goal ${goals.keyMs} ms: ` +
      verdict(p99, goals.keyMs, "lower"),
  );
}

function showWatched(what: string, { bytesPerSecond, cpuPercent, residentMiB }: Watched): void {
  console.log(
    `  ${what.padEnd(36)} ${count(bytesPerSecond).padStart(10)} ${cpuPercent.toFixed(1).padStart(6)} % ` +
      `${residentMiB.toFixed(0).padStart(5)} MiB  goal ${
        count(goals.bytesPerSecond)
      } bytes/s, ${goals.cpuPercent} %: ` +
      `${verdict(bytesPerSecond, goals.bytesPerSecond, "lower")} / ${verdict(cpuPercent, goals.cpuPercent, "lower")}`,
  );
}

/** Of the straight line that fits best, MiB a minute. */
function slope(looks: readonly { readonly minutes: number; readonly residentMiB: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minutes = mean(looks.map((look) => look.minutes));
  const resident = mean(looks.map((look) => look.residentMiB));
  const above = looks.reduce((sum, look) => sum + (look.minutes - minutes) * (look.residentMiB - resident), 0);
  return above / looks.reduce((sum, look) => sum + (look.minutes - minutes) ** 2, 0);
}

function open(args: readonly string[]): Promise<BenchTerminal> {
  return BenchTerminal.start({ command: [Deno.execPath(), ...denoFlags, ...args], cwd: principal.place.path, env });
}

function local(name: string): string {
  return new URL(`tui/${name}`, import.meta.url).pathname;
}

/** What `body` gives, with `work` going on meanwhile. */
async function during<T>(work: (signal: AbortSignal) => Promise<void>, body: () => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const working = work(stop.signal);
  try {
    return await Promise.race([body(), working.then(() => Promise.reject(new Error("The load has ended by itself.")))]);
  } finally {
    stop.abort();
    await working;
  }
}

function pass(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(durationMs, 0)));
}
