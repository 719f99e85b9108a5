/** What an original principal cannot do for a command. */
import type { PrincipalClient } from "../client/mod.ts";
import { CdktrError } from "../core/mod.ts";

/**
 * Refuses what an original principal cannot do.
 *
 * @param verb The verb it was to be done with.
 * @param flags The flags that were given and that this verb has nothing for.
 * @throws {CdktrError} UNSUPPORTED, unless there are none.
 */
export function refuseForOriginal(client: PrincipalClient, verb: string, flags: readonly string[]): void {
  if (flags.length === 0) return;
  throw new CdktrError(
    "UNSUPPORTED",
    `The principal at ${client.address} is an original cdktr, whose ${verb} has nothing for ${flags.join(", ")}.`,
    { hint: "Leave that out, or run a principal of this version." },
  );
}
