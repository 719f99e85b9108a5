/** Runs `deno test`, shows its output as it comes and counts what it reports. */
import { parseFailedTest, parseIgnored, parsePart, parseSummary, settle, type Totals } from "./totals.ts";

/** What to run. */
export interface TestRunOptions {
  /** The directory to run in. */
  readonly root: string;
  /** Test files and folders, relative to `root`. */
  readonly paths: readonly string[];
  /** Further arguments of `deno test`. */
  readonly args: readonly string[];
  /** Words that come before the command, such as `nice`. @default none */
  readonly through?: readonly string[];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** A run that takes longer is killed and counts as failed. @default 20 minutes */
  readonly limitMs?: number;
  /** Where the runner's output goes. @default this process's stdout */
  readonly output?: (bytes: Uint8Array) => void;
}

/** The totals of a run, the names of what was skipped, and what the runner told of the failures. */
export interface TestRun extends Totals {
  readonly skippedNames: readonly string[];
  /** The lines of its part "ERRORS", which names each failure and its error. Empty where it ended before that. */
  readonly errors: readonly string[];
  /** The names of the tests that failed, as far as it came to them. */
  readonly failedNames: readonly string[];
}

const defaultLimitMs = 20 * 60_000;

/** How long output may still come in after the runner has ended. */
const pipeGraceMs = 2_000;

/** Runs the tests of some paths in one process. Never throws for what the tests do. */
export async function runTests(options: TestRunOptions): Promise<TestRun> {
  const { root, paths, args, env, through = [], limitMs = defaultLimitMs, output = writeOut } = options;
  const [program = "", ...words] = [...through, Deno.execPath(), "test", "-A", "--quiet", ...args, ...paths];
  const child = new Deno.Command(program, {
    args: words,
    cwd: root,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const limit = setTimeout(() => {
    output(new TextEncoder().encode(`\n${paths.join(" ")}: not done after ${limitMs / 60_000} minutes; stopped\n`));
    child.kill("SIGKILL");
  }, limitMs);
  // A process that a test left running may hold the pipe open for ever.
  const ended = child.status.then((status) => {
    clearTimeout(limit);
    return { code: status.code, release: setTimeout(() => void reader.cancel(), pipeGraceMs) };
  });

  let totals: Totals | null = null;
  const skippedNames: string[] = [];
  const errors: string[] = [];
  const failedNames = new Set<string>();
  let part: string | null = null;
  for await (const line of linesOf(reader, output)) {
    totals = parseSummary(line) ?? totals;
    const begun = parsePart(line);
    part = begun ?? part;
    if (part === "ERRORS" && begun === null) errors.push(line);
    const failed = part === "FAILURES" ? parseFailedTest(line) : null;
    if (failed !== null) failedNames.add(failed);
    const skipped = parseIgnored(line);
    if (skipped !== null) skippedNames.push(skipped);
  }
  const { code, release } = await ended;
  clearTimeout(release);
  return { ...settle(totals, code), skippedNames, errors, failedNames: [...failedNames] };
}

/** More failures than this are no matter of chance. */
const unsteadyMax = 5;

/**
 * Runs the tests that failed in `run` once more, by themselves.
 *
 * @param options Those of `run`.
 * @returns What both runs together came to: a test that passed now counts as passed. `unsteady` names those.
 */
export async function runFailedAgain(
  run: TestRun,
  options: TestRunOptions,
): Promise<{ totals: Totals; unsteady: readonly string[] }> {
  const { failedNames: names, failed } = run;
  // What is not named is a file that could not be loaded, or a runner that crashed.
  const isNamed = names.length === failed;
  if (!isNamed || failed === 0 || failed > unsteadyMax) return { totals: run, unsteady: [] };
  // Without an end: of a name with dots in it only the beginning can be told from its steps.
  const filter = `--filter=/^(?:${names.map(escaped).join("|")})/`;
  const again = await runTests({ ...options, args: [...options.args, filter] });
  if (again.failed > 0 || again.passed < failed) return { totals: run, unsteady: [] };
  return { totals: { ...run, passed: run.passed + failed, failed: 0 }, unsteady: names };
}

/** The part of a regular expression that matches `text` alone. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** Hands bytes on at once and yields them as lines. */
async function* linesOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  output: (bytes: Uint8Array) => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    output(chunk.value);
    const lines = (rest + decoder.decode(chunk.value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function writeOut(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}
