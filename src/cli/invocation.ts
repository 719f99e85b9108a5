/** What a command is given: the surroundings of its process, and its ways out. */
import { type Clock, systemClock } from "../clock/mod.ts";
import { CdktrError, messageOf } from "../core/mod.ts";
import { type Output, stderrOf, stdoutOf, type Talk } from "./output.ts";

/** One call of `cdktr`. */
export interface Invocation {
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute path of the directory the process was started in. */
  readonly workingDirectory: string;
  readonly stdout: Output;
  readonly stderr: Talk;
  readonly clock: Clock;
  /** The exit code if the command returns without an error. A command sets it when it has already said what is wrong. */
  exitCode: number;
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
    stdout: stdoutOf(Deno.stdout, environment, () => Deno.consoleSize().columns),
    stderr: stderrOf(Deno.stderr, environment),
    clock: systemClock,
    exitCode: 0,
  };
}
