/** Runs by what people call them. */
import { CdktrError, type Run } from "../../core/mod.ts";
import type { Services } from "../services.ts";

/**
 * The run of that id or unique beginning of an id, or that an original agent calls so, as the journal has it.
 *
 * @throws {CdktrError} NOT_FOUND or AMBIGUOUS.
 */
export async function findRun({ journal }: Services, idOrPrefix: string): Promise<Run> {
  const [first, second] = await journal.runIdsWithPrefix(idOrPrefix, 2);
  const exact = await journal.run(idOrPrefix) ?? await journal.runOfInstance(idOrPrefix);
  if (exact !== undefined) return exact;
  if (second !== undefined) {
    throw new CdktrError("AMBIGUOUS", `More than one run has an id that begins with ${JSON.stringify(idOrPrefix)}.`, {
      hint: `Give more of the id; ${first} and ${second} are two of them.`,
    });
  }
  const found = first === undefined ? undefined : await journal.run(first);
  if (found !== undefined) return found;
  throw new CdktrError("NOT_FOUND", `There is no run with the id ${JSON.stringify(idOrPrefix)}.`, {
    hint: "List the latest with `cdktr runs list`.",
  });
}
