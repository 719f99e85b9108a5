/** What is left of a journal after a crash in the middle of a write, and after its file was damaged. */
import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { type Batch, SqliteJournal } from "../../src/journal/mod.ts";
import { noPause, sampleRun, sampleSnapshot } from "./conformance.ts";

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const eventsPerBatch = 5;

/** The `index`th batch: some events and a run that tells its number. */
function batchOf(index: number, reasonChars: number): Batch {
  const events = Array.from({ length: eventsPerBatch }, (_, offset) => ({
    seq: index * eventsPerBatch + offset + 1,
    event: {
      ...{ type: "run_finished" as const, atMs: index, runId: `r${index}`, attempt: 1, state: "FAILED" as const },
      reason: "x".repeat(reasonChars),
    },
  }));
  return { events, definitions: [], runs: [sampleRun(index)], tasks: [] };
}

/** How many batches a journal holds. Fails if it is not a number of whole ones, or if another does not fit behind them. */
async function wholeBatches(path: string, reasonChars: number): Promise<number> {
  const journal = SqliteJournal.open(path, { reserveBytes: 0 });
  try {
    const events = await journal.eventsAfter(0, 1_000_000);
    assert.deepEqual(events.map(({ seq }) => seq), events.map((_, index) => index + 1));
    const batches = events.length / eventsPerBatch;
    assert.ok(Number.isInteger(batches), `${events.length} events are no whole batches`);
    const { runs } = await journal.runs({ limit: 1_000_000 });
    assert.equal(runs.length, batches);
    assert.equal((await journal.countRuns()).get("PENDING") ?? 0, batches);
    assert.deepEqual(await journal.check(), []);
    await journal.append(batchOf(batches, reasonChars));
    return batches;
  } finally {
    await journal.close();
  }
}

/** Copies the files of a journal that is open, as a crash would leave them, with another end or a wrong byte. */
async function crashCopy(path: string, copy: string, spoil: (wal: Uint8Array) => Uint8Array): Promise<void> {
  await Deno.copyFile(path, copy);
  await Deno.writeFile(`${copy}-wal`, spoil(await Deno.readFile(`${path}-wal`)));
}

for (const kind of ["cut off", "damaged"] as const) {
  Deno.test(`a WAL that is ${kind} anywhere keeps every batch before that place, and no half of one`, async () => {
    await withDirectory(async (directory) => {
      const random = seeded(kind === "damaged" ? 1 : 2);
      const path = `${directory}/state.db`;
      const journal = SqliteJournal.open(path);
      const walBytes: number[] = [];
      for (let index = 0; index < 60; index++) {
        await journal.append(batchOf(index, 50 + Math.floor(random() * 3_000)));
        walBytes.push((await Deno.stat(`${path}-wal`)).size);
      }
      for (let round = 0; round < 60; round++) {
        const copy = `${directory}/copy${round}.db`;
        let place = 0;
        await crashCopy(path, copy, (wal) => {
          place = Math.floor(random() * wal.length);
          if (kind === "cut off") return wal.slice(0, place);
          wal[place] = (wal[place] ?? 0) ^ (1 << Math.floor(random() * 8));
          return wal;
        });
        const before = walBytes.filter((bytes) => bytes <= place).length;
        const kept = await wholeBatches(copy, 100);
        // A wrong byte may lie where nobody looks, such as behind what a page uses; it never costs what stands before it.
        assert.ok(kept >= before, `${kept} batches of ${before} before byte ${place}`);
        if (kind === "cut off") assert.equal(kept, before);
      }
      await journal.close();
    });
  });
}

Deno.test("a WAL that began anew is cut off anywhere: still whole batches, and all that the main file had", async () => {
  await withDirectory(async (directory) => {
    const random = seeded(3);
    const path = `${directory}/state.db`;
    const journal = SqliteJournal.open(path);
    let inMainFile = 0;
    let mainBytes = 0;
    for (let index = 0; index < 300; index++) {
      await journal.append(batchOf(index, 20_000));
      const { size } = await Deno.stat(path);
      // The main file grows only when the WAL is copied into it: with all that was written so far.
      if (size > mainBytes) inMainFile = index + 1;
      mainBytes = size;
    }
    assert.ok(inMainFile > 100, "the WAL began anew several times");
    for (let round = 0; round < 20; round++) {
      const copy = `${directory}/copy.db`;
      await crashCopy(path, copy, (wal) => wal.slice(0, Math.floor(random() * wal.length)));
      const kept = await wholeBatches(copy, 100);
      assert.ok(kept >= inMainFile && kept <= 300, `${kept} of 300 batches, ${inMainFile} of them in the main file`);
    }
    await journal.close();
  });
});

/** Asks for everything a start asks for, and more. */
async function readAll(path: string): Promise<void> {
  const journal = SqliteJournal.open(path, { reserveBytes: 0 });
  try {
    await journal.recover();
    await journal.eventsAfter(0, 1_000_000);
    await journal.runs({ limit: 1_000_000 });
    await journal.countRuns();
    await journal.append(batchOf(1_000, 100));
  } finally {
    await journal.close().catch(() => {});
  }
}

Deno.test("a damaged main file is told of in a sentence that says what to do, whatever is damaged", async () => {
  await withDirectory(async (directory) => {
    const random = seeded(4);
    const path = `${directory}/state.db`;
    const journal = SqliteJournal.open(path);
    for (let index = 0; index < 100; index++) await journal.append(batchOf(index, 200));
    await journal.saveSnapshot(500, sampleSnapshot({ runs: [sampleRun(1)] }), noPause);
    await journal.close();
    const whole = await Deno.readFile(path);
    let told = 0;
    for (let round = 0; round < 80; round++) {
      const copy = `${directory}/copy${round}.db`;
      const bytes = round % 4 === 0 ? whole.slice(0, Math.floor(random() * whole.length)) : whole.slice();
      const from = Math.floor(random() * bytes.length);
      const length = round % 4 === 1 ? 1 : 4_096;
      for (let at = from; at < Math.min(from + length, bytes.length); at++) bytes[at] = Math.floor(random() * 256);
      await Deno.writeFile(copy, bytes);
      try {
        await readAll(copy);
      } catch (error) {
        assert.ok(error instanceof CdktrError, String(error));
        assert.equal(error.code, "STORAGE");
        assert.match(error.message, /journal/);
        assert.doesNotMatch(error.message, /\n| at .*:\d+/);
        assert.ok(error.hint !== undefined);
        told++;
      }
    }
    assert.ok(told > 40, `${told} of 80 damages were noticed`);
  });
});

Deno.test("a check finds a damaged page that nothing else has asked for", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/state.db`;
    const journal = SqliteJournal.open(path);
    for (let index = 0; index < 200; index++) await journal.append(batchOf(index, 500));
    assert.deepEqual(await journal.check(), []);
    await journal.close();
    const bytes = await Deno.readFile(path);
    const page = Math.floor(bytes.length / 4_096 / 2);
    bytes.fill(0xff, page * 4_096, (page + 1) * 4_096);
    await Deno.writeFile(path, bytes);
    const damaged = SqliteJournal.open(path);
    const findings = await damaged.check();
    assert.ok(findings.length > 0 && findings.length <= 20);
    assert.ok(findings.every((finding) => finding.length > 0));
    await damaged.close();
  });
});
