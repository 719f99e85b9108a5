/** Who has the journal is told only as long as that is so. */
import assert from "node:assert/strict";
import { HolderFile, holderOf } from "../../src/journal/holder.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";

const holder = {
  command: "cdktr start principal",
  pid: Deno.pid,
  host: "build01",
  since: "2026-03-01T02:00:00.000Z",
  address: null,
};

async function withDirectory(test: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(`${directory}/state.db`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a holder is told while its journal is open, with what it learnt since, and not after", async () => {
  await withDirectory(async (path) => {
    const file = new HolderFile(path, holder);
    const journal = SqliteJournal.open(path, { holder: file });
    assert.deepEqual(holderOf(path), holder);
    file.write({ address: "127.0.0.1:5561" });
    assert.deepEqual(holderOf(path), { ...holder, address: "127.0.0.1:5561" });
    assert.throws(() => SqliteJournal.open(path), {
      message: `The journal ${path} is in use by \`cdktr start principal\`, process ${Deno.pid} on build01 since ` +
        "2026-03-01T02:00:00.000Z, which serves 127.0.0.1:5561.",
    });
    await journal.close();
    assert.equal(holderOf(path), null);
    assert.deepEqual([...Deno.readDirSync(path.replace(/\/[^/]*$/, ""))].filter(({ name }) => /holder/.test(name)), []);
  });
});

Deno.test("a file that nobody holds locked names nobody, though a process has its number", async () => {
  await withDirectory(async (path) => {
    await Deno.writeTextFile(`${path}.holder`, JSON.stringify({ ...holder, pid: Deno.pid }));
    assert.equal(holderOf(path), null);
    const journal = SqliteJournal.open(path);
    assert.throws(() => SqliteJournal.open(path), /in use by another principal or a running `cdktr run`\./);
    await journal.close();
  });
});

Deno.test("a file that cannot be understood names nobody, and one that cannot be written hinders nobody", async () => {
  await withDirectory(async (path) => {
    await Deno.mkdir(`${path}.holder`);
    const journal = SqliteJournal.open(path, { holder: new HolderFile(path, holder) });
    assert.equal(holderOf(path), null);
    await journal.close();
  });
});
