/** What a person sees when a command fails: a sentence and a hint; a stack only for those who ask for one. */
import { CdktrError, messageOf } from "../core/mod.ts";
import { exitCodeOf, exitCodes } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { Interrupted } from "./interrupt.ts";
import { OutputClosed, OutputFailed } from "./output.ts";
import { printable } from "../paint/mod.ts";

const defectHint = "This is a defect of cdktr. CDKTR_LOG_LEVEL=DEBUG shows where it happened.";

/**
 * Says on stderr what went wrong.
 *
 * @returns The exit code for it.
 */
export function reportError(error: unknown, { environment, stderr }: Invocation): number {
  if (error instanceof OutputClosed) return exitCodes.done.code;
  if (error instanceof Interrupted) return error.exitCode;
  const known = knownError(error);
  const label = stderr.colours ? `\x1b[1;31merror[${known.code}]\x1b[0m` : `error[${known.code}]`;
  stderr.say(`${label}: ${printable(known.message)}`);
  if (known.hint !== undefined) stderr.say(`  hint: ${printable(known.hint)}`);
  if (/^(?:debug|trace)$/i.test(environment["CDKTR_LOG_LEVEL"] ?? "")) {
    for (const line of Deno.inspect(error).split("\n")) stderr.say(`  ${printable(line)}`);
  }
  return exitCodeOf(known.code);
}

function knownError(error: unknown): CdktrError {
  if (error instanceof CdktrError) return error;
  if (error instanceof OutputFailed) {
    return new CdktrError("STORAGE", error.message, { hint: "Free space, or send stdout elsewhere.", cause: error });
  }
  return new CdktrError("INTERNAL", messageOf(error), { hint: defectHint });
}
