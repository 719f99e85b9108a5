/**
 * The gate: `deno task ok`. Format, lint, types, our own rules, then the tests that need nothing but Deno.
 * Exits 1 when anything is wrong. Whatever takes longer or needs other programs runs in `deno task test`.
 */
import { type Outcome, printResults, staticChecks, timed } from "./ok/static.ts";
import { findTestGroups, slowGroups } from "./test/groups.ts";
import { runTests } from "./test/run.ts";
import { isRoutine } from "./test/totals.ts";

/** Tests that take longer than this together are not fast; one of them hangs. */
const fastTestsLimitMs = 8 * 60_000;

const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

const checks = await staticChecks(root);
printResults(checks);
const tests = await timed("tests", runFastTests);
printResults([tests]);

const failed = [...checks, tests].filter(({ passed }) => !passed).map(({ name }) => name);
console.log(failed.length === 0 ? "\nall is well" : `\nfailed: ${failed.join(", ")}`);
Deno.exit(failed.length === 0 ? 0 : 1);

async function runFastTests(): Promise<Outcome> {
  const paths = (await findTestGroups(root)).filter((group) => !slowGroups.includes(group));
  if (paths.length === 0) return { passed: false, output: "there is no fast test in tests/" };
  const decoder = new TextDecoder();
  let shown = "";
  const { failed } = await runTests({
    root,
    paths,
    // The types were checked above; checking them again would double the time.
    args: ["--no-check"],
    env: {},
    limitMs: fastTestsLimitMs,
    output: (bytes) => void (shown += decoder.decode(bytes, { stream: true })),
  });
  return { passed: failed === 0, output: shown.split("\n").filter((line) => !isRoutine(line)).join("\n") };
}
