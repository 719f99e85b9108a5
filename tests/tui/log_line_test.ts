import assert from "node:assert/strict";
import { textOf } from "../../src/paint/line.ts";
import { type LogLook, rowsOf, TaskColours } from "../../src/tui/log_line.ts";
import type { WireLogLine } from "../../src/wire/mod.ts";

const plain: WireLogLine = {
  workflowId: "etl",
  workflowName: "ETL",
  runId: "run-1",
  taskName: "Load",
  taskRunId: "load-1",
  timestampMs: Date.UTC(2026, 2, 1, 12) + 7,
  level: "INFO",
  payload: "STDOUT 3 rows",
};

function look(change: Partial<LogLook> = {}): LogLook {
  return {
    ...{ times: "none", isWrapped: false, isVerbose: false, search: null, skippedColumns: 0 },
    tasks: new TaskColours(),
    ...change,
  };
}

const texts = (line: WireLogLine, change: Partial<LogLook> = {}, width = 60) =>
  rowsOf(line, look(change), width).map(textOf);

Deno.test("a mark tells standard error, another one what cdktr itself put there", () => {
  assert.deepEqual(texts(plain), ["Load    3 rows"]);
  assert.deepEqual(texts({ ...plain, level: "ERROR", payload: "STDERR no" }), ["Load  ! no"]);
  const gap = { ...plain, taskName: "", taskRunId: "", level: "WARNING", payload: "12 lines are missing" };
  assert.deepEqual(texts(gap), ["cdktr ~ 12 lines are missing"]);
});

Deno.test("a time that no calendar has is told as the number it is", () => {
  assert.deepEqual(texts(plain, { times: "date and time" }), ["2026-03-01 12:00:00.007 Load    3 rows"]);
  assert.deepEqual(texts({ ...plain, timestampMs: 8_210_266_876_799_999 }, { times: "time" }).length, 1);
  assert.deepEqual(texts({ ...plain, timestampMs: 9e15 }, { times: "time" }), ["9000000000000000 Load    3 rows"]);
});

Deno.test("what is searched for is set off, across a change of colour and whatever the capitals", () => {
  const [row = []] = rowsOf({ ...plain, payload: "STDOUT an Er\x1b[31mror\x1b[0m." }, look({ search: "error" }), 60);
  assert.deepEqual(row.filter(({ role }) => role === "match").map(({ text }) => text), ["Er", "ror"]);
  assert.equal(textOf(row), "Load    an Error.");
});

Deno.test("what is searched for is text, not a pattern", () => {
  const [row = []] = rowsOf({ ...plain, payload: "STDOUT a.b a+b (" }, look({ search: "a+b (" }), 60);
  assert.deepEqual(row.filter(({ role }) => role === "match").map(({ text }) => text), ["a+b ("]);
});

Deno.test("each task has a colour of its own, the same one each time", () => {
  const tasks = new TaskColours();
  assert.deepEqual(["Load", "Split", "Load"].map((name) => tasks.roleOf(name)), ["series0", "series1", "series0"]);
  assert.deepEqual(tasks.names, ["Load", "Split"]);
});

Deno.test("columns at the left can be passed over", () => {
  assert.deepEqual(texts({ ...plain, payload: "STDOUT 0123456789" }, { skippedColumns: 4 }), ["Load    456789"]);
});
