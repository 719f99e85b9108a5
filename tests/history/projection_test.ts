import assert from "node:assert/strict";
import { type History, journalStream, logStreamOf } from "../../src/history/mod.ts";
import { decisionsPage, line, lines, openHistory, Problems, runSql, runVersion, withDirectory } from "./fixtures.ts";
import { FakeClock } from "../fake_clock.ts";

const stream = logStreamOf("run-1", 1);

function spawn(module: string): () => Worker {
  return () => new Worker(new URL(module, import.meta.url), { type: "module" });
}

async function count(history: History): Promise<number> {
  return (await history.counts()).logRows;
}

Deno.test("marked rows and their marks are there after the file is opened again", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    {
      await using history = await openHistory({ path });
      assert.ok(history.tryAppendLogs(lines(3), { stream, position: 3 }));
      assert.ok(history.tryAppendLogs(lines(2), { stream, position: 5 }));
      assert.ok(history.tryProject(decisionsPage(1, 4)));
      assert.deepEqual([history.positionOf(stream), history.committedPositionOf(stream)], [5, 0]);
      await history.whenCommitted(stream, 5);
      assert.deepEqual([history.committedPositionOf(stream), history.committedPositionOf(journalStream)], [5, 4]);
      await history.whenCommitted(stream, 2);
    }
    {
      await using history = await openHistory({ path });
      assert.deepEqual([history.positionOf(stream), history.positionOf("journal"), history.generation], [5, 4, 1]);
      assert.equal(await count(history), 5);
      assert.throws(() => history.tryAppendLogs(lines(1), { stream, position: 5 }), { code: "INTERNAL" });
      assert.ok(history.tryAppendLogs(lines(1), { stream, position: 6 }));
    }
    const decisions = await runSql(path, "SELECT seq, run_id, attempt, task_id, reason FROM decisions ORDER BY seq");
    assert.deepEqual(decisions.at(0), [1n, "run-1", 1, null, "all tasks completed"]);
    assert.equal(decisions.length, 4);
    assert.deepEqual(await runSql(path, "SELECT max(position) FROM marks WHERE stream LIKE 'log:%'"), [[6n]]);
  });
});

Deno.test("the views show the latest version of runs and tasks, lines by readable names, agents as they are", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    {
      await using history = await openHistory({ path });
      const task = { runId: "a", attempt: 1, taskId: "t", taskRunId: "tr", tryNumber: 1, reason: null, outputs: null };
      const agent = {
        atMs: 1_000,
        runId: null,
        workflowId: null,
        attempt: null,
        taskId: null,
        state: null,
        reason: null,
        detail: "{}",
      };
      assert.ok(history.tryProject({
        seq: 9,
        runStatuses: [],
        taskStatuses: [],
        runs: [
          runVersion({ seq: 1, runId: "a", state: "RUNNING", finishedMs: null }),
          runVersion({ seq: 2, runId: "b", state: "PENDING", startedMs: null, finishedMs: null }),
          runVersion({ seq: 3, runId: "a", state: "FAILED", startedMs: 10, finishedMs: 35 }),
        ],
        tasks: [
          { ...task, seq: 1, state: "RUNNING", startedMs: 10, finishedMs: null, exitCode: null },
          { ...task, seq: 3, state: "FAILED", startedMs: 10, finishedMs: 20, exitCode: -9 },
        ],
        decisions: [
          { ...agent, seq: 4, type: "agent_joined", agentId: "x" },
          { ...agent, seq: 5, type: "agent_joined", agentId: "y" },
          { ...agent, seq: 6, type: "agent_left", agentId: "x", reason: "it was stopped" },
        ],
      }));
      history.appendLogs([line("hi", { runId: "a", taskName: "T", timestampMs: 0 })]);
    }
    assert.deepEqual(
      await runSql(path, "SELECT run_id, state, duration_ms, epoch_ms(finished_at) FROM runs ORDER BY run_id"),
      [["a", "FAILED", 25n, 35n], ["b", "PENDING", null, null]],
    );
    assert.deepEqual(await runSql(path, "SELECT run_id, task_id, state, exit_code, duration_ms FROM task_runs"), [
      ["a", "t", "FAILED", -9, 10n],
    ]);
    assert.deepEqual(await runSql(path, "SELECT run_id, task, payload, epoch_ms(logged_at) FROM logs"), [[
      "a",
      "T",
      "hi",
      0n,
    ]]);
    assert.deepEqual(await runSql(path, "SELECT agent_id, is_connected, reason FROM agents ORDER BY agent_id"), [
      ["x", false, "it was stopped"],
      ["y", true, null],
    ]);
  });
});

Deno.test("numbers that the tables cannot hold are stored as the nearest they can, and hold up nothing", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    {
      await using history = await openHistory({ path });
      const page = decisionsPage(1, 1);
      page.runs = [runVersion({ seq: 1, attempt: 2 ** 40, startedMs: 1e300, finishedMs: NaN, triggeredMs: 1.5 })];
      assert.ok(history.tryProject(page));
      await history.whenCommitted("journal", 1);
    }
    assert.deepEqual(await runSql(path, "SELECT attempt, started_ms, finished_ms, triggered_ms FROM run_versions"), [
      [2147483647, 9007199254740991n, null, 1n],
    ]);
  });
});

Deno.test("a process that is killed while it commits: positions and rows agree exactly, again and again", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    const script = new URL("./projecting.ts", import.meta.url).pathname;
    let before = 0;
    for (let round = 0; round < 4; round++) {
      const args = ["run", "-A", "--no-check", script, path];
      const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
      await child.stdout.getReader().read();
      // Hot: commits follow each other without a pause, so this lands within one or between two.
      await new Promise((resolve) => setTimeout(resolve, 37 * round));
      child.kill("SIGKILL");
      await child.status;
      await using history = await openHistory({ path });
      assert.equal(await count(history), history.positionOf(stream));
      assert.ok(history.positionOf(stream) > before);
      before = history.positionOf(stream);
      const seq = history.positionOf("journal");
      await history.close();
      const sql = "SELECT count(*), count(DISTINCT seq), max(seq) FROM";
      const expected = [[BigInt(seq), BigInt(seq), BigInt(seq)]];
      assert.deepEqual(await runSql(path, `${sql} decisions`), expected);
      assert.deepEqual(await runSql(path, `${sql} run_versions`), expected);
    }
  });
});

Deno.test("a batch whose commit was never reported is not written again when it was committed", async () => {
  await withDirectory(async (directory) => {
    const problems = new Problems();
    const path = `${directory}/app.db`;
    await using history = await openHistory({
      path,
      onProblem: problems.add,
      spawnWorker: spawn("./forgetful_worker.ts"),
    });
    assert.ok(history.tryAppendLogs([line("forget"), ...lines(10)], { stream, position: 11 }));
    await history.whenCommitted(stream, 11);
    assert.equal(await count(history), 11);
    assert.equal(history.generation, 1);
    assert.deepEqual(problems.codes, ["RESTARTED", "RECOVERED"]);
  });
});

Deno.test("a database that is replaced while open: a new generation, waits told, marked rows wanted again", async () => {
  const problems = new Problems();
  // One in memory is another each time it is opened.
  await using history = await openHistory({
    path: ":memory:",
    onProblem: problems.add,
    spawnWorker: spawn("./stumbling_worker.ts"),
  });
  assert.ok(history.tryAppendLogs(lines(5), { stream, position: 5 }));
  await history.whenCommitted(stream, 5);
  assert.ok(history.tryAppendLogs([line("stumble")], { stream, position: 6 }));
  history.appendLogs([line("unmarked")]);
  await assert.rejects(history.whenCommitted(stream, 6), { code: "STORAGE", message: /replaced/ });
  assert.deepEqual([history.generation, history.positionOf(stream), history.committedPositionOf(stream)], [2, 0, 0]);
  await history.flush();
  assert.deepEqual((await history.queryLogs()).map(({ payload }) => payload), ["unmarked"]);
  assert.ok(history.tryAppendLogs(lines(6), { stream, position: 6 }));
  await history.whenCommitted(stream, 6);
});

Deno.test("a database whose owner wants it opened again is the same or another, as its file is the same or another", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    const problems = new Problems();
    await using history = await openHistory({ path, onProblem: problems.add });
    assert.ok(history.tryAppendLogs(lines(5), { stream, position: 5 }));
    await history.whenCommitted(stream, 5);
    history.reopen("the test wants it");
    history.appendLogs([line("waits until it is open")]);
    await history.flush();
    assert.deepEqual([history.openings, history.generation, history.positionOf(stream)], [2, 1, 5]);

    await Deno.remove(path);
    history.reopen("its file was removed");
    history.appendLogs([line("first in the new one")]);
    await history.flush();
    assert.deepEqual([history.openings, history.generation, history.positionOf(stream)], [3, 2, 0]);
    assert.deepEqual((await history.queryLogs()).map(({ payload }) => payload), ["first in the new one"]);
    assert.deepEqual(problems.codes, ["WRITE_FAILED", "RECOVERED", "WRITE_FAILED", "RECOVERED"]);
  });
});

Deno.test("marked rows are not taken while paused, and are again afterwards; health says since when and why", async () => {
  const clock = new FakeClock();
  const problems = new Problems();
  await using history = await openHistory({ path: ":memory:", clock, onProblem: problems.add });
  const pausedMs = clock.nowMs();
  history.pause("the disk has 12 MiB left");
  clock.advance(5_000);
  history.pause("the disk has 11 MiB left");
  assert.ok(!history.tryAppendLogs(lines(1), { stream, position: 1 }));
  assert.ok(!history.tryProject(decisionsPage(1, 1)));
  history.appendLogs([line("kept")]);
  const { state, reason, sinceMs, bufferedRows } = history.health;
  assert.deepEqual([state, reason, sinceMs, bufferedRows], ["degraded", "the disk has 11 MiB left", pausedMs, 1]);
  clock.advance(60_000);
  assert.equal(history.health.committedRows, 0);
  history.resume();
  assert.equal(history.health.state, "ok");
  assert.ok(history.tryAppendLogs(lines(1), { stream, position: 1 }));
  await history.flush();
  assert.equal(await count(history), 2);
  assert.deepEqual(problems.codes, ["PAUSED", "RECOVERED"]);
});

Deno.test("marked rows are not taken while two batches of them wait, nor after the end", async () => {
  const history = await openHistory({ path: ":memory:", flushIntervalMs: 3_600_000 });
  let position = 0;
  while (history.tryAppendLogs(lines(1_000), { stream, position: position + 1_000 })) position += 1_000;
  assert.ok(position >= 131_072 && position < 200_000, String(position));
  await history.whenCommitted(stream, position);
  assert.ok(history.tryAppendLogs(lines(1), { stream, position: position + 1 }));
  const lost = assert.rejects(history.whenCommitted(stream, position + 2), { code: "SHUTTING_DOWN" });
  await history.close();
  await lost;
  assert.ok(!history.tryAppendLogs(lines(1), { stream, position: position + 2 }));
});

Deno.test("the table of marks is written anew when it has grown", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await (await openHistory({ path })).close();
    await runSql(
      path,
      "INSERT INTO marks SELECT 'journal', i, 1795252402023 FROM range(5000) t(i)",
      "INSERT INTO marks SELECT 'log:old:1', 7, 0",
    );
    {
      await using history = await openHistory({ path });
      assert.equal(history.positionOf("journal"), 4_999);
      assert.equal(history.positionOf("log:old:1"), 0);
    }
    assert.deepEqual(await runSql(path, "SELECT stream, position FROM marks"), [["journal", 4999n]]);
  });
});
