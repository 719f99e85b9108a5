import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import { decodeText, encodeText } from "../../src/wire/fields.ts";
import {
  encodeRequest,
  type OriginalRequest,
  type ParsedRequest,
  parseRequest,
  queryLogsRange,
} from "../../src/wire/original_request.ts";
import { originalStatuses } from "../../src/wire/original_status.ts";

const parse = (body: string): ParsedRequest => parseRequest([encodeText(body)]);

/** A malformed request's reply as text; anything else as it is. */
function answer(parsed: ParsedRequest): unknown {
  return parsed.verb === "MALFORMED" ? decodeText(parsed.reply) : parsed;
}

const noFilter = { endMs: null, startMs: null, workflowId: null, workflowInstanceId: null, verbose: false };

/** What the original's own clients send, and what it means. */
const requests: readonly (readonly [body: string, request: OriginalRequest])[] = [
  ["PING", { verb: "PING" }],
  ["LSWORKFLOWS", { verb: "LSWORKFLOWS" }],
  ["GETRECENTSTATUSES", { verb: "GETRECENTSTATUSES" }],
  ["GETREGISTEREDAGENTS", { verb: "GETREGISTEREDAGENTS" }],
  ["RUNTASK\x01etl.daily", { verb: "RUNTASK", workflowId: "etl.daily" }],
  ["RUNTASK\x01", { verb: "RUNTASK", workflowId: "" }],
  ["REGISTERAGENT\x01alice@build01/AG", { verb: "REGISTERAGENT", agentId: "alice@build01/AG" }],
  ["REGISTERAGENT\x01", { verb: "REGISTERAGENT", agentId: "" }],
  ["FETCHWORKFLOW\x01alice@build01/AGwest", { verb: "FETCHWORKFLOW", agentId: "alice@build01/AGwest" }],
  ["AGENTWORKFLOWSTATUS\x01alice@build01/AG\x01etl.daily\x01happy-otter-0\x01RUNNING", {
    verb: "AGENTWORKFLOWSTATUS",
    agentId: "alice@build01/AG",
    workflowId: "etl.daily",
    workflowInstanceId: "happy-otter-0",
    status: "RUNNING",
  }],
  ["AGENTTASKSTATUS\x01alice@build01/AG\x01task1\x01odd-dog-0\x01happy-otter-0\x01PENDING", {
    verb: "AGENTTASKSTATUS",
    agentId: "alice@build01/AG",
    taskId: "task1",
    taskInstanceId: "odd-dog-0",
    workflowInstanceId: "happy-otter-0",
    status: "PENDING",
  }],
  ["QUERYLOGS\x01\x01\x01\x01\x01", { verb: "QUERYLOGS", ...noFilter }],
  ["QUERYLOGS\x011795253871617\x011795250000000\x01etl.daily\x01\x01v", {
    verb: "QUERYLOGS",
    endMs: 1795253871617,
    startMs: 1795250000000,
    workflowId: "etl.daily",
    workflowInstanceId: null,
    verbose: true,
  }],
  ["QUERYLOGS\x01\x01\x01\x01happy-otter-0\x01", {
    verb: "QUERYLOGS",
    ...noFilter,
    workflowInstanceId: "happy-otter-0",
  }],
];

for (const [body, request] of requests) {
  Deno.test(`request ${JSON.stringify(body)} is read and written byte for byte`, () => {
    assert.deepEqual(parse(body), request);
    assert.equal(decodeText(encodeRequest(request)), body);
  });
}

/** Other ways to say things, which the original accepts too. */
const lenient: readonly (readonly [body: string, request: ParsedRequest])[] = [
  ["PING\x01extra\x01more", { verb: "PING" }],
  ["RUNTASK\x01etl.daily\x01extra", { verb: "RUNTASK", workflowId: "etl.daily" }],
  ["RUNTASK\x01 Étl ", { verb: "RUNTASK", workflowId: " Étl " }],
  ["QUERYLOGS\x01\x01\x01\x01", { verb: "QUERYLOGS", ...noFilter }],
  ["QUERYLOGS\x01\x01\x01\x01\x010", { verb: "QUERYLOGS", ...noFilter, verbose: true }],
  ["QUERYLOGS\x01\x01\x01\x01\x01false\x01extra", { verb: "QUERYLOGS", ...noFilter, verbose: true }],
  ["QUERYLOGS\x01+5\x01007\x01\x01\x01", { verb: "QUERYLOGS", ...noFilter, endMs: 5, startMs: 7 }],
  ["QUERYLOGS\x0118446744073709551615\x010\x01\x01\x01", {
    verb: "QUERYLOGS",
    ...noFilter,
    endMs: Number.MAX_SAFE_INTEGER,
    startMs: 0,
  }],
  ["QUERYLOGS\x01\x01\x01it's\x01'\x01", {
    verb: "QUERYLOGS",
    ...noFilter,
    workflowId: "it's",
    workflowInstanceId: "'",
  }],
  ['HELLO\x01{"versions":[1]}', { verb: "UNKNOWN", name: "HELLO", argument: '{"versions":[1]}' }],
  ["HELLO\x01a\x01b", { verb: "UNKNOWN", name: "HELLO", argument: "a\x01b" }],
  ["HELLO\x01", { verb: "UNKNOWN", name: "HELLO", argument: "" }],
  ["HELLO", { verb: "UNKNOWN", name: "HELLO", argument: undefined }],
  ["", { verb: "UNKNOWN", name: "", argument: undefined }],
  ["\x01", { verb: "UNKNOWN", name: "", argument: "" }],
  ["ping", { verb: "UNKNOWN", name: "ping", argument: undefined }],
  ["PING\n", { verb: "UNKNOWN", name: "PING\n", argument: undefined }],
  ["GETLATESTSTATUS", { verb: "UNKNOWN", name: "GETLATESTSTATUS", argument: undefined }],
];

for (const [body, request] of lenient) {
  Deno.test(`request ${JSON.stringify(body)} is read as the original reads it`, () => {
    assert.deepEqual(parse(body), request);
  });
}

/** Each row is answered with `CLIENTERROR`, the separator, `ParseError: ` and the text. */
const malformed: readonly (readonly [body: string, text: string])[] = [
  ["RUNTASK", "Request is missing task_id"],
  ["REGISTERAGENT", "Missing arg AGENT_ID"],
  ["FETCHWORKFLOW", "Missing agent id"],

  ["AGENTWORKFLOWSTATUS", "Missing arg AGENT_ID"],
  ["AGENTWORKFLOWSTATUS\x01A", "Missing arg TASK_ID"],
  ["AGENTWORKFLOWSTATUS\x01A\x01w", "Missing arg TASK_EXECUTION_ID"],
  ["AGENTWORKFLOWSTATUS\x01A\x01w\x01i", "Missing arg TASK_STATUS"],
  ["AGENTWORKFLOWSTATUS\x01A\x01w\x01i\x01running", "Unrecognised task status: running"],
  ["AGENTWORKFLOWSTATUS\x01A\x01w\x01i\x01", "Unrecognised task status: "],
  ["AGENTWORKFLOWSTATUS\x01A\x01w\x01i\x01SKIPPED", "Unrecognised task status: SKIPPED"],
  ["AGENTWORKFLOWSTATUS\x01A\x01w\x01i\x01RUNNING ", "Unrecognised task status: RUNNING "],

  ["AGENTTASKSTATUS", "Missing arg AGENT_ID"],
  ["AGENTTASKSTATUS\x01A", "Missing arg TASK_ID"],
  ["AGENTTASKSTATUS\x01A\x01t", "Missing arg TASK_EXECUTION_ID"],
  ["AGENTTASKSTATUS\x01A\x01t\x01ti", "Missing arg WORKFLOW_INSTANCE_ID"],
  ["AGENTTASKSTATUS\x01A\x01t\x01ti\x01i", "Missing arg TASK_STATUS"],
  ["AGENTTASKSTATUS\x01A\x01t\x01ti\x01i\x01DONE", "Unrecognised task status: DONE"],

  ["QUERYLOGS", "Missing END_TIMESTAMP"],
  ["QUERYLOGS\x01", "Missing START_TIMESTAMP parameter"],
  ["QUERYLOGS\x01\x01", "Missing WORKFLOW_ID parameter"],
  ["QUERYLOGS\x01\x01\x01", "Missing WORKFLOW_INSTANCE_ID parameter"],
  ["QUERYLOGS\x01x\x01\x01\x01", "Not a valid end timestamp"],
  ["QUERYLOGS\x01\x01x\x01\x01", "Not a valid end timestamp"],
  ["QUERYLOGS\x01-1\x01\x01\x01", "Not a valid end timestamp"],
  ["QUERYLOGS\x01 1\x01\x01\x01", "Not a valid end timestamp"],
  ["QUERYLOGS\x011.5\x01\x01\x01", "Not a valid end timestamp"],
  ["QUERYLOGS\x0118446744073709551616\x01\x01\x01", "Not a valid end timestamp"],
  // A bad bound is noticed before what is missing after it.
  ["QUERYLOGS\x01x", "Not a valid end timestamp"],
  ["QUERYLOGS\x01\x01x", "Not a valid end timestamp"],
];

for (const [body, text] of malformed) {
  Deno.test(`malformed request ${JSON.stringify(body)} gets the original's error`, () => {
    assert.equal(answer(parse(body)), `CLIENTERROR\x01ParseError: ${text}`);
  });
}

Deno.test("a body of several frames, of none, or not in UTF-8 gets the original's error", () => {
  const ping = encodeText("PING");
  const notOneFrame = "CLIENTERROR\x01ParseError: Unrecognised message type: " +
    "Message must have only 1 frame to convert to String";
  assert.equal(answer(parseRequest([ping, ping])), notOneFrame);
  assert.equal(answer(parseRequest([ping, new Uint8Array()])), notOneFrame);
  assert.equal(answer(parseRequest([])), notOneFrame);
  assert.equal(
    answer(parseRequest([new Uint8Array([0x50, 0xff])])),
    "CLIENTERROR\x01ParseError: Unrecognised message type: Could not parse string from message",
  );
});

Deno.test("a PING is the four bytes of the captured connection", () => {
  assert.deepEqual([...encodeRequest({ verb: "PING" })], [0x50, 0x49, 0x4e, 0x47]);
});

/** A record like those the parser makes: with the usual prototype. */
function plain<Fields>(fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> }): fc.Arbitrary<Fields> {
  return fc.record(fields, { noNullPrototype: true });
}

const argument = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\x01", ""));
const status = fc.constantFrom(...originalStatuses);
const bound = fc.option(fc.maxSafeNat());
const filter = fc.option(argument.map((text) => text.replaceAll("'", "")).filter((text) => text !== ""));

const anyRequest: fc.Arbitrary<OriginalRequest> = fc.oneof(
  plain({ verb: fc.constantFrom("PING", "LSWORKFLOWS", "GETRECENTSTATUSES", "GETREGISTEREDAGENTS") }),
  plain({ verb: fc.constant("RUNTASK"), workflowId: argument }),
  plain({ verb: fc.constantFrom("REGISTERAGENT", "FETCHWORKFLOW"), agentId: argument }),
  plain({
    verb: fc.constant("AGENTWORKFLOWSTATUS"),
    agentId: argument,
    workflowId: argument,
    workflowInstanceId: argument,
    status,
  }),
  plain({
    verb: fc.constant("AGENTTASKSTATUS"),
    agentId: argument,
    taskId: argument,
    taskInstanceId: argument,
    workflowInstanceId: argument,
    status,
  }),
  plain({
    verb: fc.constant("QUERYLOGS"),
    endMs: bound,
    startMs: bound,
    workflowId: filter,
    workflowInstanceId: filter,
    verbose: fc.boolean(),
  }),
);

Deno.test("every request survives its encoding", () => {
  fc.assert(fc.property(anyRequest, (request) => {
    assert.deepEqual(parseRequest([encodeRequest(request)]), request);
  }));
});

Deno.test("no bytes at all make the parser throw", () => {
  const verbs = ["RUNTASK", "AGENTWORKFLOWSTATUS", "AGENTTASKSTATUS", "QUERYLOGS", "PING", ""];
  const nearMiss = fc.tuple(fc.constantFrom(...verbs), fc.array(fc.string())).map(([verb, fields]) =>
    encodeText([verb, ...fields].join("\x01"))
  );
  fc.assert(fc.property(fc.array(fc.oneof(fc.uint8Array(), nearMiss), { maxLength: 3 }), (frames) => {
    assert.equal(typeof parseRequest(frames).verb, "string");
  }));
});

Deno.test("without bounds logs are asked for from a day ago until now", () => {
  const nowMs = 1795252644746;
  const range = (bounds: { endMs?: number; startMs?: number }) =>
    queryLogsRange({ verb: "QUERYLOGS", ...noFilter, ...bounds }, nowMs);
  assert.deepEqual(range({}), { startMs: nowMs - 86_400_000, endMs: nowMs });
  assert.deepEqual(range({ endMs: 86_400_005 }), { startMs: 5, endMs: 86_400_005 });
  assert.deepEqual(range({ endMs: 5 }), { startMs: 0, endMs: 5 });
  assert.deepEqual(range({ startMs: 7 }), { startMs: 7, endMs: nowMs });
  assert.deepEqual(range({ endMs: 5, startMs: 7 }), { startMs: 7, endMs: 5 });
});

const unsendable: readonly (readonly [why: string, request: OriginalRequest])[] = [
  ["the separator in an argument", { verb: "RUNTASK", workflowId: "a\x01b" }],
  ["a quote in the workflow filter of QUERYLOGS", { verb: "QUERYLOGS", ...noFilter, workflowId: "it's" }],
  ["a quote in the instance filter of QUERYLOGS", { verb: "QUERYLOGS", ...noFilter, workflowInstanceId: "'" }],
  ["a negative time", { verb: "QUERYLOGS", ...noFilter, endMs: -1 }],
  ["a broken number of milliseconds", { verb: "QUERYLOGS", ...noFilter, startMs: 1.5 }],
  ["a time that is no number", { verb: "QUERYLOGS", ...noFilter, startMs: NaN }],
];

for (const [why, request] of unsendable) {
  Deno.test(`a request with ${why} is not sent`, () => {
    assert.throws(
      () => encodeRequest(request),
      (error) => error instanceof CdktrError && error.code === "INVALID_ARGUMENT",
    );
  });
}
