/** Questions to whoever sits before the terminal. */
import { CdktrError } from "../core/mod.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Asks a question that is answered with yes or no, again until it is; no answer means yes. Ctrl-C ends the process, as it does
 * wherever nothing is to be put in order first.
 *
 * @throws {CdktrError} INVALID_ARGUMENT when there is no more input.
 */
export async function askYesNo({ stderr }: Invocation, question: string): Promise<boolean> {
  for (;;) {
    stderr.write(`${question} [Y/n] `);
    const answer = await readLine();
    if (answer === null) {
      stderr.say("");
      throw new CdktrError("INVALID_ARGUMENT", "The questions were not answered, so nothing was written.", {
        hint: "--yes answers all of them with yes.",
      });
    }
    if (/^\s*(?:y|yes)?\s*$/i.test(answer)) return true;
    if (/^\s*(?:n|no)\s*$/i.test(answer)) return false;
    stderr.say("Please answer y or n.");
  }
}

/** A line of stdin, byte by byte, so that what comes after it is left for the next one; null at the end. */
async function readLine(): Promise<string | null> {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  while (await Deno.stdin.read(byte) === 1) {
    if (byte[0] === 0x0a) return new TextDecoder().decode(new Uint8Array(bytes));
    bytes.push(byte[0] ?? 0);
  }
  return null;
}
