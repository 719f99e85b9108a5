import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { line, openHistory, Problems, withDirectory } from "./fixtures.ts";

Deno.test("rows that a table made by others refuses are left out one by one, all others stored in order", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run(
      `CREATE TABLE logstore (workflow_id TEXT, workflow_name TEXT, workflow_instance_id TEXT, task_name TEXT,
        task_instance_id TEXT, timestamp_ms BIGINT, level TEXT, payload TEXT CHECK (payload NOT LIKE 'poison%'))`,
    );
    connection.closeSync();
    instance.closeSync();

    const problems = new Problems();
    await using history = await openHistory({ path, onProblem: problems.add });
    const payloads = Array.from({ length: 5_000 }, (_, index) => index % 1_000 === 7 ? `poison ${index}` : `${index}`);
    history.appendLogs(payloads.map((payload) => line(payload)));
    history.appendRunStatuses([{ workflowId: "w", runId: "r", status: "RUNNING", timestampMs: 1 }]);
    await history.flush();
    const stored = await history.queryLogs();
    assert.deepEqual(stored.map((row) => row.payload), payloads.filter((payload) => !payload.startsWith("poison")));
    assert.equal((await history.runStatuses("r")).length, 1);
    assert.deepEqual(problems.codes, ["ROWS_REFUSED"]);
    assert.match(problems.all[0]?.message ?? "", /5 rows: .*CHECK constraint failed/);
    assert.equal(history.health.refusedRows, 5);
    assert.equal(history.health.committedRows, 4_996);
    history.appendLogs([line("afterwards")]);
    await history.flush();
    assert.equal(history.health.committedRows, 4_997);
  });
});
