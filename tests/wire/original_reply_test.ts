import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeText, encodeText } from "../../src/wire/fields.ts";
import {
  encodeReply,
  isUnrecognisedVerb,
  noSuchWorkflowReply,
  type OriginalReply,
  type ParsedReply,
  parseErrorReply,
  parseReply,
  unrecognisedVerbReply,
} from "../../src/wire/original_reply.ts";

const replies: readonly (readonly [body: string, reply: OriginalReply])[] = [
  ["PONG", { token: "PONG" }],
  ["OK", { token: "OK" }],
  ["SUCCESS\x01{}", { token: "SUCCESS", payload: "{}" }],
  ["SUCCESS\x01[]", { token: "SUCCESS", payload: "[]" }],
  ["SUCCESS\x01a\x01b\x01", { token: "SUCCESS", payload: "a\x01b\x01" }],
  ["SUCCESS\x01", { token: "SUCCESS", payload: "" }],
  ["CLIENTERROR\x01No workflow exists with id etl.weekly", noSuchWorkflowReply("etl.weekly")],
  ["CLIENTERROR\x01No workflow exists with id ", noSuchWorkflowReply("")],
  ["CLIENTERROR\x01ParseError: Unrecognised message type: ", unrecognisedVerbReply("")],
  ["CLIENTERROR\x01ParseError: Unrecognised message type: ping", unrecognisedVerbReply("ping")],
  ["CLIENTERROR\x01ParseError: Unrecognised message type: PING\n", unrecognisedVerbReply("PING\n")],
  [
    "CLIENTERROR\x01ParseError: Unrecognised task status: running",
    parseErrorReply("Unrecognised task status: running"),
  ],
  ["SERVERERROR\x01Failed to read logs from db: disk full", {
    token: "SERVERERROR",
    text: "Failed to read logs from db: disk full",
  }],
  ["UNPROC\x01later", { token: "UNPROC", text: "later" }],
];

for (const [body, reply] of replies) {
  Deno.test(`reply ${JSON.stringify(body)} is written and read byte for byte`, () => {
    assert.equal(decodeText(encodeReply(reply)), body);
    assert.deepEqual(parseReply(encodeText(body)), reply);
  });
}

const oddReplies: readonly (readonly [body: string, reply: ParsedReply])[] = [
  ["OK\x01extra", { token: "OK" }],
  ["PONG\x01extra\x01more", { token: "PONG" }],
  ["SUCCESS", { token: "SUCCESS", payload: "" }],
  ["CLIENTERROR", { token: "CLIENTERROR", text: "" }],
  ["", { token: "UNRECOGNISED", text: "Unrecognised message type: " }],
  ["ok", { token: "UNRECOGNISED", text: "Unrecognised message type: ok" }],
  ["OK ", { token: "UNRECOGNISED", text: "Unrecognised message type: OK " }],
  ["NETWORKERROR\x01down", { token: "UNRECOGNISED", text: "Unrecognised message type: NETWORKERROR" }],
];

for (const [body, reply] of oddReplies) {
  Deno.test(`reply ${JSON.stringify(body)} is read as the original's clients read it`, () => {
    assert.deepEqual(parseReply(encodeText(body)), reply);
  });
}

Deno.test("a reply that is not UTF-8 is unrecognised", () => {
  assert.deepEqual(parseReply(new Uint8Array([0x4f, 0x4b, 0xff])), {
    token: "UNRECOGNISED",
    text: "Unrecognised message type: Could not parse string from message",
  });
});

Deno.test("a PONG is the four bytes of the captured connection", () => {
  assert.deepEqual([...encodeReply({ token: "PONG" })], [0x50, 0x4f, 0x4e, 0x47]);
});

Deno.test("an original principal's answer to a new verb is told from other errors", () => {
  assert.equal(isUnrecognisedVerb(parseReply(encodeReply(unrecognisedVerbReply("HELLO"))), "HELLO"), true);
  assert.equal(isUnrecognisedVerb(unrecognisedVerbReply("WORK"), "HELLO"), false);
  assert.equal(isUnrecognisedVerb(noSuchWorkflowReply("HELLO"), "HELLO"), false);
  assert.equal(isUnrecognisedVerb({ token: "OK" }, "HELLO"), false);
});

/** A record like those the parser makes: with the usual prototype. */
function plain<Fields>(fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> }): fc.Arbitrary<Fields> {
  return fc.record(fields, { noNullPrototype: true });
}

Deno.test("every reply survives its encoding", () => {
  const text = fc.string({ unit: "binary" });
  const anyReply: fc.Arbitrary<OriginalReply> = fc.oneof(
    plain({ token: fc.constantFrom("PONG", "OK") }),
    plain({ token: fc.constant("SUCCESS"), payload: text }),
    plain({ token: fc.constantFrom("CLIENTERROR", "SERVERERROR", "UNPROC"), text }),
  );
  fc.assert(fc.property(anyReply, (reply) => assert.deepEqual(parseReply(encodeReply(reply)), reply)));
});

Deno.test("no bytes at all make the reply parser throw", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.equal(typeof parseReply(bytes).token, "string")));
});
