import assert from "node:assert/strict";
import type { History, HistoryOptions, LogRow, RetentionPolicy } from "../../src/history/mod.ts";
import { decisionsPage, line, openHistory, Problems, runSql, runVersion, withDirectory } from "./fixtures.ts";
import { FakeClock } from "../fake_clock.ts";

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** 2026-11-21T10:33:22Z, as the clock of the tests. */
const nowMs = new FakeClock().nowMs();

function daysAgo(days: number, payload: string, fields: Partial<LogRow> = {}): LogRow {
  return line(payload, { timestampMs: nowMs - days * dayMs, ...fields });
}

function keepAWeek(changes: Partial<RetentionPolicy> = {}): RetentionPolicy {
  return { olderThanMs: weekMs, nowMs, ...changes };
}

async function payloads(history: History): Promise<string> {
  return (await history.queryLogs()).map(({ payload }) => payload).join(" ");
}

async function namesIn(directory: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(directory)) names.push(name);
  return names.sort();
}

/** Opens history with an archive beside its database, in a directory with a quote in its name. */
async function withArchive(
  use: (
    place: { path: string; files: string; open: (options?: Partial<HistoryOptions>) => Promise<History> },
  ) => Promise<
    void
  >,
): Promise<void> {
  await withDirectory(async (directory) => {
    const [path, archiveDirectory] = [`${directory}/app.db`, `${directory}/it's old`];
    const open = (options: Partial<HistoryOptions> = {}) =>
      openHistory({ path, archiveDirectory, clock: new FakeClock(), flushIntervalMs: 0, ...options });
    await use({ path, files: `${archiveDirectory}/logs`, open });
  });
}

async function store(history: History, rows: LogRow[]): Promise<void> {
  history.appendLogs(rows);
  await history.flush();
}

Deno.test("whole days that are older than the limit go into one file each, and are queried with the rest", async () => {
  await withArchive(async ({ path, files, open }) => {
    {
      await using history = await open();
      await store(history, [9, 8, 7, 6, 0].flatMap((days) => [daysAgo(days, `a${days}`), daysAgo(days, `b${days}`)]));
      const before = await history.queryLogs();
      const retained = await history.retain(keepAWeek());
      // The seventh day back is over since less than a week.
      assert.deepEqual([retained.archivedLines, retained.deletedLines, retained.isOverLimit], [4, 0, false]);
      assert.deepEqual(await namesIn(files), ["2026-11-12.parquet", "2026-11-13.parquet"]);
      assert.deepEqual(await history.queryLogs(), before);
      assert.deepEqual(await history.queryLogs({ order: "newest" }), before.toReversed());
      assert.equal((await history.counts()).logRows, 10);
      for (const filter of [{ contains: "9" }, { sinceMs: nowMs - 8 * dayMs, untilMs: nowMs - 6 * dayMs }]) {
        const expected = before.filter(({ payload, timestampMs }) =>
          payload.includes(filter.contains ?? "") && timestampMs >= (filter.sinceMs ?? 0) &&
          timestampMs < (filter.untilMs ?? Infinity)
        );
        assert.deepEqual(await history.queryLogs(filter), expected);
      }
      assert.equal(((await Deno.stat(`${files}/2026-11-12.parquet`)).mode ?? 0) & 0o777, 0o600);
      assert.equal(((await Deno.stat(files)).mode ?? 0) & 0o777, 0o700);
      assert.equal((await history.retain(keepAWeek())).archivedLines, 0);
    }
    assert.deepEqual(await runSql(path, "SELECT count(*) FROM logstore"), [[6n]]);
    assert.deepEqual(await runSql(path, "SELECT count(*), count(DISTINCT payload), count(logged_at) FROM logs"), [
      [10n, 10n, 10n],
    ]);
    await using history = await open();
    assert.equal((await history.queryLogs()).length, 10);
  });
});

for (
  const [order, filter] of [
    ["oldest", {}],
    ["newest", {}],
    ["oldest", { runIds: ["run-1", "run-2"] }],
    ["newest", { runIds: ["run-1", "run-2"] }],
  ] as const
) {
  const of = "runIds" in filter ? "of some runs" : "of all lines";
  Deno.test(`pages ${of}, ${order} first, join without gap or overlap when days move to the archive between them`, async () => {
    await withArchive(async ({ open }) => {
      await using history = await open();
      const rows = Array.from(
        { length: 300 },
        (_, index) =>
          daysAgo([20, 3, 12, 0, 12, 30][index % 6] ?? 0, `line ${index}`, {
            taskRunId: `t${index % 4}`,
            runId: `run-${index % 3}`,
          }),
      );
      await store(history, rows);
      const expected = await history.queryLogs({ order, ...filter });
      assert.equal(expected.length, "runIds" in filter ? 200 : 300);
      const seen: LogRow[] = [];
      let [limit, archivedLines] = [1, 0];
      let page = await history.queryLogPage({ order, limit, ...filter });
      while (page.cursor !== null) {
        seen.push(...page.lines);
        // Another day is archived before each page.
        const { archivedLines: more } = await history.retain(keepAWeek({ olderThanMs: (31 - limit) * dayMs }));
        archivedLines += more;
        page = await history.queryLogPage({ order, limit: limit = limit % 29 + 1, after: page.cursor, ...filter });
      }
      assert.deepEqual(seen, expected);
      assert.equal(archivedLines, 200);
    });
  });
}

Deno.test("lines that come late for an archived day get a file of their own behind the first", async () => {
  await withArchive(async ({ files, open }) => {
    await using history = await open();
    for (const round of [1, 2, 3]) {
      await store(history, [daysAgo(9, `a${round}`), daysAgo(9, `b${round}`)]);
      await history.retain(keepAWeek());
    }
    assert.deepEqual(await namesIn(files), ["2026-11-12.2.parquet", "2026-11-12.3.parquet", "2026-11-12.parquet"]);
    assert.equal(await payloads(history), "a1 b1 a2 b2 a3 b3");
  });
});

Deno.test("a workflow may keep its lines longer or shorter than others, whatever its name is", async () => {
  await withArchive(async ({ open }) => {
    await using history = await open();
    const [short, long] = ["it's short", "long"];
    await store(history, [
      daysAgo(20, "other20"),
      daysAgo(20, "long20", { workflowId: long }),
      daysAgo(3, "short3", { workflowId: short }),
      daysAgo(3, "other3"),
      daysAgo(40, "long40", { workflowId: long }),
    ]);
    const olderThanMsByWorkflow = { [short]: dayMs, [long]: 30 * dayMs };
    assert.equal((await history.retain(keepAWeek({ olderThanMsByWorkflow }))).archivedLines, 3);
    assert.equal((await history.retain(keepAWeek({ olderThanMsByWorkflow: {} }))).archivedLines, 1);
    assert.equal(await payloads(history), "long40 other20 long20 short3 other3");
    assert.equal((await history.retain({ olderThanMs: null, olderThanMsByWorkflow, nowMs })).archivedLines, 0);
  });
});

Deno.test("without an archive old lines are deleted; times before 2000 count as of its first day", async () => {
  await withDirectory(async (directory) => {
    await using history = await openHistory({
      path: `${directory}/app.db`,
      clock: new FakeClock(),
      flushIntervalMs: 0,
    });
    await store(history, [
      daysAgo(9, "old"),
      daysAgo(0, "new"),
      line("1899", { timestampMs: -2_208_988_800_000 }),
      line("never", { timestampMs: 8.64e15 }),
    ]);
    const { deletedLines, archivedLines } = await history.retain(keepAWeek());
    assert.deepEqual([deletedLines, archivedLines], [2, 0]);
    assert.equal(await payloads(history), "new never");
  });
});

Deno.test("states, decisions and versions go by the same limit; of runs that matter still, the newest version stays", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    {
      await using history = await openHistory({ path });
      const at = (days: number) => nowMs - days * dayMs;
      const page = decisionsPage(1, 2);
      const [sample] = page.decisions;
      assert.ok(sample !== undefined);
      const task = {
        attempt: 1,
        taskRunId: "x",
        tryNumber: 1,
        state: "COMPLETED",
        exitCode: 0,
        reason: null,
        outputs: null,
      };
      assert.ok(history.tryProject({
        seq: 2,
        runStatuses: [
          { workflowId: "w", runId: "gone", status: "COMPLETED", timestampMs: at(9) },
          { workflowId: "w", runId: "running", status: "RUNNING", timestampMs: at(9) },
        ],
        taskStatuses: [{ taskId: "t", taskRunId: "x", runId: "gone", status: "COMPLETED", timestampMs: at(9) }],
        runs: [
          runVersion({ seq: 1, runId: "gone", triggeredMs: at(10), startedMs: at(9), finishedMs: at(9) }),
          runVersion({
            seq: 2,
            runId: "running",
            state: "PENDING",
            triggeredMs: at(99),
            assignedMs: null,
            startedMs: null,
            finishedMs: null,
          }),
          runVersion({
            seq: 3,
            runId: "running",
            state: "RUNNING",
            triggeredMs: at(99),
            startedMs: at(9),
            finishedMs: null,
          }),
          runVersion({ seq: 4, runId: "late", triggeredMs: at(10), startedMs: at(10), finishedMs: at(1) }),
        ],
        tasks: [
          { ...task, seq: 1, runId: "gone", taskId: "t", startedMs: at(9), finishedMs: at(9) },
          { ...task, seq: 3, runId: "running", taskId: "t", startedMs: at(9), finishedMs: at(9) },
        ],
        decisions: [
          { ...sample, seq: 1, runId: "gone", atMs: at(9) },
          { ...sample, seq: 2, runId: "running", atMs: at(9) },
          { ...sample, seq: 3, runId: null, type: "agent_joined", agentId: "there", atMs: at(9) },
          { ...sample, seq: 4, runId: null, type: "agent_joined", agentId: "left", atMs: at(9) },
          { ...sample, seq: 5, runId: null, type: "agent_left", agentId: "left", atMs: at(9) },
          { ...sample, seq: 6, runId: null, type: "schedule_noted", atMs: at(1) },
        ],
      }));
      await history.whenCommitted("journal", 2);
      assert.equal((await history.retain(keepAWeek())).deletedRows, 8);
    }
    assert.deepEqual(await runSql(path, "SELECT run_id, state FROM runs ORDER BY run_id"), [
      ["late", "COMPLETED"],
      ["running", "RUNNING"],
    ]);
    assert.deepEqual(await runSql(path, "SELECT run_id FROM task_runs"), [["running"]]);
    assert.deepEqual(await runSql(path, "SELECT seq FROM decisions ORDER BY seq"), [[2n], [3n], [6n]]);
    assert.deepEqual(await runSql(path, "SELECT workflow_instance_id FROM workflow_run_status"), [["running"]]);
    assert.deepEqual(await runSql(path, "SELECT count(*) FROM task_run_status"), [[0n]]);
  });
});

Deno.test("a database that is too large sheds its oldest days until it is not, then today's; nothing is lost", async () => {
  await withArchive(async ({ files, open }) => {
    await using history = await open();
    // DuckDB gives back the room of deleted rows by blocks of 122,880 rows.
    const perDay = 130_000;
    for (const days of [2, 1, 0]) {
      await store(history, Array.from({ length: perDay }, () => daysAgo(days, crypto.randomUUID())));
    }
    const { usedBytes } = await history.retain({ olderThanMs: null, maxBytes: null, nowMs });
    assert.ok(usedBytes > 4_000_000, String(usedBytes));
    const less = await history.retain({ olderThanMs: null, maxBytes: usedBytes - 1, nowMs });
    assert.ok(less.usedBytes < usedBytes && !less.isOverLimit, JSON.stringify(less));
    assert.equal(less.archivedLines, perDay);
    assert.equal((await namesIn(files))[0], "2026-11-19.parquet");
    const none = await history.retain({ olderThanMs: null, maxBytes: 0, nowMs });
    assert.deepEqual([none.archivedLines, none.isOverLimit], [2 * perDay, true]);
    assert.equal((await history.counts()).logRows, 3 * perDay);
    await store(history, [daysAgo(0, "goes on")]);
    assert.deepEqual((await history.queryLogs({ order: "newest", limit: 1 })).map(({ payload }) => payload), [
      "goes on",
    ]);
  });
});

Deno.test("archived days have a limit of their own; the file goes when no query can be reading it any more", async () => {
  await withArchive(async ({ files, open }) => {
    await using history = await open();
    await store(history, [daysAgo(40, "a"), daysAgo(20, "b"), daysAgo(0, "c")]);
    const retained = await history.retain(keepAWeek({ archiveOlderThanMs: 30 * dayMs }));
    assert.deepEqual([retained.archivedLines, retained.deletedArchivedLines], [2, 1]);
    assert.equal(await payloads(history), "b c");
    await history.retain(keepAWeek({ archiveOlderThanMs: 30 * dayMs }));
    assert.deepEqual(await namesIn(files), ["2026-11-01.parquet"]);
  });
});

Deno.test("a crash at any point of archiving neither loses nor doubles a line", async () => {
  await withArchive(async ({ path, files, open }) => {
    {
      await using history = await open();
      await store(history, [daysAgo(9, "a"), daysAgo(8, "b"), daysAgo(0, "c")]);
    }
    await Deno.copyFile(path, `${path}.before`);
    {
      await using history = await open();
      await history.retain(keepAWeek());
    }
    // Before the transaction: the file is there under its name, the lines are in the table still. And an unfinished one.
    await Deno.copyFile(path, `${path}.after`);
    await Deno.copyFile(`${path}.before`, path);
    await Deno.writeTextFile(`${files}/2026-11-14.parquet.partial`, "PAR1 half of it");
    {
      await using history = await open();
      assert.equal(await payloads(history), "a b c");
      assert.deepEqual(await namesIn(files), []);
      await history.retain(keepAWeek());
      assert.equal(await payloads(history), "a b c");
    }
    // The transaction that gave up a file is through, the file is there still.
    {
      await using history = await open();
      await history.retain(keepAWeek({ archiveOlderThanMs: 8 * dayMs }));
      assert.equal(await payloads(history), "b c");
    }
    await using history = await open();
    assert.equal(await payloads(history), "b c");
    assert.deepEqual(await namesIn(files), ["2026-11-13.parquet"]);
  });
});

Deno.test("a process that is killed again and again while it archives: every line is there, once", async () => {
  await withArchive(async ({ path, open }) => {
    const total = 40_000;
    {
      await using history = await open();
      await store(history, Array.from({ length: total }, (_, index) => daysAgo(10 + index % 20, `line ${index}`)));
    }
    const script = new URL("./archiving.ts", import.meta.url).pathname;
    for (let round = 0; round < 4; round++) {
      const args = ["run", "-A", "--no-check", script, path, `${path}/../it's old`, String(nowMs)];
      const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      // Twenty files are being written, one after the other: this lands in the middle of one of them.
      await new Promise((resolve) => setTimeout(resolve, 60 + 90 * round));
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await using history = await open();
      const stored = await history.queryLogs({ limit: 1_000_000 });
      assert.deepEqual([stored.length, new Set(stored.map(({ payload }) => payload)).size], [total, total]);
    }
  });
});

Deno.test("the files of a database that was lost are taken over by the one made in its place", async () => {
  await withArchive(async ({ path, open }) => {
    {
      await using history = await open();
      await store(history, [daysAgo(9, "archived"), daysAgo(0, "lost")]);
      await history.retain(keepAWeek());
    }
    await Deno.remove(path);
    await using history = await open();
    assert.equal(await payloads(history), "archived");
    await store(history, [daysAgo(9, "late")]);
    await history.retain(keepAWeek());
    assert.equal(await payloads(history), "archived late");
  });
});

Deno.test("archived files that are gone or cannot be read are told of, and cost nothing but their lines", async () => {
  await withArchive(async ({ path, files, open }) => {
    {
      await using history = await open();
      await store(history, [daysAgo(10, "a"), daysAgo(9, "b"), daysAgo(0, "c")]);
      await history.retain(keepAWeek());
    }
    await Deno.remove(`${files}/2026-11-11.parquet`);
    await Deno.writeTextFile(`${files}/2026-11-05.parquet`, "not one of ours");
    await Deno.writeTextFile(`${files}/notes.txt`, "not ours to touch");
    const problems = new Problems();
    await using history = await open({ onProblem: problems.add });
    assert.equal(await payloads(history), "b c");
    assert.deepEqual(problems.codes, ["ARCHIVE", "ARCHIVE"]);
    assert.match(problems.all[0]?.message ?? "", /2026-11-11\.parquet is gone, and with it 1 lines/);
    assert.match(problems.all[1]?.message ?? "", /2026-11-05\.parquet cannot be read .* was renamed/);
    assert.deepEqual(await namesIn(files), ["2026-11-05.parquet.damaged", "2026-11-12.parquet", "notes.txt"]);
    await history.close();

    await Deno.chmod(files, 0o000);
    await Deno.rename(files, `${files}.away`);
    await Deno.writeTextFile(files, "a file where the directory was");
    const others = new Problems();
    await using without = await open({ onProblem: others.add });
    assert.deepEqual(others.codes, ["ARCHIVE"]);
    assert.equal(await payloads(without), "c");
    await Deno.remove(files);
    await Deno.rename(`${files}.away`, files);
    await Deno.chmod(files, 0o700);
    await without.close();
    await using again = await open({ path });
    assert.equal(await payloads(again), "b c");
  });
});

Deno.test("nothing is moved while history is paused, and a policy that makes no sense is refused", async () => {
  await withArchive(async ({ open }) => {
    await using history = await open({ onProblem: () => {} });
    await assert.rejects(history.retain({ olderThanMs: -1, nowMs }), {
      code: "INVALID_ARGUMENT",
      message: /olderThanMs/,
    });
    history.pause("the disk is full");
    await assert.rejects(history.retain(keepAWeek()), { code: "STORAGE", message: /the disk is full/ });
  });
});
