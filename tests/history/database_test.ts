import { tryLockFile } from "../../src/lock/mod.ts";
import assert from "node:assert/strict";
import { type History, type LogRow } from "../../src/history/mod.ts";
import { line, lines, openHistory, Problems, runSql, withDirectory } from "./fixtures.ts";

async function store(path: string, rows: LogRow[]): Promise<void> {
  await using history = await openHistory({ path });
  history.appendLogs(rows);
}

async function payloads(history: History): Promise<string[]> {
  return (await history.queryLogs()).map((row) => row.payload);
}

async function namesIn(directory: string): Promise<string[]> {
  const names = [];
  for await (const entry of Deno.readDir(directory)) names.push(entry.name);
  return names.sort();
}

/** A process that opens history, says so, and closes it when its standard input ends. */
function spawnHolder(path: string): Deno.ChildProcess {
  const holder = new URL("./holder.ts", import.meta.url).pathname;
  const args = ["run", "-A", "--no-check", holder, path];
  return new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped", stderr: "inherit" }).spawn();
}

async function firstLine(process: Deno.ChildProcess): Promise<string> {
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return value?.trim() ?? "";
}

Deno.test("a file that the original wrote is continued, its empty columns read as empty", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await runSql(
      path,
      "CREATE TYPE RunStatus AS ENUM ('PENDING','RUNNING','WAITING','COMPLETED','FAILED','CRASHED')",
      "CREATE TYPE RunType AS ENUM ('Workflow','Task')",
      `CREATE TABLE logstore (workflow_id TEXT, workflow_name TEXT, workflow_instance_id TEXT, task_name TEXT,
        task_instance_id TEXT, timestamp_ms BIGINT, level TEXT, payload TEXT)`,
      `CREATE TABLE workflow_run_status (workflow_id TEXT, workflow_instance_id TEXT, status RunStatus,
        timestamp_ms BIGINT)`,
      `CREATE TABLE task_run_status (task_id TEXT, task_instance_id TEXT, workflow_instance_id TEXT, status RunStatus,
        timestamp_ms BIGINT)`,
      "INSERT INTO logstore VALUES ('w', 'W', 'happy-otter-0', 'T', 'odd-dog-0', 5, 'INFO', 'STDOUT old'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
      "INSERT INTO workflow_run_status VALUES ('w', 'happy-otter-0', 'COMPLETED', 6), (NULL, NULL, NULL, NULL)",
    );
    {
      await using history = await openHistory({ path });
      history.appendLogs([line("new")]);
      await history.flush();
      assert.deepEqual(await payloads(history), ["STDOUT old", "", "new"]);
      assert.deepEqual(await history.recentStatuses(), [
        { workflowId: "w", runId: "happy-otter-0", status: "COMPLETED", timestampMs: 6 },
      ]);
    }
    const [row] = await runSql(path, "SELECT * FROM logstore WHERE payload = 'new'");
    const { workflowId, workflowName, runId, taskName, taskRunId, timestampMs, level } = line("new");
    assert.deepEqual(row, [workflowId, workflowName, runId, taskName, taskRunId, BigInt(timestampMs), level, "new"]);
  });
});

Deno.test("a new file has the original's tables as they were, ours beside them, and no index", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await store(path, []);
    const columns = await runSql(
      path,
      `SELECT table_name, string_agg(column_name || ':' || data_type, ' ' ORDER BY column_index)
       FROM duckdb_columns() JOIN duckdb_tables() USING (table_name) GROUP BY ALL ORDER BY ALL`,
    );
    const status = "status:ENUM('PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CRASHED')";
    assert.deepEqual(columns.filter(([table]) => table === "logstore" || String(table).endsWith("_run_status")), [
      [
        "logstore",
        "workflow_id:VARCHAR workflow_name:VARCHAR workflow_instance_id:VARCHAR task_name:VARCHAR task_instance_id:VARCHAR timestamp_ms:BIGINT level:VARCHAR payload:VARCHAR",
      ],
      [
        "task_run_status",
        `task_id:VARCHAR task_instance_id:VARCHAR workflow_instance_id:VARCHAR ${status} timestamp_ms:BIGINT`,
      ],
      [
        "workflow_run_status",
        `workflow_id:VARCHAR workflow_instance_id:VARCHAR ${status} timestamp_ms:BIGINT`,
      ],
    ]);
    assert.deepEqual(columns.map(([table]) => table), [
      "archived_logs",
      "decisions",
      "identity",
      "logstore",
      "marks",
      "run_versions",
      "task_run_status",
      "task_versions",
      "workflow_run_status",
    ]);
    assert.deepEqual(await runSql(path, "SELECT count(*) FROM duckdb_indexes()"), [[0n]]);
  });
});

for (
  const [damage, write] of [
    ["garbage", (path: string) => Deno.writeTextFile(path, "this is not a database ".repeat(1_000))],
    ["an empty file", (path: string) => Deno.writeTextFile(path, "")],
    ["a file cut off in its header", async (path: string) => {
      await store(path, lines(10));
      await Deno.truncate(path, 5_000);
    }],
    ["a damaged header", async (path: string) => {
      await store(path, lines(10));
      const bytes = await Deno.readFile(path);
      await Deno.writeFile(path, bytes.fill(7, 0, 12_288));
    }],
  ] as const
) {
  Deno.test(`${damage} is set aside with a message, and a new file made`, async () => {
    await withDirectory(async (directory) => {
      const path = `${directory}/app.db`;
      await write(path);
      const before = await Deno.readFile(path);
      const problems = new Problems();
      await using history = await openHistory({ path, onProblem: problems.add });
      assert.deepEqual(problems.codes, ["SET_ASIDE"]);
      const names = await namesIn(directory);
      const kept = names.find((name) => name.startsWith("app.db.damaged-"));
      assert.ok(kept !== undefined && problems.all[0]?.message.includes(kept), names.join());
      assert.deepEqual(await Deno.readFile(`${directory}/${kept}`), before);
      assert.ok(!names.includes("app.db.opening"));
      history.appendLogs([line("anew")]);
      await history.flush();
      assert.deepEqual(await payloads(history), ["anew"]);
    });
  });
}

Deno.test("a file cut in half is set aside: without its marks nothing that is stored could be trusted", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await store(path, Array.from({ length: 300_000 }, () => line(crypto.randomUUID())));
    await Deno.truncate(path, (await Deno.stat(path)).size / 2);
    const problems = new Problems();
    await using history = await openHistory({ path, onProblem: problems.add });
    assert.deepEqual(problems.codes, ["SET_ASIDE"]);
    assert.match(problems.all[0]?.message ?? "", /it does not open: /);
    history.appendLogs([line("anew")]);
    await history.flush();
    assert.deepEqual(await payloads(history), ["anew"]);
  });
});

Deno.test("damage within the lines costs the queries that touch it, is reported, and the file takes new rows", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await store(path, Array.from({ length: 300_000 }, () => line(crypto.randomUUID())));
    const file = await Deno.open(path, { write: true });
    await file.seek((await file.stat()).size / 2, Deno.SeekMode.Start);
    await file.write(new Uint8Array(512 * 1024).fill(7));
    file.close();
    const problems = new Problems();
    await using history = await openHistory({ path, onProblem: problems.add });
    await assert.rejects(history.queryLogs({ contains: "not to be found" }), { code: "STORAGE" });
    history.appendLogs([line("anew")]);
    await history.flush();
    assert.deepEqual(problems.codes.slice(0, 1), ["READ_FAILED"]);
    assert.deepEqual((await history.queryLogs({ order: "newest", limit: 1 })).map((row) => row.payload), ["anew"]);
  });
});

Deno.test("after two starts in a row that died while opening, the file and its log are set aside, even if it opens", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await store(path, lines(3));
    await Deno.writeTextFile(`${path}.wal`, "whatever the dead process left");
    await Deno.writeTextFile(`${path}.opening`, "opened by process 1, after 1 that died\n");
    const problems = new Problems();
    await using history = await openHistory({ path, onProblem: problems.add });
    assert.match(problems.all[0]?.message ?? "", /because 2 starts in a row ended while opening it/);
    assert.deepEqual(await payloads(history), []);
    const kept = (await namesIn(directory)).filter((name) => name.includes(".damaged-"));
    assert.equal(kept.length, 2);
    assert.equal(kept[1], `${kept[0]}.wal`);
  });
});

Deno.test("a start that is killed while opening costs nothing, a second one in a row the file", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await store(path, lines(3));
    const die = async () => {
      const dying = new URL("./dying.ts", import.meta.url).pathname;
      const args = ["run", "-A", "--no-check", dying, path];
      const { signal } = await new Deno.Command(Deno.execPath(), { args }).output();
      assert.equal(signal, "SIGKILL");
    };
    await die();
    {
      await using history = await openHistory({ path });
      assert.equal((await payloads(history)).length, 3);
    }
    await die();
    await die();
    const problems = new Problems();
    await using history = await openHistory({ path, onProblem: problems.add });
    assert.deepEqual(problems.codes, ["SET_ASIDE"]);
    assert.deepEqual(await payloads(history), []);
  });
});

Deno.test("a file that another process has open, or is opening, is left alone and named", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await store(path, lines(3));
    const holder = spawnHolder(path);
    assert.equal(await firstLine(holder), "open");
    const refusal = { code: "STORAGE", message: /app\.db is in use: another principal has it open/ };
    await assert.rejects(openHistory({ path }), refusal);
    await holder.stdin.close();
    assert.ok((await holder.status).success);

    {
      using _opening = tryLockFile(`${path}.opening.lock`);
      await assert.rejects(openHistory({ path }), refusal);
    }

    await using history = await openHistory({ path });
    assert.equal((await payloads(history)).length, 3);
    assert.deepEqual((await namesIn(directory)).filter((name) => name.includes(".damaged-")), []);
  });
});

Deno.test("closing gives up the lock to another process", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    const history = await openHistory({ path });
    const refused = spawnHolder(path);
    assert.match(await firstLine(refused), /in use/);
    await refused.stdin.close();
    await refused.status;
    await history.close();
    const holder = spawnHolder(path);
    assert.equal(await firstLine(holder), "open");
    await holder.stdin.close();
    await holder.status;
  });
});

Deno.test("a short log is left to the next opening where that is wished for, a long one merged, and no row is missing", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    const open = () => openHistory({ path, closingLogKb: 64 });
    const logBytes = () => Deno.stat(`${path}.wal`).then(({ size }) => size, () => 0);
    {
      await using history = await open();
      history.appendLogs(lines(3));
    }
    assert.ok(await logBytes() > 0);
    assert.equal(((await Deno.stat(`${path}.wal`)).mode ?? 0) & 0o777, 0o600);
    {
      await using history = await open();
      assert.deepEqual(await payloads(history), ["line 0", "line 1", "line 2"]);
      history.appendLogs([line("x".repeat(128 * 1024))]);
    }
    assert.equal(await logBytes(), 0);
    // As a principal does, and other programs.
    {
      await using history = await open();
      history.appendLogs([line("late")]);
    }
    assert.ok(await logBytes() > 0);
    assert.deepEqual(await runSql(path, "SELECT count(*) FROM logstore"), [[5n]]);
    assert.equal(await logBytes(), 0);
  });
});

Deno.test("a database of something else is neither written to nor set aside", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await runSql(path, "CREATE TABLE logstore (id INTEGER, note TEXT)", "INSERT INTO logstore VALUES (1, 'mine')");
    await assert.rejects(openHistory({ path }), {
      code: "STORAGE",
      message: /table logstore has the columns \(id INTEGER/,
    });
    assert.deepEqual(await runSql(path, "SELECT * FROM logstore"), [[1, "mine"]]);
    assert.deepEqual(await namesIn(directory), ["app.db", "app.db.opening.lock"]);
  });
});

Deno.test("a path that cannot hold a file is one clear sentence", async () => {
  await withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/app.db`);
    await assert.rejects(openHistory({ path: `${directory}/app.db` }), {
      code: "STORAGE",
      message: /app\.db cannot be/,
    });
    await Deno.writeTextFile(`${directory}/file`, "");
    await assert.rejects(openHistory({ path: `${directory}/file/app.db` }), { code: "STORAGE", message: /directory/ });
  });
});
