/** Who has the journal is told only as long as that is so. */
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { holderOf, JournalHolder, namingHolder } from "../../src/cli/journal_holder.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { temporaryDirectory } from "./call.ts";

const holder = {
  command: "cdktr start principal",
  pid: Deno.pid,
  host: "build01",
  since: "2026-03-01T02:00:00.000Z",
  address: null,
};

/** What another process on the same journal is told. */
function refusalOf(path: string): string {
  try {
    SqliteJournal.open(path);
  } catch (error) {
    return String(namingHolder(error, path));
  }
  return "it was opened";
}

Deno.test("a holder is told while it holds, with what it learnt since, and leaves nothing but the lock file", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/state.db`;
  const journal = SqliteJournal.open(path, { reserveBytes: 0 });
  const before = [...Deno.readDirSync(directory.path)].map(({ name }) => name).sort();
  {
    using held = new JournalHolder(path, holder);
    equal(holderOf(path), null);
    held.write();
    deepEqual(holderOf(path), holder);
    held.write({ address: "127.0.0.1:5561" });
    match(
      refusalOf(path),
      /state\.db is in use by `cdktr start principal`, process \d+ on build01 since 2026-03-01T02:00:00\.000Z, which serves 127\.0\.0\.1:5561\.$/,
    );
  }
  equal(holderOf(path), null);
  const names = [...Deno.readDirSync(directory.path)].map(({ name }) => name).sort();
  deepEqual(names, [...before, "state.db.holder.lock"].sort());
  await journal.close();
});

Deno.test("a file whose writer is gone names nobody, though a process has its number", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/state.db`;
  await Deno.writeTextFile(`${path}.holder`, JSON.stringify(holder));
  const journal = SqliteJournal.open(path);
  match(refusalOf(path), /in use by another principal or a running `cdktr run`\.$/);
  await Deno.writeTextFile(`${path}.holder.lock`, "");
  match(refusalOf(path), /in use by another principal or a running `cdktr run`\.$/);
  await journal.close();
});

Deno.test("a file that cannot be written or understood names nobody, and hinders nobody", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/state.db`;
  await Deno.mkdir(`${path}.holder`);
  using held = new JournalHolder(path, holder);
  held.write();
  equal(holderOf(path), null);
});

Deno.test("another error stays as it is", () => {
  const error = new Error("no");
  equal(namingHolder(error, "/nowhere/state.db"), error);
  throws(() => SqliteJournal.open("/nowhere/state.db"), /Cannot open the journal/);
});
