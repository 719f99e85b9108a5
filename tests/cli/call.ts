/** Calls the command line inside the test's process. */
import { guard } from "../../src/cli/guard.ts";
import { systemClock } from "../../src/clock/mod.ts";
import type { Invocation } from "../../src/cli/invocation.ts";
import { runProgram } from "../../src/cli/program.ts";

/** What a call left behind. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls `cdktr` with `argv` in `workingDirectory`, with a home directory and nothing else in the environment. */
export async function call(
  argv: readonly string[],
  { environment = {}, workingDirectory = "/", columns, nowMs }: {
    environment?: Record<string, string>;
    workingDirectory?: string;
    columns?: number;
    nowMs?: number;
  } = {},
): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  const invocation: Invocation = {
    environment: { HOME: "/home/ada", ...environment },
    workingDirectory,
    stdout: {
      write: (text) => {
        stdout += text;
        return Promise.resolve();
      },
      columns: () => columns,
      colours: false,
    },
    stderr: { say: (line) => void (stderr += `${line}\n`), colours: false },
    clock: nowMs === undefined ? systemClock : { ...systemClock, nowMs: () => nowMs },
    exitCode: 0,
  };
  const exitCode = await guard(invocation, () => runProgram(argv, invocation));
  return { exitCode, stdout, stderr };
}

/** A new empty directory, gone when disposed. */
export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
