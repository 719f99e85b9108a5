/** The checks that run nothing of ours: format, lint, types and our own rules. They work at the same time. */
import { formatFinding } from "./finding.ts";
import { checkRules } from "./rules.ts";
import { readTree } from "./tree.ts";

/** How one check ended. */
export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  /** What to show when it failed. */
  readonly output: string;
  readonly durationMs: number;
}

/**
 * Runs every static check.
 *
 * @param root The repository's root directory.
 * @returns One result a check, in the order in which they are worth reading.
 */
export function staticChecks(root: string): Promise<CheckResult[]> {
  return Promise.all([
    timed("format", () => runDeno(root, ["fmt", "--check"])),
    timed("lint", () => runDeno(root, ["lint"])),
    timed("types", () => runDeno(root, ["check", "--quiet"])),
    timed("rules", () => runRules(root)),
  ]);
}

/** Prints results as they should be read: what failed with its output, then a line for each. */
export function printResults(results: readonly CheckResult[]): void {
  for (const { passed, output } of results) if (!passed) console.log(output.trimEnd() + "\n");
  for (const { name, passed, durationMs } of results) {
    console.log(`${passed ? "ok    " : "FAILED"} ${name} (${Math.round(durationMs)} ms)`);
  }
}

/** What a check finds. */
export type Outcome = Pick<CheckResult, "passed" | "output">;

/** Runs a check and takes its time. */
export async function timed(name: string, check: () => Promise<Outcome>): Promise<CheckResult> {
  const startedMs = performance.now();
  const outcome = await check();
  return { name, ...outcome, durationMs: performance.now() - startedMs };
}

async function runDeno(root: string, args: string[]): Promise<Outcome> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { passed: success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function runRules(root: string): Promise<Outcome> {
  const findings = checkRules(await readTree(root));
  return { passed: findings.length === 0, output: findings.map(formatFinding).join("\n") };
}
