import assert from "node:assert/strict";
import {
  encodeLogRequest,
  encodeText,
  isGapEntry,
  linesOfEntry,
  type LogEntry,
  maxLogChunks,
  parseVerbRequest,
} from "../../src/wire/mod.ts";

const head = { agentId: "ann@host/AG", session: "s", waitMs: 1000, flush: false };
const stream = { runId: "r1", attempt: 2, workflowId: "etl", workflowName: 'E "T" L' };
const lines: LogEntry = ["Only", "t1", 1_795_252_402_023, "INFO", ["STDOUT a\tb", 'STDOUT "ä"', "STDOUT \u2401"]];
const gap: LogEntry = [1_795_252_402_023, [["Only", "t1", 3], ["Other", "t2", 4]]];

function parsed(body: Uint8Array) {
  const [verb, argument] = new TextDecoder().decode(body).split("\x01");
  assert.equal(verb, "LOG");
  return parseVerbRequest("LOG", argument);
}

Deno.test("a request whose entries were encoded before reads like one that was encoded at once", () => {
  const entries = [lines, gap].map((entry) => encodeText(JSON.stringify(entry)));
  const body = encodeLogRequest(head, [
    { stream, afterSeq: 7, oldest: false, entries },
    { stream: { ...stream, runId: "r2" }, afterSeq: 0, oldest: true, entries: [] },
    { stream: { ...stream, runId: "r3" }, afterSeq: 0, oldest: true, entries: entries.slice(0, 1) },
  ]);
  assert.deepEqual(parsed(body), {
    ...head,
    chunks: [
      { ...stream, afterSeq: 7, oldest: false, entries: [lines, gap] },
      { ...stream, runId: "r2", afterSeq: 0, oldest: true, entries: [] },
      { ...stream, runId: "r3", afterSeq: 0, oldest: true, entries: [lines] },
    ],
  });
  assert.deepEqual(parsed(encodeLogRequest({ ...head, flush: true }, [])), { ...head, flush: true, chunks: [] });
});

Deno.test("an entry takes up a number for each of its lines, a gap for each that it counts", () => {
  assert.deepEqual([lines, gap].map(linesOfEntry), [3, 7]);
  assert.deepEqual([lines, gap].map(isGapEntry), [false, true]);
});

Deno.test("what is no stretch of a stream is refused", () => {
  const chunk = { ...stream, afterSeq: 0, oldest: false, entries: [lines] };
  const refused = (change: Record<string, unknown>, count = 1) =>
    assert.throws(
      () => parseVerbRequest("LOG", JSON.stringify({ ...head, chunks: Array(count).fill({ ...chunk, ...change }) })),
      { code: "INVALID_ARGUMENT" },
      JSON.stringify(change),
    );
  refused({ runId: "" });
  refused({ attempt: 0 });
  refused({ afterSeq: -1 });
  refused({ afterSeq: 1.5 });
  refused({ entries: [["Only", "t1", 1, "INFO", []]] });
  refused({ entries: [["Only", "t1", 1, "INFO", ["a", 5]]] });
  refused({ entries: [["Only", "t1", -1, "INFO", ["a"]]] });
  refused({ entries: [[1, [["Only", "t1", 0]]]] });
  refused({ entries: [[1, []]] });
  refused({ entries: [["Only", "t1"]] });
  refused({}, maxLogChunks + 1);
});
