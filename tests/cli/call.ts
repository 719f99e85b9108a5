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

/** What may be different about a call. */
export interface CallOptions {
  environment?: Record<string, string>;
  workingDirectory?: string;
  /** Of the terminal that stdout is. @default stdout is none */
  columns?: number;
  /** @default 24 */
  rows?: number;
  /** Whether stderr is the same terminal. @default false */
  talkIsTerminal?: boolean;
  /** @default "" */
  stdin?: string;
  /** @default false */
  isTerminal?: boolean;
  nowMs?: number;
  /** Told all of stdout after each write, which takes until this is done; throws when its reader is gone. */
  onStdout?: (stdout: string) => unknown;
  /** Told all of stderr after each line. */
  onStderr?: (stderr: string) => void;
}

/** Calls `cdktr` with `argv` in `workingDirectory`, with a home directory and nothing else in the environment. */
export function call(argv: readonly string[], options: CallOptions = {}): Promise<Outcome> {
  return callOf((invocation) => runProgram(argv, invocation), options);
}

/** Does what a command does, as {@linkcode call} has one called. */
export async function callOf(
  act: (invocation: Invocation) => Promise<void>,
  options: CallOptions = {},
): Promise<Outcome> {
  const { environment = {}, workingDirectory = "/", columns, rows = 24, stdin = "", nowMs, onStdout, onStderr } =
    options;
  const { talkIsTerminal = false, isTerminal = false } = options;
  let stdout = "";
  let stderr = "";
  const talk = (text: string) => {
    stderr += text;
    onStderr?.(stderr);
  };
  const invocation: Invocation = {
    environment: { HOME: "/home/ada", ...environment },
    workingDirectory,
    readStdin: () => Promise.resolve(stdin),
    isTerminal: () => isTerminal,
    stdout: {
      write: async (content) => {
        stdout += typeof content === "string" ? content : new TextDecoder("latin1").decode(content);
        await onStdout?.(stdout);
      },
      columns: () => columns,
      rows: () => columns === undefined ? undefined : rows,
      colours: false,
    },
    stderr: {
      say: (line) => talk(`${line}\n`),
      write: talk,
      columns: () => talkIsTerminal ? columns ?? 80 : undefined,
      rows: () => talkIsTerminal ? rows : undefined,
      colours: false,
    },
    clock: nowMs === undefined ? systemClock : { ...systemClock, nowMs: () => nowMs },
    exitCode: 0,
    onStrayError: null,
  };
  const exitCode = await guard(invocation, () => act(invocation));
  return { exitCode, stdout, stderr };
}

/** A new empty directory, gone when disposed. */
export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
