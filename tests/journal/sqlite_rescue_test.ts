import assert from "node:assert/strict";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { sampleRun } from "./conformance.ts";

class Arrangement implements AsyncDisposable {
  readonly told: string[] = [];
  readonly path: string;

  private constructor(readonly directory: string) {
    this.path = `${directory}/state.db`;
  }

  static async make(): Promise<Arrangement> {
    return new Arrangement(await Deno.makeTempDir());
  }

  open(path = this.path): SqliteJournal {
    const note = (sentence: string) => void this.told.push(sentence);
    return SqliteJournal.open(path, { reserveBytes: 0, report: { warn: note, error: note } });
  }

  /** What stands in the directory now. */
  names(): string[] {
    return [...Deno.readDirSync(this.directory)].map(({ name }) => name).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

const batchOf = (index: number) => ({ events: [], definitions: [], runs: [sampleRun(index)], tasks: [] });

for (const isWalRemoved of [true, false]) {
  const which = isWalRemoved ? "with its write-ahead log" : "alone";
  Deno.test(`a journal that was removed ${which} while open is written anew when it is closed`, async () => {
    await using scene = await Arrangement.make();
    const journal = scene.open();
    await journal.append(batchOf(1));
    await Deno.remove(scene.path);
    if (isWalRemoved) await Deno.remove(`${scene.path}-wal`);
    await journal.append(batchOf(2));
    await journal.close();
    assert.deepEqual(scene.names(), ["state.db"]);
    assert.match(scene.told.join(), /was removed while it was in use; it was written there anew\.$/);
    assert.equal((await Deno.stat(scene.path)).mode, 0o100600);

    const again = scene.open();
    assert.deepEqual(await again.run(sampleRun(1).runId), sampleRun(1));
    assert.deepEqual(await again.run(sampleRun(2).runId), sampleRun(2));
    await again.append(batchOf(3));
    await again.close();
    assert.equal(scene.told.length, 1);
  });
}

Deno.test("a journal whose directory was removed is written anew", async () => {
  await using scene = await Arrangement.make();
  const path = `${scene.directory}/deep/state.db`;
  await Deno.mkdir(`${scene.directory}/deep`);
  const journal = scene.open(path);
  await journal.append(batchOf(1));
  await Deno.remove(`${scene.directory}/deep`, { recursive: true });
  await journal.close();
  const again = scene.open(path);
  assert.deepEqual(await again.run(sampleRun(1).runId), sampleRun(1));
  await again.close();
});

Deno.test("a journal that was replaced while open is kept beside the one that stands there now", async () => {
  await using scene = await Arrangement.make();
  const other = scene.open(`${scene.directory}/other.db`);
  await other.append(batchOf(7));
  await other.close();
  const journal = scene.open();
  await journal.append(batchOf(1));
  await Deno.rename(`${scene.directory}/other.db`, scene.path);
  await journal.append(batchOf(2));
  await journal.close();
  assert.deepEqual(scene.names(), ["state.db", "state.db.rescued"], "no log of the one beside the other");
  assert.match(scene.told.join(), /what the journal held is in .*state\.db\.rescued\.$/);

  const there = scene.open();
  assert.deepEqual(await there.run(sampleRun(7).runId), sampleRun(7));
  assert.equal(await there.run(sampleRun(1).runId), undefined);
  await there.close();
  const rescued = scene.open(`${scene.path}.rescued`);
  assert.deepEqual(await rescued.run(sampleRun(2).runId), sampleRun(2));
  await rescued.close();
});

Deno.test("a journal that cannot be kept is told of, and closed", async () => {
  await using scene = await Arrangement.make();
  await Deno.mkdir(`${scene.directory}/deep`);
  const journal = scene.open(`${scene.directory}/deep/state.db`);
  await Deno.remove(`${scene.directory}/deep`, { recursive: true });
  await Deno.writeTextFile(`${scene.directory}/deep`, "a file where the directory was");
  await journal.close();
  assert.match(scene.told.join(), /was removed or replaced, and it cannot be copied/);
});

Deno.test("a journal keeps its file through snapshots, sweeps and shrinking", async () => {
  await using scene = await Arrangement.make();
  const journal = scene.open();
  const before = await Deno.stat(scene.path);
  for (let index = 0; index < 50; index++) await journal.append(batchOf(index));
  await journal.removeRuns({ finishedBeforeMs: Number.MAX_SAFE_INTEGER, after: "", limit: 1000 });
  await journal.shrink(1e9);
  const after = await Deno.stat(scene.path);
  await journal.close();
  assert.deepEqual([after.dev, after.ino], [before.dev, before.ino]);
  assert.deepEqual(scene.told, []);
});
