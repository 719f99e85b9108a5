import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { line, lines, openHistory, Problems, withDirectory } from "./fixtures.ts";
import { FakeClock } from "../fake_clock.ts";

Deno.test("rows that were flushed are there after the file is opened again, in the order of their arrival", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/deep/er/app.db`;
    {
      await using history = await openHistory({ path });
      history.appendLogs(lines(5_000));
      history.appendRunStatuses([{ workflowId: "w", runId: "r", status: "RUNNING", timestampMs: 1 }]);
      history.appendTaskStatuses([{ taskId: "t", taskRunId: "tr", runId: "r", status: "FAILED", timestampMs: 2 }]);
      await history.flush();
      assert.equal(history.health.committedRows, 5_002);
      assert.equal(history.health.bufferedRows, 0);
    }
    await using history = await openHistory({ path });
    const stored = await history.queryLogs();
    assert.deepEqual(stored.map((row) => row.payload), lines(5_000).map((row) => row.payload));
    assert.deepEqual(await history.runStatuses("r"), [{
      workflowId: "w",
      runId: "r",
      status: "RUNNING",
      timestampMs: 1,
    }]);
    assert.deepEqual(await history.taskStatuses("r"), [
      { taskId: "t", taskRunId: "tr", runId: "r", status: "FAILED", timestampMs: 2 },
    ]);
  });
});

Deno.test("closing writes what was not flushed", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    const history = await openHistory({ path, flushIntervalMs: 3_600_000 });
    history.appendLogs(lines(10));
    await history.close();
    assert.equal(history.health.state, "closed");
    await using again = await openHistory({ path });
    assert.equal((await again.counts()).logRows, 10);
  });
});

Deno.test("a row waits for the flush interval and no longer", async () => {
  const clock = new FakeClock();
  await using history = await openHistory({ path: ":memory:", clock, flushIntervalMs: 500 });
  history.appendLogs([line("first")]);
  clock.advance(499);
  assert.deepEqual(clock.pendingMs, [1]);
  history.appendLogs([line("second")]);
  clock.advance(1);
  // The batch is under way; a flush waits for it without beginning another.
  await history.flush();
  assert.equal(history.health.committedRows, 2);
});

Deno.test("only the owner can read the file, its log and its directory", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/private/app.db`;
    await using history = await openHistory({ path });
    history.appendLogs(lines(3));
    await history.flush();
    const modeOf = async (name: string) => ((await Deno.stat(name)).mode ?? 0) & 0o777;
    assert.equal(await modeOf(`${directory}/private`), 0o700);
    assert.equal(await modeOf(path), 0o600);
    assert.equal(await modeOf(`${path}.wal`), 0o600);
  });
});

Deno.test("any text comes back as it was: empty, unicode, NUL, quotes, a mebibyte; lone surrogates as U+FFFD", async () => {
  await using history = await openHistory({ path: ":memory:" });
  const texts = ["", "grüße 😀 漢字", "a\0b", `it's "quoted" \\ %_`, "x".repeat(2 ** 20), "\r\n\t\x01", "\ud800!"];
  history.appendLogs(texts.map((text) => line(text, { taskName: text.slice(0, 20), level: text.slice(0, 5) })));
  await history.flush();
  const stored = await history.queryLogs();
  assert.deepEqual(stored.map((row) => row.payload), [...texts.slice(0, -1), "\ufffd!"]);
  assert.equal(stored[1]?.taskName, texts[1]);
});

Deno.test("times that cannot be stored are changed, unknown states left out, and both are reported", async () => {
  const problems = new Problems();
  const clock = new FakeClock();
  await using history = await openHistory({ path: ":memory:", clock, onProblem: problems.add });
  history.appendLogs([
    line("huge", { timestampMs: 2 ** 64 }),
    line("endless", { timestampMs: -Infinity }),
    line("none", { timestampMs: NaN }),
    line("fraction", { timestampMs: 12.75 }),
    line("good"),
  ]);
  // @ts-expect-error What the type forbids may still come in from a peer.
  history.appendRunStatuses([{ workflowId: "w", runId: "r", status: "EXPLODED", timestampMs: 1 }]);
  history.appendRunStatuses([{ workflowId: "w", runId: "r", status: "FAILED", timestampMs: 2 }]);
  await history.flush();
  const stored = await history.queryLogs();
  assert.deepEqual(stored.map((row) => [row.payload, row.timestampMs]), [
    ["endless", -8.64e15],
    ["fraction", 12],
    ["huge", 8.64e15],
    ["none", clock.nowMs()],
    ["good", 1_795_252_402_023],
  ]);
  assert.deepEqual((await history.runStatuses("r")).map((row) => row.status), ["FAILED"]);
  assert.deepEqual(problems.codes, ["ROWS_REPAIRED", "ROWS_REFUSED"]);
  assert.equal(history.health.refusedRows, 1);
});

Deno.test("the recent statuses are the newest of each workflow, newest first, ten at most", async () => {
  await using history = await openHistory({ path: ":memory:" });
  for (let workflow = 0; workflow < 12; workflow++) {
    history.appendRunStatuses([
      { workflowId: `w${workflow}`, runId: "old", status: "FAILED", timestampMs: workflow },
      { workflowId: `w${workflow}`, runId: "new", status: "RUNNING", timestampMs: 100 + workflow },
      // In the same millisecond the one that arrived last is the newest.
      { workflowId: `w${workflow}`, runId: "new", status: "COMPLETED", timestampMs: 100 + workflow },
    ]);
  }
  assert.deepEqual(await history.recentStatuses(), []);
  await history.flush();
  const recent = await history.recentStatuses();
  assert.deepEqual(recent.map((row) => row.workflowId), Array.from({ length: 10 }, (_, index) => `w${11 - index}`));
  assert.deepEqual(recent[0], { workflowId: "w11", runId: "new", status: "COMPLETED", timestampMs: 111 });
  assert.equal((await history.recentStatuses(3)).length, 3);
  assert.deepEqual((await history.counts()).runsByStatus, {
    PENDING: 0,
    RUNNING: 0,
    WAITING: 0,
    COMPLETED: 1,
    FAILED: 1,
    CRASHED: 0,
  });
});

Deno.test("200,000 lines are stored in order, complete, without holding up the main loop", async () => {
  await withDirectory(async (directory) => {
    await using history = await openHistory({ path: `${directory}/app.db` });
    const total = 200_000;
    for (let first = 0; first < total; first += 1_000) {
      history.appendLogs(Array.from({ length: 1_000 }, (_, index) => line(String(first + index))));
    }
    await history.flush();
    let next = 0;
    for await (const part of history.streamLogs({ limit: 1_000_000 })) {
      assert.ok(part.length <= 2_048);
      for (const row of part) assert.equal(row.payload, String(next++));
    }
    assert.equal(next, total);
  });
});

Deno.test("many queries at once and appending go side by side", async () => {
  await using history = await openHistory({ path: ":memory:" });
  history.appendLogs(lines(20_000));
  await history.flush();
  const queries = Array.from({ length: 50 }, (_, index) => history.queryLogs({ contains: `line ${index}`, limit: 5 }));
  const statuses = Array.from({ length: 50 }, () => history.recentStatuses());
  history.appendLogs(lines(20_000));
  await Promise.all([...queries, ...statuses, history.flush()]);
  assert.equal((await history.counts()).logRows, 40_000);
});

Deno.test("after closing, questions are refused and rows are neither taken nor an error", async () => {
  const history = await openHistory({ path: ":memory:" });
  await history.close();
  await history.close();
  history.appendLogs([line("late")]);
  await assert.rejects(history.queryLogs(), { code: "SHUTTING_DOWN" });
  await assert.rejects(history.flush(), { code: "SHUTTING_DOWN" });
});

Deno.test("a query that is aborted or takes too long ends, and the next one works", async () => {
  const clock = new FakeClock();
  await using history = await openHistory({ path: ":memory:", clock, queryTimeoutMs: 1_000 });
  history.appendLogs(lines(50_000));
  await history.flush();
  const aborted = new AbortController();
  const query = history.queryLogs({ contains: "x" }, aborted.signal);
  aborted.abort(new Error("the client went away"));
  await assert.rejects(query, /the client went away/);
  const slow = history.queryLogs({ contains: "y" });
  clock.advance(1_000);
  await assert.rejects(slow, (error) => error instanceof CdktrError && error.code === "TIMED_OUT");
  for await (const part of history.streamLogs({ limit: 50_000 })) {
    assert.equal(part[0]?.payload, "line 0");
    break;
  }
  assert.equal((await history.queryLogs({ contains: "line 49999" })).length, 1);
});

Deno.test("a sender of many lines is told to wait while they are being stored, and let on again", async () => {
  await withDirectory(async (directory) => {
    await using history = await openHistory({ path: `${directory}/app.db` });
    assert.equal(history.room(), undefined);
    history.appendLogs(lines(70_000));
    const room = history.room();
    assert.ok(room instanceof Promise);
    await room;
    assert.ok(history.health.bufferedRows <= 32_768);
    assert.equal(history.room(), undefined);
  });
});

Deno.test("nobody is told to wait for a history that is closed", async () => {
  await withDirectory(async (directory) => {
    const history = await openHistory({ path: `${directory}/app.db` });
    history.appendLogs(lines(70_000));
    const room = history.room();
    await Promise.all([history.close(), room]);
    assert.equal(history.room(), undefined);
  });
});
