/** Replies on the request channel: a token, then for most of them `\x01` and the rest of the text, whatever it holds. */
import { decodeText, encodeText, fieldSeparator } from "./fields.ts";

/** A reply the original knows. */
export type OriginalReply =
  /** Alive. */
  | { readonly token: "PONG" }
  /** Done, nothing to hand over. */
  | { readonly token: "OK" }
  /** Done; `payload` is JSON for every verb of the original. */
  | { readonly token: "SUCCESS"; readonly payload: string }
  /** The request is malformed or names an unknown workflow. */
  | { readonly token: "CLIENTERROR"; readonly text: string }
  /** The principal failed to store, read or serialise something. */
  | { readonly token: "SERVERERROR"; readonly text: string }
  /** Known to the original, sent by no version of it. */
  | { readonly token: "UNPROC"; readonly text: string };

/** A reply as a client reads it. */
export type ParsedReply =
  | OriginalReply
  /** Not a reply of the original; `text` is what the original's clients say about it. */
  | { readonly token: "UNRECOGNISED"; readonly text: string };

/** What the original says for a body of any number of frames but one; it takes this text for the verb. */
export const notOneFrameText = "Message must have only 1 frame to convert to String";
/** What the original says for a body that is not UTF-8; it takes this text for the verb. */
export const notUtf8Text = "Could not parse string from message";

/** The error reply to a request that cannot be parsed. */
export function parseErrorReply(text: string): OriginalReply {
  return { token: "CLIENTERROR", text: `ParseError: ${text}` };
}

function unrecognisedText(name: string): string {
  return `Unrecognised message type: ${name}`;
}

/** The error reply to a verb nobody knows. */
export function unrecognisedVerbReply(name: string): OriginalReply {
  return parseErrorReply(unrecognisedText(name));
}

/** Whether a principal said that it does not know `verb`: how an original one answers our new verbs. */
export function isUnrecognisedVerb(reply: ParsedReply, verb: string): boolean {
  return reply.token === "CLIENTERROR" && reply.text === `ParseError: ${unrecognisedText(verb)}`;
}

/** The error reply of RUNTASK for a workflow that is not in the store. */
export function noSuchWorkflowReply(workflowId: string): OriginalReply {
  return { token: "CLIENTERROR", text: `No workflow exists with id ${workflowId}` };
}

/** The body of a reply, one frame. */
export function encodeReply(reply: OriginalReply): Uint8Array<ArrayBuffer> {
  switch (reply.token) {
    case "PONG":
    case "OK":
      return encodeText(reply.token);
    case "SUCCESS":
      return encodeText(reply.token + fieldSeparator + reply.payload);
    case "CLIENTERROR":
    case "SERVERERROR":
    case "UNPROC":
      return encodeText(reply.token + fieldSeparator + reply.text);
  }
}

/**
 * Reads the body of a reply. Text after `OK` or `PONG` is ignored; everything after the first separator belongs to the
 * payload, further separators included.
 */
export function parseReply(body: Uint8Array): ParsedReply {
  const message = decodeText(body);
  if (message === undefined) return { token: "UNRECOGNISED", text: unrecognisedText(notUtf8Text) };
  const cut = message.indexOf(fieldSeparator);
  const token = cut === -1 ? message : message.slice(0, cut);
  const rest = cut === -1 ? "" : message.slice(cut + 1);
  switch (token) {
    case "PONG":
    case "OK":
      return { token };
    case "SUCCESS":
      return { token, payload: rest };
    case "CLIENTERROR":
    case "SERVERERROR":
    case "UNPROC":
      return { token, text: rest };
    default:
      return { token: "UNRECOGNISED", text: unrecognisedText(token) };
  }
}
