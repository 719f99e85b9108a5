/** Questions to a principal of the original cdktr, in its own words. */
import { CdktrError } from "../core/mod.ts";
import type { OriginalRequest, ParsedReply } from "../wire/mod.ts";
import type { CallOptions, PrincipalClient } from "./client.ts";

/**
 * Asks for something that is answered with a payload.
 *
 * @returns The payload, which is JSON.
 * @throws {CdktrError} STORAGE when the principal failed, INVALID_ARGUMENT when it did not understand; UNREACHABLE, TIMED_OUT.
 */
export async function askOriginal(
  client: PrincipalClient,
  request: OriginalRequest,
  options: CallOptions = {},
): Promise<string> {
  const reply = await client.callOriginal(request, options);
  if (reply.token === "SUCCESS") return reply.payload;
  const sentence = `The principal at ${client.address} answered ${request.verb} with: ${
    saidIn(reply).replace(/[.]?$/, ".")
  }`;
  if (reply.token === "SERVERERROR") throw new CdktrError("STORAGE", sentence);
  if (reply.token === "CLIENTERROR") throw new CdktrError("INVALID_ARGUMENT", sentence);
  throw new CdktrError("UNSUPPORTED", sentence);
}

/**
 * Has a workflow run. An original principal takes no parameters and tells no id of the run.
 *
 * @param key The workflow's key in LSWORKFLOWS.
 * @throws {CdktrError} NOT_FOUND when there is no such workflow; UNREACHABLE, TIMED_OUT.
 */
export async function runOnOriginal(client: PrincipalClient, key: string, options: CallOptions = {}): Promise<void> {
  const reply = await client.callOriginal({ verb: "RUNTASK", workflowId: key }, options);
  if (reply.token === "OK") return;
  const code = reply.token === "CLIENTERROR" ? "NOT_FOUND" : "INTERNAL";
  throw new CdktrError(code, `The principal answered: ${saidIn(reply)}`);
}

function saidIn(reply: ParsedReply): string {
  return "text" in reply ? reply.text : reply.token;
}
