/**
 * All tests: `deno task test`. Fetches what they need, runs the gate's checks and every test, and ends with the line
 * `N passed, N failed`. A check counts as one test.
 *
 * `deno task test tests/zmtp` runs what lies there, `deno task test "high-water mark"` the tests whose names contain
 * that; both leave the checks out. With CI=true a skipped test is a failure: CI is where nothing may go unseen. There a test
 * that failed is also run once more by itself; one that passes then counts as passed, and is told of at the end as unsteady.
 */
import { printResults, staticChecks } from "./ok/static.ts";
import { type Executable, prepareExecutable, prepareNoNetwork, withoutNetwork } from "./test/executable.ts";
import { executableGroups, findTestGroups } from "./test/groups.ts";
import {
  oraclePaths,
  prepareNode,
  preparePython,
  preparePythonClient,
  prepareTmux,
  type Readiness,
} from "./test/oracles.ts";
import { runFailedAgain, runTests } from "./test/run.ts";
import { formatTotals, sum, type Totals } from "./test/totals.ts";

const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
const isCi = Deno.env.get("CI") === "true";

/** Of the errors of one group at the end. The rest stands where the group ran. */
const shownLines = 50;
const endedBadly = "the runner ended without an account of its tests: it crashed, was killed or took too long";

const { paths, filters } = await sortArguments(Deno.args);
const isWhole = Deno.args.length === 0;
const all: Totals[] = [];
const skippedNames: string[] = [];
const failures: { title: string; lines: readonly string[] }[] = [];

heading("what the tests need");
const [node, python, pythonClient, tmux] = await Promise.all([
  prepareNode(root),
  preparePython(root),
  preparePythonClient(root),
  prepareTmux(),
]);
const where = oraclePaths(root);
const groups = paths.length > 0 ? paths : await findTestGroups(root);
const executable = await findExecutable();
const noNetwork = await prepareNoNetwork();
const needs = [
  ["Node", node],
  ["Python", python],
  ["Python client", pythonClient],
  ["tmux", tmux],
  ["executable", executable.readiness],
  ["no network", noNetwork],
] as const;
for (const [name, readiness] of needs) {
  console.log(describe(name, readiness));
  const isMissed = readiness.state === "failed" || (isCi && readiness.state === "missing");
  if (isMissed) {
    all.push({ passed: 0, failed: 1, skipped: 0 });
    failures.push({ title: `failed: ${name}`, lines: readiness.reason.split("\n") });
  }
}

if (isWhole) {
  heading("checks");
  const results = await staticChecks(root);
  printResults(results);
  for (const { name, passed, output } of results) {
    if (!passed) failures.push({ title: `failed: ${name}`, lines: output.split("\n") });
  }
  all.push(...results.map(({ passed }) => ({ passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 })));
}

// What is not ready must not be found either, be it left over from better days: the tests skip what is not there.
const absent = `${root}/.cache/absent`;
const env = {
  CDKTR_TEST_PYTHON: python.state === "ready" ? where.python : absent,
  CDKTR_TEST_PYTHON_CLIENT: pythonClient.state === "ready" ? where.pythonClient : absent,
  CDKTR_TEST_TMUX: tmux.state === "ready" ? "tmux" : absent,
  CDKTR_TEST_NODE_MODULES: node.state === "ready" ? where.node : absent,
  // At the end: tests get `uv` from here and everything else from the machine.
  PATH: `${Deno.env.get("PATH") ?? ""}:${where.pythonBin}`,
};
// The checks have seen to the types of a whole run.
const args = [...(isWhole ? ["--no-check"] : []), ...filters.map((filter) => `--filter=${filter}`)];
for (const group of groups) {
  for (const { title, ...how } of waysToRun(group)) {
    heading(title);
    const options = { root, paths: [group], args, ...how };
    const run = await runTests(options);
    const again = isCi && filters.length === 0 ? await runFailedAgain(run, options) : { totals: run, unsteady: [] };
    all.push(again.totals);
    if (run.failed > 0) {
      const outcome = again.unsteady.length > 0 ? "unsteady, passed when run again" : "failed";
      failures.push({ title: `${outcome}: ${title}`, lines: run.errors.length > 0 ? run.errors : [endedBadly] });
    }
    skippedNames.push(...run.skippedNames.map((name) => `${title}: ${name}`));
  }
}

let totals = sum(all);
if (totals.skipped > 0) {
  heading(isCi ? "skipped, which CI=true makes failures" : "skipped");
  for (const name of skippedNames) console.log(name);
}
if (isCi) totals = { ...totals, failed: totals.failed + totals.skipped, skipped: 0 };
// Once more at the end, where whoever sees no more than that needs it.
for (const { title, lines } of failures) {
  heading(title);
  for (const line of lines.slice(0, shownLines)) console.log(line);
  if (lines.length > shownLines) console.log(`... and ${lines.length - shownLines} lines more above`);
}
const nothingRan = totals.passed + totals.failed === 0;
if (nothingRan) console.log(`\nno test was run for: ${Deno.args.join(" ") || "tests/"}`);
console.log(`\n${formatTotals(totals)}`);
Deno.exit(totals.failed > 0 || nothingRan ? 1 : 0);

/** One that somebody named is used as it is; else one is built where a group needs it. */
async function findExecutable(): Promise<Executable> {
  const named = Deno.env.get("CDKTR_TEST_EXECUTABLE");
  if (named !== undefined) return { readiness: { state: "ready", what: named }, env: {} };
  if (groups.some(needsExecutable)) return await prepareExecutable(root, where.python);
  return { readiness: { state: "ready", what: "none of these tests needs it" }, env: {} };
}

function needsExecutable(path: string): boolean {
  return executableGroups.some((group) => path.startsWith(group));
}

/** The specifications hold for the source and for the executable, which has no network then. */
function waysToRun(group: string): { title: string; env: Record<string, string>; through: readonly string[] }[] {
  const source = { title: group, env, through: [] };
  if (!needsExecutable(group) || Object.keys(executable.env).length === 0) return [source];
  const compiled = { title: `${group}, the executable`, env: { ...env, ...executable.env }, through: [] };
  if (!group.startsWith("tests/blackbox")) return [compiled];
  const through = noNetwork.state === "ready" ? withoutNetwork : [];
  return [source, { ...compiled, title: `${compiled.title} without a network`, through }];
}

/** Arguments that exist as files or folders are paths; the others together are one part of a test's name. */
async function sortArguments(given: readonly string[]): Promise<{ paths: string[]; filters: string[] }> {
  const paths: string[] = [];
  const words: string[] = [];
  for (const argument of given) {
    const exists = await Deno.stat(`${root}/${argument}`).then(() => true, () => false);
    (exists ? paths : words).push(argument);
  }
  return { paths, filters: words.length > 0 ? [words.join(" ")] : [] };
}

function heading(text: string): void {
  console.log(`\n== ${text}`);
}

function describe(name: string, readiness: Readiness): string {
  switch (readiness.state) {
    case "ready":
      return `${name}: ${readiness.what}`;
    case "missing":
      return `${name}: ${readiness.reason}; the tests that need it are skipped`;
    case "failed":
      return `${name}: ${readiness.reason}`;
    default:
      return readiness satisfies never;
  }
}
