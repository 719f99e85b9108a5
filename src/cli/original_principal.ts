/** Questions to a principal of the original cdktr, in its own words. */
import type { PrincipalClient } from "../client/mod.ts";
import { CdktrError } from "../core/mod.ts";
import type { OriginalRequest } from "../wire/mod.ts";

/**
 * Asks for something that is answered with a payload.
 *
 * @returns The payload, which is JSON.
 * @throws {CdktrError} STORAGE when the principal failed, INVALID_ARGUMENT when it did not understand; UNREACHABLE, TIMED_OUT.
 */
export async function askOriginal(client: PrincipalClient, request: OriginalRequest): Promise<string> {
  const reply = await client.callOriginal(request);
  if (reply.token === "SUCCESS") return reply.payload;
  const said = "text" in reply ? reply.text : reply.token;
  const sentence = `The principal at ${client.address} answered ${request.verb} with: ${said.replace(/[.]?$/, ".")}`;
  if (reply.token === "SERVERERROR") throw new CdktrError("STORAGE", sentence);
  if (reply.token === "CLIENTERROR") throw new CdktrError("INVALID_ARGUMENT", sentence);
  throw new CdktrError("UNSUPPORTED", sentence);
}

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
