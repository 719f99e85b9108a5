/** pytest, and what it says of each test as soon as it says it. */
import { findExecutable } from "../executable.ts";
import { TextLineStream } from "../interop/text_lines.ts";

const checkout = new URL("../../", import.meta.url).pathname;

/** How one test of pytest ended. */
export interface Verdict {
  readonly name: string;
  readonly outcome: "PASSED" | "FAILED" | "SKIPPED" | "ERROR";
  /** Why it was skipped; empty for other outcomes. */
  readonly reason: string;
}

/** How a run of pytest ended. */
export interface PytestRun {
  readonly verdicts: readonly Verdict[];
  readonly exitCode: number;
  readonly output: string;
}

/** The interpreter of the virtual environment, and why it cannot be used; null if it can. */
export async function findPythonClient(): Promise<{ readonly python: string; readonly missing: string | null }> {
  const python = Deno.env.get("CDKTR_TEST_PYTHON_CLIENT") ?? `${checkout}.cache/python-client/bin/python`;
  const probe = new Deno.Command(python, { args: ["-c", "import pytest, zmq"], stdout: "null", stderr: "null" });
  const works = await probe.output().then(({ success }) => success, () => false);
  return { python, missing: works ? null : `${python} cannot import pytest and zmq; \`deno task test\` makes it` };
}

/** The test files of the Python client. */
export function pytestFiles(): string[] {
  const entries = [...Deno.readDirSync(`${checkout}python/tests`)].map(({ name }) => name);
  return entries.filter((name) => /^test_.*\.py$/.test(name)).sort();
}

/** Runs one file of tests. */
export async function runPytest(python: string, file: string): Promise<PytestRun> {
  const child = new Deno.Command(python, {
    args: ["-m", "pytest", "-v", "-rs", "--color=no", "--tb=short", `tests/${file}`],
    cwd: `${checkout}python`,
    // Python's own messages must not be cut off by the width of a terminal.
    env: { CDKTR_TEST_EXECUTABLE: await findExecutable(), COLUMNS: "400", PYTHONDONTWRITEBYTECODE: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = await Array.fromAsync(
    child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()),
  );
  const { code: exitCode } = await child.status;
  return { verdicts: lines.flatMap(readVerdict), exitCode, output: lines.join("\n") };
}

/** Reads `tests/test_x.py::test_y[case] SKIPPED (why)       [ 10%]`. A test whose clean-up fails has a second line. */
function readVerdict(line: string): Verdict[] {
  const found = /^\S+\.py::(.+?) (PASSED|FAILED|SKIPPED|ERROR)(?: \((.*)\))?\s+\[\s*\d+%\]$/.exec(line);
  if (found === null) return [];
  const [, name = "", outcome, reason = ""] = found;
  return isOutcome(outcome) ? [{ name, outcome, reason }] : [];
}

function isOutcome(text: string | undefined): text is Verdict["outcome"] {
  return text === "PASSED" || text === "FAILED" || text === "SKIPPED" || text === "ERROR";
}
