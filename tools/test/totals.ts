/** What a run of tests came to, read from the last line of `deno test`. */

/** Counts of tests. Steps within a test are not counted. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  /** Tests that are ignored, or have an ignored step. */
  readonly skipped: number;
}

const colours = /\x1b\[[0-9;]*m/g;
const summary =
  /^(?:ok|FAILED) \| (\d+) passed.* \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored(?: \((\d+) steps?\))?)?/;

/**
 * Reads the summary line of `deno test`:
 * `FAILED | 4 passed (1 step) | 4 failed (1 step) | 1 ignored (1 step) | 5 filtered out (142ms)`.
 * It is the one account that also counts modules that failed outside a test; the JUnit report leaves them out.
 *
 * @returns Null for any other line.
 */
export function parseSummary(line: string): Totals | null {
  const match = summary.exec(line.replace(colours, ""));
  if (match === null) return null;
  const [, passed, failed, ignored = "0", ignoredSteps = "0"] = match;
  return { passed: Number(passed), failed: Number(failed), skipped: Number(ignored) + Number(ignoredSteps) };
}

/** The name of a test or step that a line of `deno test` reports as ignored; null for any other line. */
export function parseIgnored(line: string): string | null {
  return /^\s*(.+) \.\.\. ignored \(/.exec(line.replace(colours, ""))?.[1] ?? null;
}

/** The part of its account that a line of `deno test` begins, after the tests themselves; null for any other line. */
export function parsePart(line: string): "ERRORS" | "FAILURES" | null {
  const name = line.replace(colours, "");
  return name === " ERRORS " ? "ERRORS" : name === " FAILURES " ? "FAILURES" : null;
}

/** The test that a line of the part "FAILURES" names, for a step the one that it belongs to; null for any other line. */
export function parseFailedTest(line: string): string | null {
  return /^(.+?)(?: \.\.\. .+)? => \.\/.+:\d+:\d+$/.exec(line.replace(colours, ""))?.[1] ?? null;
}

/** Whether a line of `deno test` only says that all is well: a test that passed, or the heading of a file. */
export function isRoutine(line: string): boolean {
  return /^\s*.+ \.\.\. ok \(|^running \d+ tests? from /.test(line.replace(colours, ""));
}

/**
 * Settles what a finished `deno test` came to.
 *
 * @param reported The last summary it printed; null when it printed none.
 * @param exitCode Its exit code.
 * @returns The totals. A runner that ended badly without naming a failure (it crashed, could not load a module, was
 * killed) counts as one failed test.
 */
export function settle(reported: Totals | null, exitCode: number): Totals {
  const totals = reported ?? { passed: 0, failed: 0, skipped: 0 };
  const endedWell = reported !== null && exitCode === 0;
  return endedWell || totals.failed > 0 ? totals : { ...totals, failed: 1 };
}

/** Adds totals up. */
export function sum(all: readonly Totals[]): Totals {
  return all.reduce((a, b) => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }), { passed: 0, failed: 0, skipped: 0 });
}

/** The line that ends a run: `12 passed, 0 failed`, with `, 1 skipped` only where there is one. */
export function formatTotals({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
