import assert from "node:assert/strict";
import { textOf } from "../../src/paint/line.ts";
import { unicodeGlyphs } from "../../src/paint/glyphs.ts";
import { excessColumns, type LogLook, NameColours, rowsOf } from "../../src/tui/log_line.ts";
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
    ...{ glyphs: unicodeGlyphs, workflows: null, runs: null },
    tasks: new NameColours(),
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
  const tasks = new NameColours();
  assert.deepEqual(["Load", "Split", "Load"].map((name) => tasks.roleOf(name)), ["series0", "series1", "series0"]);
  assert.deepEqual(tasks.names, ["Load", "Split"]);
});

Deno.test("columns at the left can be passed over, with a mark that they were", () => {
  assert.deepEqual(texts({ ...plain, payload: "STDOUT 0123456789" }, { skippedColumns: 4 }), ["Load    ◀56789"]);
  assert.deepEqual(texts({ ...plain, payload: "STDOUT " }, { skippedColumns: 4 }), ["Load    "]);
  assert.equal(excessColumns({ ...plain, payload: `STDOUT ${"x".repeat(60)}` }, look(), 60), 8);
  assert.equal(excessColumns(plain, look(), 60), 0);
});

const withLongIds: WireLogLine = {
  ...plain,
  workflowName: "Orders of every warehouse",
  runId: "0198c7a2-3f41-7abc-8def-0123456789ab",
  taskName: "Load what came since",
  taskRunId: "0198c7a2-3f42-7abc-8def-00000000c0de",
};

Deno.test("verbose lines have short ids, and always room for the text, wrapped too", () => {
  const short = { ...withLongIds, workflowName: "ETL", taskName: "Load" };
  assert.deepEqual(texts(short, { isVerbose: true }, 99), ["INFO    ETL=0198c7a2-3f41-7abc / Load=c0de 3 rows"]);
  for (const width of [99, 79]) {
    for (const isWrapped of [false, true]) {
      const line = { ...withLongIds, payload: `STDOUT ${"x".repeat(120)}` };
      const rows = texts(line, { isVerbose: true, isWrapped, times: "time" }, width);
      const text = rows.map((row) => row.slice(0, width)).join("");
      assert.ok(text.includes("0198c7a2-3f41-7abc / ") && text.includes("=c0de "), text);
      assert.ok((rows[0] ?? "").slice(0, width).replaceAll(/[^x]/g, "").length >= 20, text);
      const dated = texts(line, { isVerbose: true, isWrapped, times: "date and time" }, width);
      assert.match((dated[0] ?? "").slice(0, width), /x{20}$/);
      if (isWrapped) assert.equal(text.replaceAll(/[^x]/g, "").length, 120);
    }
  }
});

Deno.test("among lines of several runs and workflows each tells whose it is", () => {
  const [runs, workflows] = [new NameColours(), new NameColours()];
  assert.deepEqual(texts(withLongIds, { runs, workflows }, 99), ["89ab etl   Load what came si…   3 rows"]);
  const other = { ...plain, runId: "0198c7a2-3f41-7abc-8def-0123456789ac" };
  const [row = []] = rowsOf(other, look({ runs, workflows }), 99);
  assert.equal(textOf(row), "89ac etl   Load    3 rows");
  assert.equal(row[0]?.role, "series1");
});
