/** The verbs of {@linkcode verbs} as bytes, and errors with a code, a sentence and a hint. */
import * as z from "zod";
import { CdktrError, type ErrorCode, errorCodes, messageOf } from "../core/mod.ts";
import { encodeText, fieldSeparator } from "./fields.ts";
import { encodeReply, parseReply } from "./original_reply.ts";
import { parsePayload } from "./payload.ts";
import { type ReplyTo, type RequestOf, type Verb, verbs } from "./verbs.ts";

/** A code that only a newer principal has is INTERNAL here: its sentence and its hint still tell a person what is wrong. */
const errorShape = z.object({
  code: z.enum(errorCodes).catch("INTERNAL"),
  message: z.string(),
  hint: z.string().optional(),
});

/** {@linkcode verbs}, typed so that a verb's name leads to the shapes of that verb. */
const schemas: { readonly [V in Verb]: { request: z.ZodType<RequestOf<V>>; reply: z.ZodType<ReplyTo<V>> } } = verbs;

/** A malformed request is told at most this many of its problems. */
const maxShownProblems = 5;

/** Errors of these codes are the principal's fault, not the client's. */
const serverCodes: readonly ErrorCode[] = ["INTERNAL", "STORAGE", "SHUTTING_DOWN"];

/** A request as the body of a message. */
export function encodeVerbRequest<V extends Verb>(verb: V, request: RequestOf<V>): Uint8Array<ArrayBuffer> {
  return encodeText(`${verb}${fieldSeparator}${JSON.stringify(request)}`);
}

/**
 * Reads the argument of a request.
 *
 * @throws {CdktrError} INVALID_ARGUMENT naming each field that is wrong.
 */
export function parseVerbRequest<V extends Verb>(verb: V, argument: string | undefined): RequestOf<V> {
  let json: unknown;
  try {
    json = JSON.parse(argument ?? "");
  } catch (cause) {
    throw new CdktrError("INVALID_ARGUMENT", `Cannot read the request ${verb}: its argument is not JSON.`, { cause });
  }
  const result = schemas[verb].request.safeParse(json);
  if (result.success) return result.data;
  const { issues } = result.error;
  const problems = issues.slice(0, maxShownProblems).map(({ path, message }) =>
    `${path.join(".") || "it"}: ${message}`
  );
  throw new CdktrError("INVALID_ARGUMENT", `Cannot read the request ${verb}: ${problems.join("; ")}.`);
}

/** A reply as the body of a message. */
export function encodeVerbReply<V extends Verb>(_verb: V, reply: ReplyTo<V>): Uint8Array<ArrayBuffer> {
  return encodeReply({ token: "SUCCESS", payload: JSON.stringify(reply) });
}

/** An error as the body of a reply. Anything but a {@linkcode CdktrError} is INTERNAL and tells no more than its message. */
export function encodeVerbError(error: unknown): Uint8Array<ArrayBuffer> {
  const known = error instanceof CdktrError ? error : new CdktrError("INTERNAL", messageOf(error));
  const text = JSON.stringify({ code: known.code, message: known.message, hint: known.hint });
  return encodeReply({ token: serverCodes.includes(known.code) ? "SERVERERROR" : "CLIENTERROR", text });
}

/**
 * Reads the reply to a request.
 *
 * @throws {CdktrError} What the principal answered, if that was an error; UNSUPPORTED when it does not know the verb.
 */
export function parseVerbReply<V extends Verb>(verb: V, body: Uint8Array): ReplyTo<V> {
  const reply = parseReply(body);
  if (reply.token === "SUCCESS") {
    return parsePayload(schemas[verb].reply, reply.payload, `the principal's reply to ${verb}`);
  }
  if (reply.token === "CLIENTERROR" || reply.token === "SERVERERROR") throw readError(verb, reply.text);
  throw new CdktrError("UNSUPPORTED", `The principal answered ${verb} with ${reply.token}, which is no reply to it.`);
}

function readError(verb: Verb, text: string): CdktrError {
  try {
    const { code, message, hint } = errorShape.parse(JSON.parse(text));
    return new CdktrError(code, message, hint === undefined ? {} : { hint });
  } catch (cause) {
    return new CdktrError("UNSUPPORTED", `The principal does not understand ${verb}: ${text}`, {
      hint: "It is an original cdktr or an older version.",
      cause,
    });
  }
}
