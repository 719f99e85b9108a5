/** The journal's file over the years: of an older version, shrinking, its WAL bounded. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { CdktrError } from "../../src/core/mod.ts";
import { type Batch, SqliteJournal } from "../../src/journal/mod.ts";
import { migrations, schemaVersion } from "../../src/journal/sqlite_schema.ts";
import { noPause, sampleRun, sampleSnapshot } from "./conformance.ts";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Events that take about 4 KiB each. */
function largeEvents(firstSeq: number, count: number): Batch {
  const events = Array.from({ length: count }, (_, index) => ({
    seq: firstSeq + index,
    event: {
      ...{ type: "run_finished" as const, atMs: 1, runId: `r${index}`, attempt: 1, state: "FAILED" as const },
      reason: "x".repeat(4_000),
    },
  }));
  return { events, definitions: [], runs: [], tasks: [] };
}

/** Removes all events and gives back what can be. Returns the bytes that were. */
async function empty(journal: SqliteJournal, lastSeq: number): Promise<number> {
  await journal.saveSnapshot(lastSeq, sampleSnapshot(), noPause);
  const sweep = { throughSeq: lastSeq, beforeMs: Infinity, keepMax: 0, limit: 1_000_000 };
  assert.equal(await journal.removeEvents(sweep), lastSeq);
  let freedBytes = 0;
  for (let bytes = -1; bytes !== 0; freedBytes += bytes) bytes = await journal.shrink(1024 * 1024);
  return freedBytes;
}

const mib = 1024 * 1024;

Deno.test("a journal of version 1 goes on as one of the present version", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/state.db`;
    const run = sampleRun(1, { state: "COMPLETED", instanceId: "odd-dog-0" });
    const event = {
      ...{ type: "run_finished" as const, atMs: 1, runId: run.runId, attempt: 1, state: "COMPLETED" as const },
      reason: null,
    };
    const definitions = ["h1", "h2"].map((hash) => ({ hash, workflowId: "etl", workflowName: "ETL", body: "{}" }));
    const old = new DatabaseSync(path);
    old.exec(`${migrations[0]} PRAGMA user_version = 1`);
    old.prepare("INSERT INTO events VALUES (1, ?, ?)").run(run.runId, JSON.stringify(event));
    for (const one of definitions) {
      old.prepare("INSERT INTO definitions VALUES (?, ?)").run(one.hash, JSON.stringify(one));
    }
    const { runId, workflowId, state, trigger, instanceId } = run;
    old.prepare("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)")
      .run(runId, workflowId, state, trigger, instanceId, JSON.stringify(run));
    old.prepare("INSERT INTO snapshot VALUES (1, 1, ?)").run('{"of": "another time"}');
    old.close();

    for (const time of ["first", "second"]) {
      const journal = SqliteJournal.open(path);
      assert.deepEqual(await journal.recover(), { snapshot: null, snapshotSeq: 0 }, time);
      assert.deepEqual(await journal.eventsAfter(0, 10), [{ seq: 1, event }]);
      assert.deepEqual((await journal.runs({ limit: 10, workflowId, states: [state] })).runs, [run]);
      assert.deepEqual(await journal.runOfInstance("odd-dog-0"), run);
      assert.deepEqual([...await journal.countRuns()], [["COMPLETED", 1]]);
      await journal.close();
    }
    const journal = SqliteJournal.open(path);
    assert.equal((await journal.removeDefinitions({ isInUse: () => false, after: "", limit: 10 })).removed, 1);
    assert.equal((await journal.definition("h1"))?.hash, "h1");
    assert.equal(await journal.definition("h2"), undefined);
    await journal.close();
    const database = new DatabaseSync(path);
    assert.equal(database.prepare("PRAGMA user_version").get()?.["user_version"], schemaVersion);
    database.close();
  });
});

Deno.test("an upgrade that fails leaves the journal as it was", async () => {
  await withDirectory((directory) => {
    const path = `${directory}/state.db`;
    const old = new DatabaseSync(path);
    old.exec(`${migrations[0]} PRAGMA user_version = 1; CREATE TABLE snapshot_parts (mine TEXT)`);
    old.close();
    assert.throws(() => SqliteJournal.open(path), (error) => error instanceof CdktrError && error.code === "STORAGE");
    const database = new DatabaseSync(path);
    assert.equal(database.prepare("PRAGMA user_version").get()?.["user_version"], 1);
    const names = database.prepare("SELECT name FROM sqlite_schema").all().map((row) => row["name"]);
    assert.ok(names.includes("snapshot") && !names.includes("snapshots"));
    database.close();
    return Promise.resolve();
  });
});

Deno.test("the file gets smaller when much was removed", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/state.db`;
    const journal = SqliteJournal.open(path);
    await journal.append(largeEvents(1, 7_500));
    const freedBytes = await empty(journal, 7_500);
    assert.ok(freedBytes > 15 * mib, `${freedBytes} bytes were given back`);
    assert.ok((await Deno.stat(path)).size < 14 * mib, "some room stays for what comes next");
    assert.equal((await Deno.stat(`${path}-wal`)).size, 0);
    await journal.append(largeEvents(7_501, 10));
    assert.deepEqual(await journal.check(), []);
    await journal.close();
  });
});

Deno.test("a file from before files could shrink keeps its size and uses its room again", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/state.db`;
    const old = new DatabaseSync(path);
    old.exec(`${migrations[0]} PRAGMA user_version = 1`);
    old.close();
    const journal = SqliteJournal.open(path);
    await journal.append(largeEvents(1, 5_000));
    assert.equal(await empty(journal, 5_000), 0);
    await journal.append(largeEvents(5_001, 4_000));
    await journal.close();
    assert.ok((await Deno.stat(path)).size < 25 * mib);
  });
});

Deno.test("the WAL of a very large batch is cut back with the batches after it", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/state.db`;
    const journal = SqliteJournal.open(path);
    await journal.append(largeEvents(1, 8_000));
    assert.ok((await Deno.stat(`${path}-wal`)).size > 30 * mib);
    for (let index = 0; index < 2; index++) await journal.append(largeEvents(8_001 + index, 1));
    assert.ok((await Deno.stat(`${path}-wal`)).size <= 16 * mib);
    await journal.close();
  });
});

Deno.test("a snapshot that was given up counts for nothing, and the next one takes its room", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/state.db`;
    const journal = SqliteJournal.open(path);
    await journal.append(largeEvents(1, 3));
    const small = sampleSnapshot({ keys: [["k", "r", 1, false]] });
    await journal.saveSnapshot(1, small, noPause);
    const runs = Array.from({ length: 3_000 }, (_, index) => sampleRun(index));
    const large = sampleSnapshot({ runs, keys: [["k", "r", 1, false]] });
    let parts = 0;
    const giveUp = () => ++parts < 3 ? Promise.resolve() : Promise.reject(new Error("enough"));
    await assert.rejects(journal.saveSnapshot(2, large, giveUp), /^Error: enough$/);
    assert.deepEqual(await journal.recover(), { snapshot: small, snapshotSeq: 1 });
    await journal.saveSnapshot(3, large, noPause);
    assert.deepEqual(await journal.recover(), { snapshot: large, snapshotSeq: 3 });
    await journal.close();
    const database = new DatabaseSync(path);
    const rows = database.prepare("SELECT DISTINCT snapshot_id FROM snapshot_parts").all();
    assert.equal(rows.length, 1);
    database.close();
  });
});

Deno.test("a batch is taken between two parts of a snapshot", async () => {
  await withDirectory(async (directory) => {
    const journal = SqliteJournal.open(`${directory}/state.db`);
    const runs = Array.from({ length: 3_000 }, (_, index) => sampleRun(index));
    await journal.append(largeEvents(1, 1));
    let seq = 1;
    await journal.saveSnapshot(1, sampleSnapshot({ runs }), () => journal.append(largeEvents(++seq, 1)));
    assert.ok(seq > 3, "it had several parts");
    assert.equal((await journal.recover()).snapshotSeq, 1);
    assert.equal((await journal.eventsAfter(1, 100)).length, seq - 1);
    await journal.close();
  });
});
