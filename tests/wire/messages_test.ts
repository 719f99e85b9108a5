import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import {
  encodeReply,
  encodeText,
  encodeVerbError,
  encodeVerbReply,
  encodeVerbRequest,
  parseRequest,
  parseVerbReply,
  parseVerbRequest,
} from "../../src/wire/mod.ts";

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a request and its reply come back as they were", () => {
  const request = { run: "0198", waitMs: 5 };
  const body = encodeVerbRequest("WAITRUN", request);
  assert.equal(textOf(body), 'WAITRUN\x01{"run":"0198","waitMs":5}');
  const parsed = parseRequest([body]);
  assert.ok(parsed.verb === "UNKNOWN" && parsed.name === "WAITRUN");
  assert.deepEqual(parseVerbRequest("WAITRUN", parsed.argument), request);

  const reply = { runId: "r", duplicate: true, skipped: null };
  const sent = encodeVerbReply("RUN", reply);
  assert.equal(textOf(sent), 'SUCCESS\x01{"runId":"r","duplicate":true,"skipped":null}');
  assert.deepEqual(parseVerbReply("RUN", sent), reply);
});

Deno.test("text with separators and control characters survives in both directions", () => {
  const reason = "a\x01b\n\u0000\u{1F600}\u2028";
  const request = { run: "r", task: null, reason };
  const parsed = parseRequest([encodeVerbRequest("CANCEL", request)]);
  assert.ok(parsed.verb === "UNKNOWN");
  assert.deepEqual(parseVerbRequest("CANCEL", parsed.argument), request);
});

Deno.test("a request that cannot be read names the verb and up to five fields", () => {
  assert.throws(() => parseVerbRequest("RUN", "{}"), (error) => {
    assert.ok(error instanceof CdktrError);
    assert.equal(error.code, "INVALID_ARGUMENT");
    assert.match(
      error.message,
      /^Cannot read the request RUN: workflowId: .*; trigger: .*; params: .*; idempotencyKey: .*; reason: [^;]*$/,
    );
    return true;
  });
  const message = "Cannot read the request RUN: its argument is not JSON.";
  for (const argument of [undefined, "", "{", "\x00"]) {
    assert.throws(() => parseVerbRequest("RUN", argument), { message });
  }
});

Deno.test("an error comes back with its code, its sentence and its hint", () => {
  const error = new CdktrError("NOT_FOUND", "There is no run.", { hint: "List them." });
  const body = encodeVerbError(error);
  assert.equal(textOf(body), 'CLIENTERROR\x01{"code":"NOT_FOUND","message":"There is no run.","hint":"List them."}');
  assert.throws(() => parseVerbReply("SHOWRUN", body), { code: "NOT_FOUND", message: error.message, hint: error.hint });
});

Deno.test("what is the principal's fault is a server error; what is no known error is INTERNAL", () => {
  assert.match(textOf(encodeVerbError(new CdktrError("STORAGE", "no space"))), /^SERVERERROR\x01/);
  assert.equal(textOf(encodeVerbError(new TypeError("oh"))), 'SERVERERROR\x01{"code":"INTERNAL","message":"oh"}');
  assert.match(textOf(encodeVerbError("oh")), /"code":"INTERNAL","message":"oh"/);
});

Deno.test("a code that only a newer principal has still comes with its sentence", () => {
  const body = encodeReply({ token: "CLIENTERROR", text: '{"code":"TOO_CLEVER","message":"No.","hint":"Less."}' });
  assert.throws(() => parseVerbReply("RUN", body), { code: "INTERNAL", message: "No.", hint: "Less." });
});

Deno.test("an answer of an original principal, or of none, is UNSUPPORTED", () => {
  const answers = [
    "CLIENTERROR\x01ParseError: Unrecognised message type: RUN",
    "OK",
    "PONG",
    "HTTP/1.1 400 Bad Request",
    "",
    "SUCCESS\x01",
    "SUCCESS\x01[]",
    'SUCCESS\x01{"runId":5,"duplicate":false}',
  ];
  for (const answer of answers) {
    assert.throws(() => parseVerbReply("RUN", encodeText(answer)), { code: "UNSUPPORTED" }, answer);
  }
  assert.throws(() => parseVerbReply("RUN", Uint8Array.of(0xff)), { code: "UNSUPPORTED" });
});
