import assert from "node:assert/strict";
import { DuckDBInstance } from "@duckdb/node-api";
import { isInUse, missingBlocks } from "../../src/history/missing_end.ts";
import { line, openHistory, Problems, withDirectory } from "./fixtures.ts";

/** Runs statements on the database, and closes it. */
async function run(path: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

/** Whether the end of the database is missing, asked as at its opening. */
async function isEndMissing(path: string): Promise<boolean> {
  const missing = await missingBlocks(path);
  if (missing === undefined) return false;
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    return await isInUse(connection, path, missing);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const insert = "INSERT INTO rows SELECT 'row ' || range || hash(range) FROM range(300000)";

Deno.test("a database is whole after each checkpoint, and not when blocks at its end are gone", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await run(path, "CREATE TABLE rows (text TEXT)");
    for (let round = 0; round < 3; round++) {
      await run(path, insert, "CHECKPOINT");
      assert.equal(await isEndMissing(path), false);
    }
    const { size } = await Deno.stat(path);
    for (const bytes of [size - 262_144, size / 2]) {
      await Deno.copyFile(path, `${path}.cut`);
      await Deno.truncate(`${path}.cut`, bytes);
      assert.equal(await isEndMissing(`${path}.cut`), true);
    }
  });
});

Deno.test("a database from whose end DuckDB cut free blocks is whole, although its header counts them", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    await run(path, "CREATE TABLE rows (text TEXT)");
    let shorter = 0;
    // When it cuts depends on how its threads share the work; mostly it is within the first rounds.
    for (let round = 0; round < 60 && (round < 6 || shorter === 0); round++) {
      await run(path, insert, ...(round % 3 === 2 ? ["DELETE FROM rows WHERE hash(text) % 3 = 0"] : []));
      if (await missingBlocks(path) !== undefined) shorter++;
      assert.equal(await isEndMissing(path), false);
    }
    // On a busy machine it may not come to it at all; that is no fault of ours.
    if (shorter === 0) console.warn("DuckDB has not cut blocks off in any round: this time nothing was tested");
  });
});

Deno.test("a history whose end is missing is set aside before anything is written to it", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/app.db`;
    {
      await using history = await openHistory({ path });
      history.appendLogs(Array.from({ length: 300_000 }, () => line(crypto.randomUUID())));
    }
    // What is read at opening comes last; written anew it is at the end, and the end of the lines is what is missing.
    const { size } = await Deno.stat(path);
    await Deno.truncate(path, size - 2 * 262_144);
    const problems = new Problems();
    await using history = await openHistory({ path, onProblem: problems.add });
    assert.deepEqual(problems.codes, ["SET_ASIDE"]);
    assert.equal((await history.counts()).logRows, 0);
  });
});

Deno.test("of a file that is none, or no database, nothing is said", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/file`;
    assert.equal(await missingBlocks(path), undefined);
    await Deno.writeTextFile(path, "");
    assert.equal(await missingBlocks(path), undefined);
    await Deno.writeFile(path, new Uint8Array(20_000));
    assert.equal(await missingBlocks(path), undefined);
  });
});
