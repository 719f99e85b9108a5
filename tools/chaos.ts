/**
 * Chaos and floods with the figures that the promises are made with: real processes, sockets and disks.
 *
 *     deno run -A tools/chaos.ts [--quick] [words of a scenario's name ...]
 *
 * Takes about 25 minutes on two cores; `--quick` uses the small figures of the tests. CDKTR_CHAOS_SEED repeats a run.
 * Each scenario prints a line of JSON; at the end comes the table of docs/reliability.md. Exits 1 when one failed.
 */
import { floods } from "../tests/chaos/floods/all.ts";
import { play, type Result, type Scenario } from "../tests/chaos/scenario.ts";
import { chaosScenarios } from "../tests/chaos/scenarios/all.ts";

const isLong = !Deno.args.includes("--quick");
const words = Deno.args.filter((argument) => !argument.startsWith("--"));
const chosen = [...chaosScenarios, ...floods].filter(({ name, promise }) =>
  words.length === 0 || words.some((word) => `${name} ${promise}`.includes(word))
);
if (chosen.length === 0) {
  console.error(`no scenario's name contains ${words.join(" or ")}`);
  Deno.exit(1);
}

const played: { scenario: Scenario; result: Result | null }[] = [];
for (const scenario of chosen) played.push({ scenario, result: await tryToPlay(scenario) });

console.log("\n| what was done | counted | lost |\n| --- | --- | --- |");
for (const { scenario, result } of played) console.log(tableRow(scenario, result));
const failed = played.filter(({ result }) => result === null).map(({ scenario }) => scenario.name);
console.log(failed.length === 0 ? "\nnothing was lost" : `\nfailed: ${failed.join(", ")}`);
Deno.exit(failed.length === 0 ? 0 : 1);

async function tryToPlay(scenario: Scenario): Promise<Result | null> {
  try {
    return await play(scenario, { isLong });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return null;
  }
}

function tableRow({ name }: Scenario, result: Result | null): string {
  if (result === null) return `| ${name} | failed | |`;
  const counts = Object.entries(result.counts).map(([what, count]) => `${inWords(what)} ${count.toLocaleString("en")}`);
  return `| **${name}**: ${result.done} | ${counts.join(", ")} | ${result.lost === 0 ? "nothing" : result.lost} |`;
}

/** `statusRows` becomes `status rows`; units and abbreviations stay as they are. */
function inWords(name: string): string {
  return name.replace(
    /([a-z])([A-Z])(?=[a-z])/g,
    (_, before: string, letter: string) => `${before} ${letter.toLowerCase()}`,
  );
}
