import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import { encodeFormattedLines, formatLogLine, formatLogTime, parseFormattedLines } from "../../src/wire/log_format.ts";
import type { LogLine } from "../../src/wire/log_line.ts";

const line: LogLine = {
  workflowId: "etl.daily",
  workflowName: "Daily ETL",
  workflowInstanceId: "happy-otter-0",
  taskName: "A task",
  taskInstanceId: "odd-dog-0",
  timeMs: Date.UTC(2026, 2, 4, 8, 40, 30, 123),
  level: "INFO",
  payload: "STDOUT hello world",
  extra: [],
};

Deno.test("a line has the original's short and verbose forms", () => {
  assert.equal(
    formatLogLine(line, false),
    "[2026-03-04T08:40:30.123+00:00 INFO] [happy-otter-0/odd-dog-0] STDOUT hello world",
  );
  assert.equal(
    formatLogLine(line, true),
    "[2026-03-04T08:40:30.123+00:00 INFO] [Daily ETL=happy-otter-0 / A task=odd-dog-0] STDOUT hello world",
  );
});

const times: readonly (readonly [timeMs: number, text: string])[] = [
  [0, "1970-01-01T00:00:00+00:00"],
  [1, "1970-01-01T00:00:00.001+00:00"],
  [1795252644746, "2026-11-21T09:17:24.746+00:00"],
  [Date.UTC(2026, 2, 4, 8, 40, 30), "2026-03-04T08:40:30+00:00"],
  [Date.UTC(2026, 2, 4, 8, 40, 30, 100), "2026-03-04T08:40:30.100+00:00"],
  [Date.UTC(2400, 1, 29), "2400-02-29T00:00:00+00:00"],
  [253_402_300_799_999, "9999-12-31T23:59:59.999+00:00"],
  [253_402_300_800_000, "+10000-01-01T00:00:00+00:00"],
  [8_210_266_876_799_999, "+262142-12-31T23:59:59.999+00:00"],
  [-1, "1969-12-31T23:59:59.999+00:00"],
  [8_640_000_000_000_001, "8640000000000001"],
];

for (const [timeMs, text] of times) {
  Deno.test(`time ${timeMs} is written ${text}`, () => assert.equal(formatLogTime(timeMs), text));
}

Deno.test("no number at all makes the formatter throw", () => {
  for (const timeMs of [NaN, Infinity, -Infinity, 2 ** 63, 2 ** 64, -(2 ** 64), Number.MAX_VALUE, 0.5]) {
    assert.equal(typeof formatLogTime(timeMs), "string");
  }
  fc.assert(fc.property(fc.double(), (timeMs) => assert.equal(typeof formatLogTime(timeMs), "string")));
});

Deno.test("formatted lines go over the wire as a JSON array of strings", () => {
  const payload = encodeFormattedLines(['[t INFO] [a/b] STDOUT "q" \x01 é']);
  assert.equal(payload, '["[t INFO] [a/b] STDOUT \\"q\\" \\u0001 é"]');
  assert.deepEqual(parseFormattedLines(payload), ['[t INFO] [a/b] STDOUT "q" \x01 é']);
  assert.equal(encodeFormattedLines([]), "[]");
  for (const bad of ["", "{}", "[1]", "null", "[{}]"]) {
    assert.throws(
      () => parseFormattedLines(bad),
      (error) => error instanceof CdktrError && error.code === "UNSUPPORTED",
    );
  }
});
