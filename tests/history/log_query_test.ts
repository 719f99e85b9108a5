import assert from "node:assert/strict";
import type { History, LogFilter } from "../../src/history/mod.ts";
import { line, lines, openHistory } from "./fixtures.ts";

async function payloads(history: History, filter: LogFilter): Promise<string[]> {
  return (await history.queryLogs(filter)).map((row) => row.payload);
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

Deno.test("pages behind a row number join without gap or overlap, in both directions", async () => {
  await using history = await openHistory({ path: ":memory:" });
  history.appendLogs(lines(10_000));
  await history.flush();
  for (const order of ["oldest", "newest"] as const) {
    const seen: string[] = [];
    let filter: LogFilter = { order, limit: 3_000 };
    while (true) {
      const page = await history.queryLogs(filter);
      const last = page.at(-1);
      if (last === undefined) break;
      seen.push(...page.map((row) => row.payload));
      filter = { ...filter, afterRow: last.rowNumber };
    }
    const expected = lines(10_000).map((row) => row.payload);
    assert.deepEqual(seen, order === "oldest" ? expected : expected.reverse());
  }
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
  await assert.rejects(history.queryLogs({ afterRow: -1 }), { code: "INVALID_ARGUMENT", message: /afterRow/ });
});
