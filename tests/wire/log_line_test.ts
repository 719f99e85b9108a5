import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeText, encodeText } from "../../src/wire/fields.ts";
import {
  encodeLogLine,
  type LogLine,
  type LogLineRejection,
  logPayload,
  maxExtraLogFields,
  maxLogTimeMs,
  parseLogLine,
  workflowTopic,
} from "../../src/wire/log_line.ts";

const captured =
  "etl.daily\x01Daily ETL\x01emerald-fig-0\x01A task\x01blindfolded-salak-0\x011795252644746\x01ERROR\x01STDERR err1";
const capturedLine: LogLine = {
  workflowId: "etl.daily",
  workflowName: "Daily ETL",
  workflowInstanceId: "emerald-fig-0",
  taskName: "A task",
  taskInstanceId: "blindfolded-salak-0",
  timeMs: 1795252644746,
  level: "ERROR",
  payload: "STDERR err1",
  extra: [],
};

/** The line and what subscribers get of it, as text. */
function accepted(...frames: Uint8Array[]): { line: LogLine; published: string | undefined } {
  const parsed = parseLogLine(frames);
  assert.equal(parsed.ok, true);
  return parsed.ok ? { line: parsed.line, published: decodeText(parsed.published) } : assert.fail();
}

const withTime = (time: string) => captured.replace("1795252644746", time);

Deno.test("the captured lines of the original are read and written byte for byte", () => {
  assert.deepEqual(accepted(encodeText(captured)), { line: capturedLine, published: captured });
  assert.equal(decodeText(encodeLogLine(capturedLine)), captured);

  const appendix = "wf\x01Name\x01inst-0\x01Task\x01ti-0\x011795253751529\x01INFO\x01STDOUT hi";
  assert.equal(decodeText(encodeLogLine(accepted(encodeText(appendix)).line)), appendix);
});

Deno.test("a line of eight fields is passed on as the very bytes that came", () => {
  const frame = encodeText(captured);
  const parsed = parseLogLine([frame]);
  assert.equal(parsed.ok && parsed.published, frame);
});

const publishing: readonly (readonly [why: string, sent: string, published: string, extra: readonly string[]])[] = [
  ["a ninth and tenth field are read and not passed on", `${captured}\x01seq=7\x01b`, captured, ["seq=7", "b"]],
  ["an empty ninth field is one", `${captured}\x01`, captured, [""]],
  ["a payload with the separator is cut there, as the original does", `${captured}\x01rest`, captured, ["rest"]],
  ["a sign is taken from the time", withTime("+5"), withTime("5"), []],
  ["zeros are taken from the time", withTime("007"), withTime("7"), []],
  ["a time to be changed and extra fields", `${withTime("+00")}\x01x`, withTime("0"), ["x"]],
  ["characters of several bytes before the cut", `é${captured}ü€😀\x01ä`, `é${captured}ü€😀`, ["ä"]],
  ["empty fields are fields", "\x01\x01\x01\x01\x010\x01\x01", "\x01\x01\x01\x01\x010\x01\x01", []],
  ["any level is passed on", captured.replace("ERROR", "odd"), captured.replace("ERROR", "odd"), []],
  ["a line feed within the payload is kept", `${captured}\nmore`, `${captured}\nmore`, []],
];

for (const [why, sent, published, extra] of publishing) {
  Deno.test(`reading a line: ${why}`, () => {
    const seen = accepted(encodeText(sent));
    assert.equal(seen.published, published);
    assert.deepEqual(seen.line.extra, extra);
    assert.deepEqual(accepted(encodeText(published)).line, { ...seen.line, extra: [] });
  });
}

Deno.test("a flood of extra fields is cut at the limit", () => {
  const seen = accepted(encodeText(captured + "\x01".repeat(100_000)));
  assert.equal(seen.line.extra.length, maxExtraLogFields);
  assert.equal(seen.published, captured);
});

const rejected: readonly (readonly [why: string, frames: readonly Uint8Array[], reason: LogLineRejection])[] = [
  ["no frame", [], "not-one-frame"],
  ["two frames", [encodeText(captured), encodeText("")], "not-one-frame"],
  ["not UTF-8", [new Uint8Array([...encodeText(captured), 0xff])], "not-utf8"],
  ["empty", [encodeText("")], "too-few-fields"],
  ["three fields", [encodeText("a\x01b\x01c")], "too-few-fields"],
  // Four to seven fields end the original's principal.
  ["four fields", [encodeText("a\x01b\x01c\x01d")], "too-few-fields"],
  ["seven fields", [encodeText("a\x01b\x01c\x01d\x01e\x011\x01INFO")], "too-few-fields"],
  ["no time", [encodeText(withTime(""))], "bad-time"],
  ["a word for a time", [encodeText(withTime("now"))], "bad-time"],
  ["a negative time", [encodeText(withTime("-1"))], "bad-time"],
  ["a fraction in the time", [encodeText(withTime("1.5"))], "bad-time"],
  ["a blank before the time", [encodeText(withTime(" 1"))], "bad-time"],
  ["a time after the calendar", [encodeText(withTime(String(maxLogTimeMs + 1)))], "time-out-of-range"],
  // Above the largest signed number the original's store fails for ever.
  ["a time above the signed range", [encodeText(withTime("9223372036854775808"))], "time-out-of-range"],
  ["a time of 100,000 digits", [encodeText(withTime("9".repeat(100_000)))], "time-out-of-range"],
];

for (const [why, frames, reason] of rejected) {
  Deno.test(`a line is rejected: ${why}`, () => {
    assert.deepEqual(parseLogLine(frames), { ok: false, reason });
  });
}

Deno.test("the last time the calendar has is accepted", () => {
  assert.equal(accepted(encodeText(withTime(String(maxLogTimeMs)))).line.timeMs, maxLogTimeMs);
  assert.equal(new Date(maxLogTimeMs).toISOString(), "+262142-12-31T23:59:59.999Z");
});

Deno.test("what the format cannot carry is made visible when a line is sent", () => {
  const sent = encodeLogLine({
    ...capturedLine,
    workflowName: "a\x01b",
    payload: "STDOUT x\x01y\nz\r",
    extra: ["1\n", "\x01"],
  });
  assert.deepEqual(accepted(sent).line, {
    ...capturedLine,
    workflowName: "a␁b",
    payload: "STDOUT x␁y␊z\r",
    extra: ["1␊", "␁"],
  });
});

Deno.test("a time that cannot be sent is moved into the range", () => {
  const table: readonly (readonly [timeMs: number, sent: number])[] = [
    [-5, 0],
    [1.9, 1],
    [NaN, 0],
    [Infinity, maxLogTimeMs],
    [2 ** 63, maxLogTimeMs],
  ];
  for (const [timeMs, sent] of table) {
    assert.equal(accepted(encodeLogLine({ ...capturedLine, timeMs })).line.timeMs, sent);
  }
});

Deno.test("output is marked with its stream", () => {
  assert.deepEqual(logPayload("stdout", "hello world"), { level: "INFO", payload: "STDOUT hello world" });
  assert.deepEqual(logPayload("stderr", ""), { level: "ERROR", payload: "STDERR " });
});

Deno.test("the topic of a workflow matches its lines and not those of its neighbours", () => {
  const topic = decodeText(workflowTopic("etl")) ?? assert.fail();
  const published = (workflowId: string) => decodeText(encodeLogLine({ ...capturedLine, workflowId })) ?? "";
  assert.equal(topic, "etl\x01");
  assert.equal(published("etl").startsWith(topic), true);
  assert.equal(published("etl.daily").startsWith(topic), false);
  assert.equal(published("etlx").startsWith(topic), false);
});

const field = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\x01", "").replaceAll("\n", ""));
const anyLine: fc.Arbitrary<LogLine> = fc.record({
  workflowId: field,
  workflowName: field,
  workflowInstanceId: field,
  taskName: field,
  taskInstanceId: field,
  timeMs: fc.integer({ min: 0, max: maxLogTimeMs }),
  level: field,
  payload: field,
  extra: fc.array(field, { maxLength: maxExtraLogFields }),
}, { noNullPrototype: true });

Deno.test("every line survives its encoding, and subscribers get its first eight fields", () => {
  fc.assert(fc.property(anyLine, (line) => {
    const seen = accepted(encodeLogLine(line));
    assert.deepEqual(seen.line, line);
    assert.equal(seen.published, decodeText(encodeLogLine({ ...line, extra: [] })));
  }));
});

Deno.test("no bytes at all make the line parser throw", () => {
  const nearMiss = fc.array(fc.string(), { maxLength: 10 }).map((fields) => encodeText(fields.join("\x01")));
  fc.assert(fc.property(fc.array(fc.oneof(fc.uint8Array(), nearMiss), { maxLength: 2 }), (frames) => {
    assert.equal(typeof parseLogLine(frames).ok, "boolean");
  }));
});
