/** What a command is given: the surroundings of its process, and its ways out. */
import { type Clock, systemClock } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import { type Output, stderrOf, stdoutOf, type Talk } from "./output.ts";

/** Bytes that a command reads from stdin at most. */
const stdinMaxBytes = 1024 * 1024;

/** One call of `cdktr`. */
export interface Invocation {
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute path of the directory the process was started in. */
  readonly workingDirectory: string;
  /**
   * All of stdin as text.
   *
   * @throws {CdktrError} LIMIT_EXCEEDED when it is longer than {@linkcode stdinMaxBytes}, INVALID_ARGUMENT when it is no UTF-8.
   */
  readonly readStdin: () => Promise<string>;
  /** Whether someone sits before it: stdin and stdout are a terminal. */
  readonly isTerminal: () => boolean;
  readonly stdout: Output;
  readonly stderr: Talk;
  readonly clock: Clock;
  /** The exit code if the command returns without an error. A command sets it when it has already said what is wrong. */
  exitCode: number;
  /**
   * Takes an error that nothing waits for, in place of the end of the process. A command sets it that has something to give
   * back before anything can be said.
   */
  onStrayError: ((error: unknown) => void) | null;
}

/** This process's own. */
export function processInvocation(): Invocation {
  const environment = Deno.env.toObject();
  return {
    environment,
    get workingDirectory() {
      try {
        return Deno.cwd();
      } catch (error) {
        throw new CdktrError("STORAGE", `The working directory cannot be read: ${messageOf(error)}.`, { cause: error });
      }
    },
    readStdin: () => readText(Deno.stdin.readable),
    isTerminal: () => Deno.stdin.isTerminal() && Deno.stdout.isTerminal(),
    stdout: stdoutOf(Deno.stdout, environment, Deno.consoleSize),
    stderr: stderrOf(Deno.stderr, environment, Deno.consoleSize),
    clock: systemClock,
    exitCode: 0,
    onStrayError: null,
  };
}

async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > stdinMaxBytes) throw new CdktrError("LIMIT_EXCEEDED", `Stdin has more than ${stdinMaxBytes} bytes.`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (cause) {
    if (cause instanceof CdktrError) throw cause;
    throw new CdktrError("INVALID_ARGUMENT", `Stdin cannot be read: ${messageOf(cause)}.`, { cause });
  }
}
