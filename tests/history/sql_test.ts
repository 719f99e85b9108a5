import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { CdktrError } from "../../src/core/mod.ts";
import { type History, viewDescriptions } from "../../src/history/mod.ts";
import { decisionsPage, line, lines, openHistory, runVersion, withDirectory } from "./fixtures.ts";
import { FakeClock } from "../fake_clock.ts";

/** A history in a directory of its own, with an archive and some rows in each view. */
async function withRows(use: (history: History, directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const clock = new FakeClock();
    const archiveDirectory = `${directory}/archive`;
    await using history = await openHistory({
      path: `${directory}/app.db`,
      archiveDirectory,
      clock,
      flushIntervalMs: 0,
    });
    const page = decisionsPage(1, 5);
    page.runs = [...page.runs, runVersion({ seq: 5, runId: "run-5", state: "FAILED" })];
    assert.ok(history.tryProject(page));
    history.appendLogs([line("old", { timestampMs: clock.nowMs() - 9 * 86_400_000 }), line("new")]);
    await history.flush();
    await history.retain({ olderThanMs: 86_400_000, nowMs: clock.nowMs() });
    await use(history, directory);
  });
}

Deno.test("a query is answered with columns, their types, and rows that JSON can hold", async () => {
  await withRows(async (history) => {
    const counted = await history.sql("SELECT state, count(*) AS runs FROM runs GROUP BY state ORDER BY state");
    assert.deepEqual(counted, {
      columns: [{ name: "state", type: "VARCHAR" }, { name: "runs", type: "BIGINT" }],
      rows: [["COMPLETED", 4], ["FAILED", 1]],
      truncated: false,
    });
    assert.deepEqual((await history.sql("SELECT payload FROM logs ORDER BY logged_at")).rows, [["old"], ["new"]]);
    const values = await history.sql(`SELECT 9007199254740993::BIGINT, 1.50::DECIMAL(4,2), 'nan'::DOUBLE, NULL,
      TIMESTAMPTZ '2026-11-21 11:33:22.023+01', TIMESTAMP '2026-01-02 03:04:05', DATE '2026-01-02', true,
      [1, 2], {a: 1, b: [true]}, MAP {'k': 2::HUGEINT}, 'FAILED'::RunStatus, '\\xAA'::BLOB, 'infinity'::TIMESTAMP,
      sum(12345678901234567890::HUGEINT), INTERVAL 3 DAY`);
    assert.deepEqual(values.rows, [[
      "9007199254740993",
      1.5,
      "NaN",
      null,
      "2026-11-21T10:33:22.023Z",
      "2026-01-02T03:04:05.000",
      "2026-01-02",
      true,
      [1, 2],
      { a: 1, b: [true] },
      { k: 2 },
      "FAILED",
      "\\xAA",
      "infinity",
      "12345678901234567890",
      "3 days",
    ]]);
    assert.deepEqual(JSON.parse(JSON.stringify(values)), values);
  });
});

Deno.test("every described view has exactly the columns and types it is described with", async () => {
  await withRows(async (history) => {
    for (const { name, columns } of viewDescriptions) {
      const answer = await history.sql(`FROM ${name} LIMIT 1`);
      assert.deepEqual(answer.columns, columns.map(({ name, type }) => ({ name, type })));
      assert.ok(columns.every(({ description }) => description.length > 5));
    }
    assert.deepEqual(viewDescriptions.map(({ name }) => name), ["runs", "task_runs", "logs", "decisions", "agents"]);
  });
});

Deno.test("whatever DuckDB calls a SELECT is answered, with comments, semicolons and CTEs around it", async () => {
  await withRows(async (history) => {
    for (
      const text of [
        "select 1",
        "SELECT 1; -- and no more",
        "/* first */ WITH a AS (SELECT 1) SELECT * FROM a",
        "FROM runs SELECT run_id",
        "VALUES (1), (2)",
        "TABLE runs",
        "DESCRIBE runs",
        "SHOW TABLES",
        "SUMMARIZE runs",
        "SELECT * FROM range(3), unnest([1, 2])",
        `WITH "a.b" AS (SELECT 1 AS x) SELECT x FROM (SELECT * FROM range(2)) t, (SELECT 1 AS x)`,
        "SELECT detail->>'$.type', json_extract(detail, '$.x') FROM decisions",
        "SELECT strftime(logged_at, '%Y'), logged_at AT TIME ZONE 'Europe/Berlin' FROM logs",
        "SELECT table_name FROM information_schema.tables",
      ]
    ) {
      await history.sql(text).catch((error) => assert.fail(`${text}: ${error.message}`));
    }
  });
});

Deno.test("anything but one query is refused in a sentence, and has changed nothing", async () => {
  await withRows(async (history, directory) => {
    const secret = `${directory}/secret.csv`;
    await Deno.writeTextFile(secret, "a,b\n1,2\n");
    const refused: [string, RegExp][] = [
      ["", /no SQL/],
      ["  -- nothing", /no SQL/],
      ["SELECT 1; SELECT 2", /One statement is answered at a time, and there are 2/],
      ["SELECT 1; DROP TABLE logstore", /not one SELECT/],
      ["DELETE FROM logstore RETURNING *", /not one SELECT/],
      ["INSERT INTO marks VALUES ('journal', 0, 0)", /not one SELECT/],
      ["WITH a AS (DELETE FROM logstore RETURNING *) SELECT * FROM a", /./],
      ["CREATE TABLE t (i INT)", /not one SELECT/],
      ["DROP VIEW runs", /not one SELECT/],
      ["EXPLAIN ANALYZE DELETE FROM logstore", /not one SELECT/],
      ["PRAGMA database_list", /not one SELECT/],
      ["CALL pragma_database_size()", /not one SELECT/],
      ["SET memory_limit = '9GB'", /not one SELECT/],
      ["RESET threads", /not one SELECT/],
      ["INSTALL httpfs", /not one SELECT/],
      ["LOAD httpfs", /not one SELECT/],
      [`ATTACH '${secret}.db' AS other`, /not one SELECT/],
      ["ATTACH ':memory:' AS other", /not one SELECT/],
      ["CHECKPOINT", /not one SELECT/],
      ["BEGIN TRANSACTION", /not one SELECT/],
      [`COPY runs TO '${directory}/out.csv'`, /not one SELECT/],
      [`COPY (SELECT 1) TO '${directory}/archive/logs/2026-01-01.parquet'`, /not one SELECT/],
      [`EXPORT DATABASE '${directory}/out'`, /not one SELECT/],
      ["PREPARE a AS SELECT 1", /not one SELECT/],
      ["PIVOT runs ON state USING count(*)", /not one SELECT/],
      [`SELECT * FROM '${secret}'`, /reads no files/],
      [`SELECT * FROM "${secret}"`, /reads no files/],
      [`SELECT * FROM '${directory}/archive/logs/2026-11-12.parquet'`, /reads no files/],
      [`SELECT 1 WHERE EXISTS (FROM '${secret}')`, /reads no files/],
      ["SELECT * FROM read_text('/etc/passwd')", /read_text/],
      [`SELECT * FROM read_csv('${secret}')`, /read_csv/],
      ["SELECT (SELECT content FROM READ_BLOB('/etc/passwd'))", /read_blob/],
      ["SELECT * FROM glob('/etc/*')", /glob/],
      ["SELECT * FROM parquet_metadata('x')", /parquet_metadata/],
      ["SELECT * FROM query('SELECT 1')", /query/],
      ["SELECT * FROM query_table('runs')", /query_table/],
      ["SELECT * FROM checkpoint()", /checkpoint/],
      ["SELECT * FROM enable_logging()", /enable_logging/],
      ["SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", /json_execute_serialized_sql/],
      ["SELECT * FROM arrow_scan(0, 0, 0)", /arrow_scan/],
      ["SELECT getenv('HOME')", /getenv/],
      ["SELECT sleep_ms(100000)", /sleep_ms/],
      ["SELECT write_log('x')", /write_log/],
      ["SELECT * FROM runs WHERE run_id = (SELECT nextval('x'))", /nextval/],
      [`SELECT '${"x".repeat(100_001)}'`, /100010 characters/],
    ];
    const before = (await history.sql("SELECT count(*) FROM duckdb_tables()")).rows;
    for (const [text, expected] of refused) {
      for (const ask of [() => history.sql(text), () => history.sqlParquet(text)]) {
        await assert.rejects(ask(), (error) => {
          assert.ok(error instanceof CdktrError, String(error));
          assert.equal(error.code, "INVALID_ARGUMENT", text);
          assert.match(error.message, expected, text);
          assert.ok(!error.message.includes("\n"), error.message);
          return true;
        });
      }
    }
    assert.deepEqual((await history.sql("SELECT count(*) FROM duckdb_tables()")).rows, before);
    assert.equal((await history.counts()).logRows, 2);
    const names = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assert.deepEqual(names.filter((name) => !name.startsWith("app.db")), ["archive", "secret.csv"]);
  });
});

Deno.test("what is wrong with a query is one sentence, with what may have been meant", async () => {
  await withRows(async (history) => {
    const cases: [string, RegExp][] = [
      ["SELEC 1", /^The SQL cannot be understood: syntax error at or near "SELEC"\.$/],
      [
        "SELECT * FROM rns",
        /^The SQL cannot be answered: Table with name rns does not exist! Did you mean "runs"\?\.?$/,
      ],
      ["SELECT statee FROM runs", /^The SQL cannot be answered: .*"statee" not found .*"state"/],
      ["SELECT 'x'::INTEGER", /^The SQL cannot be answered: Could not convert string 'x' to INT32\.$/],
      ["SELECT nosuch(1)", /^The SQL cannot be answered: .*nosuch/],
      ["SELECT sum(state) FROM runs", /^The SQL cannot be answered: No function matches/],
      ["SELECT error('my own')", /my own/],
    ];
    for (const [text, message] of cases) {
      await assert.rejects(history.sql(text), (error) => {
        assert.ok(error instanceof CdktrError, String(error));
        assert.deepEqual([error.code, error.message.includes("\n")], ["INVALID_ARGUMENT", false], error.message);
        assert.match(error.message, message);
        return true;
      });
    }
  });
});

Deno.test("rows beyond the limit are left out, and it is said", async () => {
  await withRows(async (history) => {
    const some = await history.sql("FROM range(1000000000)", { maxRows: 5_000 });
    assert.deepEqual([some.rows.length, some.truncated, some.rows.at(-1)], [5_000, true, [4_999]]);
    const exact = await history.sql("FROM range(3)", { maxRows: 3 });
    assert.deepEqual([exact.rows.length, exact.truncated], [3, false]);
    const wide = await history.sql("SELECT repeat('x', 1000000) FROM range(1000)");
    assert.deepEqual([wide.rows.length, wide.truncated], [33, true]);
    await assert.rejects(history.sql("SELECT 1", { maxRows: 1e9 }), { code: "INVALID_ARGUMENT" });
    assert.deepEqual((await history.sql("SELECT 1")).rows, [[1]]);
  });
});

Deno.test("a query that takes too long, or is not wanted any more, is ended, and the next one is answered", async () => {
  await withDirectory(async (directory) => {
    await using history = await openHistory({ path: `${directory}/app.db` });
    const endless = "SELECT count(*) FROM range(1000000000000) a WHERE hash(a.range) = 1";
    await assert.rejects(history.sql(endless, { timeoutMs: 200 }), { code: "TIMED_OUT", message: /200 ms/ });
    assert.deepEqual((await history.sql("SELECT 1")).rows, [[1]]);
    await assert.rejects(history.sql(endless, { signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
    assert.deepEqual((await history.sql("SELECT 2")).rows, [[2]]);
    await assert.rejects(history.sqlParquet(endless, { timeoutMs: 200 }), { code: "TIMED_OUT" });
    assert.deepEqual((await history.sql("SELECT 3")).rows, [[3]]);
  });
});

Deno.test("a query that needs more memory than there is fails alone: rows go on being stored", async () => {
  await withDirectory(async (directory) => {
    await using history = await openHistory({
      path: `${directory}/app.db`,
      memoryLimitMb: 64,
      temporaryLimitMb: 16,
      flushIntervalMs: 0,
      // A batch may meet the full memory too; it is written again.
      onProblem: ({ code, message }) => assert.match(code, /WRITE_FAILED|RECOVERED/, message),
    });
    const greedy = history.sql("SELECT list(i) FROM range(50000000) t(i)");
    // Where a commit met the full memory, and whether it came through is not known, the database is opened again.
    const refused = assert.rejects(greedy, /^CdktrError: (The query needs more memory|.* it is being opened again)/);
    for (let round = 0; round < 40; round++) {
      history.appendLogs(lines(500));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await refused;
    const spilling = history.sql(
      `SELECT * FROM (SELECT i, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS text FROM range(2000000) t(i))
      ORDER BY text LIMIT 1 OFFSET 1900000`,
    );
    await assert.rejects(spilling, { code: "LIMIT_EXCEEDED" });
    await history.flush();
    assert.equal((await history.counts()).logRows, 20_000);
    assert.equal(history.health.state, "ok");
  });
});

Deno.test("an answer as Parquet is a file that DuckDB reads; one that is too large is refused; no file stays", async () => {
  await withRows(async (history, directory) => {
    const bytes = await history.sqlParquet("SELECT run_id, triggered_at FROM runs ORDER BY run_id; -- all");
    await Deno.writeFile(`${directory}/answer.parquet`, bytes);
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(`SELECT run_id FROM '${directory}/answer.parquet' LIMIT 1`);
    assert.deepEqual(reader.getRows(), [["run-1"]]);
    connection.closeSync();
    instance.closeSync();
    const large = history.sqlParquet("SELECT uuid()::VARCHAR || uuid()::VARCHAR AS u FROM range(5000000)");
    await assert.rejects(large, { code: "LIMIT_EXCEEDED", message: /64 MiB/ });
    assert.deepEqual([...Deno.readDirSync(`${directory}/archive`)].map(({ name }) => name), ["logs"]);
  });
  await withDirectory(async (directory) => {
    await using history = await openHistory({ path: `${directory}/app.db` });
    assert.ok((await history.sqlParquet("SELECT 1 AS one")).length > 100);
  });
});

Deno.test("queries, log queries, rows and retention go on side by side", async () => {
  await withRows(async (history) => {
    const nowMs = new FakeClock().nowMs();
    const work = [];
    for (let round = 0; round < 20; round++) {
      history.appendLogs(lines(500, { timestampMs: nowMs - (round % 5) * 86_400_000 }));
      work.push(history.sql("SELECT count(*), count(DISTINCT payload) FROM logs"));
      work.push(history.queryLogs({ limit: 100 }));
      if (round % 5 === 0) work.push(history.retain({ olderThanMs: 86_400_000, nowMs }));
    }
    await Promise.all(work);
    await history.flush();
    assert.deepEqual((await history.sql("SELECT count(*) FROM logs")).rows, [[10_002]]);
  });
});
