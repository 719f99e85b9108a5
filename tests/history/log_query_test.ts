import assert from "node:assert/strict";
import type { History, LogFilter } from "../../src/history/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { line, lines, openHistory } from "./fixtures.ts";

async function payloads(history: History, filter: LogFilter): Promise<string[]> {
  return (await history.queryLogs(filter)).map((row) => row.payload);
}

async function readPages(history: History, filter: LogFilter): Promise<string[]> {
  const seen: string[] = [];
  let page = await history.queryLogPage(filter);
  while (page.cursor !== null) {
    seen.push(...page.lines.map(({ payload }) => payload));
    page = await history.queryLogPage({ ...filter, after: page.cursor });
  }
  return seen;
}

Deno.test("each filter finds its lines and no others; all together must hold", async () => {
  await using history = await openHistory({ path: ":memory:" });
  history.appendLogs([
    line("a", { timestampMs: 1_000 }),
    line("b", { timestampMs: 2_000, level: "ERROR", workflowId: "other" }),
    line("c", { timestampMs: 3_000, runId: "run-2", taskName: "Load" }),
    line("d", { timestampMs: 4_000, runId: "run-3", taskRunId: "task-run-9" }),
  ]);
  await history.flush();
  const cases: [LogFilter, string][] = [
    [{}, "abcd"],
    [{ sinceMs: 2_000 }, "bcd"],
    [{ untilMs: 3_000 }, "ab"],
    [{ sinceMs: 1_000.5, untilMs: 3_000.5 }, "bc"],
    [{ sinceMs: -1e300, untilMs: 1e300 }, "abcd"],
    [{ workflowId: "other" }, "b"],
    [{ runIds: ["run-2", "run-3"] }, "cd"],
    [{ runIds: [] }, ""],
    [{ taskName: "Load" }, "c"],
    [{ taskRunId: "task-run-9" }, "d"],
    [{ levels: ["ERROR", "WARNING"] }, "b"],
    [{ levels: [] }, ""],
    [{ limit: 0 }, ""],
    [{ limit: 2 }, "ab"],
    [{ order: "newest" }, "dcba"],
    [{ order: "newest", limit: 2 }, "dc"],
    [{ workflowId: "etl.daily", sinceMs: 2_000, levels: ["INFO"], taskName: "Extract" }, "d"],
    [{ workflowId: "nothing" }, ""],
  ];
  for (const [filter, expected] of cases) {
    assert.equal((await payloads(history, filter)).join(""), expected, JSON.stringify(filter));
  }
});

Deno.test("lines of a task are found by its name, and by its id where it was reported, in the order of lines", async () => {
  await using history = await openHistory({ path: ":memory:" });
  history.appendLogs([
    line("a", { taskRunId: "one" }),
    line("b", { taskRunId: "two" }),
    line("c", { runId: "run-2", taskRunId: "three" }),
    line("d", { taskRunId: "one", taskName: "extract" }),
  ]);
  const report = { status: "RUNNING", timestampMs: 1 } as const;
  history.appendTaskStatuses([
    { ...report, taskId: "extract", taskRunId: "one", runId: "run-1" },
    { ...report, taskId: "extract", taskRunId: "three", runId: "run-2" },
    { ...report, taskId: "other", taskRunId: "two", runId: "run-1" },
  ]);
  await history.flush();
  assert.deepEqual(await payloads(history, { taskName: "extract" }), ["a", "c", "d"]);
  assert.deepEqual(await payloads(history, { taskName: "extract", order: "newest", limit: 2 }), ["d", "c"]);
  assert.deepEqual(await payloads(history, { taskName: "extract", runIds: ["run-1"] }), ["a", "d"]);
  assert.deepEqual(await payloads(history, { taskName: "Extract" }), ["a", "b", "c"]);
});

Deno.test("what is searched for is text, whatever characters it is made of", async () => {
  await using history = await openHistory({ path: ":memory:" });
  const texts = [
    "100% sure",
    "100 sure",
    "it's here",
    "under_score",
    "underXscore",
    "a\\b",
    "'; DROP TABLE logstore; --",
  ];
  history.appendLogs(texts.map((text) => line(text, { workflowId: text, runId: text })));
  await history.flush();
  for (const text of ["0%", "t's", "r_s", "\\", "'; DROP TABLE logstore; --"]) {
    assert.deepEqual(await payloads(history, { contains: text }), texts.filter((each) => each.includes(text)));
  }
  for (const text of texts) {
    assert.deepEqual(await payloads(history, { workflowId: text, runIds: [text] }), [text]);
  }
  assert.equal((await history.counts()).logRows, texts.length);
});

Deno.test("lines are found by the status that was recorded last of their run", async () => {
  await using history = await openHistory({ path: ":memory:" });
  history.appendLogs(["a", "b", "c"].map((name) => line(name, { runId: name })));
  history.appendRunStatuses([
    { workflowId: "w", runId: "a", status: "RUNNING", timestampMs: 5 },
    { workflowId: "w", runId: "a", status: "COMPLETED", timestampMs: 6 },
    { workflowId: "w", runId: "b", status: "RUNNING", timestampMs: 9 },
    // The clock was set back in between; what counts is that it came later.
    { workflowId: "w", runId: "b", status: "FAILED", timestampMs: 1 },
    { workflowId: "w", runId: "c", status: "RUNNING", timestampMs: 5 },
  ]);
  await history.flush();
  assert.deepEqual(await payloads(history, { statuses: ["FAILED"] }), ["b"]);
  assert.deepEqual(await payloads(history, { statuses: ["COMPLETED", "RUNNING"] }), ["a", "c"]);
  assert.deepEqual(await payloads(history, { statuses: ["FAILED"], runIds: ["a"] }), []);
  assert.deepEqual(await payloads(history, { statuses: [] }), []);
  assert.deepEqual(await payloads(history, { statuses: ["FAILED", "RUNNING"], order: "newest" }), ["c", "b"]);
});

Deno.test("pages behind a cursor join without gap or overlap, in both directions, whatever the lines share", async () => {
  const clock = new FakeClock();
  await using history = await openHistory({ path: ":memory:", clock });
  // Three task runs by turns, many lines in a millisecond, clocks that step back, days old and to come.
  const all = Array.from({ length: 10_000 }, (_, index) => {
    const days = [0, -3, 0, 1, -1, -400][index % 6] ?? 0;
    return line(`line ${index}`, {
      taskRunId: ["a", "b", ""][index % 3] ?? "",
      timestampMs: clock.nowMs() + days * 86_400_000 + (Math.floor(index / 7) % 50),
    });
  });
  history.appendLogs(all);
  await history.flush();
  const expected = (await history.queryLogs()).map(({ payload }) => payload);
  assert.deepEqual([...expected].sort(), all.map(({ payload }) => payload).sort());
  for (const [order, limit] of [["oldest", 3_000], ["newest", 3_000], ["oldest", 77], ["newest", 1_001]] as const) {
    const seen = await readPages(history, { order, limit });
    assert.deepEqual(seen, order === "oldest" ? expected : expected.toReversed());
  }
  const filtered = await readPages(history, { order: "oldest", limit: 10, contains: "9" });
  assert.deepEqual(filtered, expected.filter((payload) => payload.includes("9")));
});

Deno.test("lines of past days are in the order of their days, those since yesterday in the order of their arrival", async () => {
  const clock = new FakeClock();
  await using history = await openHistory({ path: ":memory:", clock });
  const stamped = (payload: string, days: number) => line(payload, { timestampMs: clock.nowMs() + days * 86_400_000 });
  history.appendLogs([stamped("tomorrow", 1), stamped("now", 0), stamped("yesterday", -1), stamped("old", -5)]);
  history.appendLogs([stamped("older", -9), stamped("old 2", -5), stamped("now 2", 0)]);
  history.appendLogs([line("ages ago", { timestampMs: -8.64e15 })]);
  await history.flush();
  const expected = ["ages ago", "older", "old", "old 2", "tomorrow", "now", "yesterday", "now 2"];
  assert.deepEqual(await payloads(history, {}), expected);
  assert.deepEqual(await payloads(history, { order: "newest" }), expected.toReversed());
});

Deno.test("the cursor of what a search found leads to the lines around it, though they share its time", async () => {
  await using history = await openHistory({ path: ":memory:" });
  history.appendLogs(["one", "Two", "three", "TWO", "five"].map((text) => line(text, { timestampMs: 1_000 })));
  await history.flush();
  const search: LogFilter = { contains: "two", ignoreCase: true, limit: 1 };
  const first = await history.queryLogPage(search);
  assert.deepEqual(first.lines.map(({ payload }) => payload), ["Two"]);
  assert.deepEqual(await payloads(history, { after: first.cursor ?? "" }), ["three", "TWO", "five"]);
  assert.deepEqual(await payloads(history, { after: first.cursor ?? "", order: "newest" }), ["one"]);
  const { lines: [third], cursor } = await history.queryLogPage({ after: first.cursor ?? "", limit: 1 });
  assert.equal(third?.payload, "three");
  assert.deepEqual(await payloads(history, { ...search, after: cursor ?? "" }), ["TWO"]);
  assert.deepEqual(await payloads(history, { ...search, order: "newest", after: cursor ?? "" }), ["Two"]);
});

Deno.test("a page ends with the line that makes its text long enough, and its cursor goes on from there", async () => {
  await using history = await openHistory({ path: ":memory:" });
  history.appendLogs(lines(20).map((row) => ({ ...row, payload: row.payload.padEnd(100, "é") })));
  await history.flush();
  const page = await history.queryLogPage({ limit: 15 }, { maxTextBytes: 500 });
  assert.equal(page.lines.length, 3);
  assert.ok(page.mayHaveMore);
  const rest = await history.queryLogPage({ limit: 17, ...(page.cursor === null ? {} : { after: page.cursor }) });
  assert.deepEqual([rest.lines.length, rest.mayHaveMore], [17, true]);
  const none = await history.queryLogPage({ after: rest.cursor ?? "" });
  assert.deepEqual(none, { lines: [], cursor: null, mayHaveMore: false });
});

Deno.test("the newest lines are found however far back they are", async () => {
  await using history = await openHistory({ path: ":memory:" });
  history.appendLogs([line("needle 1"), line("needle 2")]);
  history.appendLogs(lines(150_000));
  history.appendLogs([line("needle 3")]);
  await history.flush();
  assert.deepEqual(await payloads(history, { contains: "needle", order: "newest" }), [
    "needle 3",
    "needle 2",
    "needle 1",
  ]);
  assert.deepEqual(await payloads(history, { contains: "needle", order: "newest", limit: 2 }), [
    "needle 3",
    "needle 2",
  ]);
});

Deno.test("a filter that makes no sense is refused with the name of what is wrong", async () => {
  await using history = await openHistory({ path: ":memory:" });
  await assert.rejects(history.queryLogs({ limit: 1_000_001 }), { code: "INVALID_ARGUMENT", message: /limit/ });
  await assert.rejects(history.queryLogs({ sinceMs: NaN }), { code: "INVALID_ARGUMENT", message: /sinceMs/ });
  await assert.rejects(history.queryLogs({ after: "9" }), {
    code: "INVALID_ARGUMENT",
    message: /after: is not a cursor/,
  });
});
