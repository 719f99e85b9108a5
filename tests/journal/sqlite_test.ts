import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { CdktrError } from "../../src/core/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { journalConformance, sampleRun } from "./conformance.ts";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const path = await Deno.makeTempFile({ suffix: ".db" });
globalThis.addEventListener("unload", () => Deno.removeSync(path));

journalConformance("sqlite", () => {
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.removeSync(path + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return Promise.resolve(SqliteJournal.open(path));
});

Deno.test("what was appended is there after the file is opened again", async () => {
  await withDirectory(async (directory) => {
    const file = `${directory}/state.db`;
    const run = sampleRun(1);
    const first = SqliteJournal.open(file);
    await first.append({ events: [], definitions: [], runs: [run], tasks: [] });
    await first.close();
    const second = SqliteJournal.open(file);
    assert.deepEqual(await second.run(run.runId), run);
    await second.close();
  });
});

Deno.test("only the owner can read the journal's files", async () => {
  await withDirectory(async (directory) => {
    const file = `${directory}/state.db`;
    const journal = SqliteJournal.open(file);
    await journal.append({ events: [], definitions: [], runs: [sampleRun(1)], tasks: [] });
    for (const suffix of ["", "-wal"]) {
      assert.equal((await Deno.stat(file + suffix)).mode! & 0o777, 0o600, suffix);
    }
    await journal.close();
  });
});

Deno.test("a second principal with the same journal refuses to start", async () => {
  await withDirectory(async (directory) => {
    const file = `${directory}/state.db`;
    const journal = SqliteJournal.open(file);
    const open = `import { SqliteJournal } from ${JSON.stringify(import.meta.resolve("../../src/journal/mod.ts"))};
      try { SqliteJournal.open(${
      JSON.stringify(file)
    }); console.log("opened"); } catch (e) { console.log(e.code, e.message); }`;
    const second = await new Deno.Command(Deno.execPath(), { args: ["eval", open] }).output();
    const said = new TextDecoder().decode(second.stdout);
    assert.match(said, /^CONFLICT The journal .*state\.db is in use by another principal/);
    await journal.close();
  });
});

Deno.test("a batch that cannot be written leaves no trace and can be tried again", async () => {
  await withDirectory(async (directory) => {
    const file = `${directory}/state.db`;
    const journal = SqliteJournal.open(file);
    const event = { seq: 1, event: { type: "run_returned" as const, atMs: 1, runId: "r", attempt: 1, reason: "" } };
    const bad = { events: [event, event], definitions: [], runs: [sampleRun(1)], tasks: [] };
    await assert.rejects(journal.append(bad), (error) => error instanceof CdktrError && error.code === "STORAGE");
    assert.equal(await journal.run(sampleRun(1).runId), undefined);
    await journal.append({ ...bad, events: [event] });
    assert.deepEqual(await journal.eventsAfter(0, 10), [event]);
    await journal.close();
  });
});

Deno.test("a file that is no journal, or a newer one's, is refused with a sentence", async () => {
  await withDirectory(async (directory) => {
    const garbage = `${directory}/garbage.db`;
    await Deno.writeTextFile(garbage, "not a database, but long enough to be taken for one".repeat(40));
    assert.throws(() => SqliteJournal.open(garbage), /The journal .*garbage\.db is damaged: file is not a database/);
    const newer = `${directory}/newer.db`;
    const database = new DatabaseSync(newer);
    database.exec("PRAGMA user_version = 99");
    database.close();
    assert.throws(() => SqliteJournal.open(newer), /written by a newer cdktr \(version 99\)/);
    const foreign = `${directory}/foreign.db`;
    const other = new DatabaseSync(foreign);
    other.exec("CREATE TABLE songs (title TEXT)");
    other.close();
    assert.throws(() => SqliteJournal.open(foreign), /foreign\.db is a SQLite database, but not a journal of cdktr/);
    assert.throws(() => SqliteJournal.open(`${directory}/absent/state.db`), /Cannot open the journal .*absent/);
  });
});
