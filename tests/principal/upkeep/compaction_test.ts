import assert from "node:assert/strict";
import { MemoryJournal } from "../../../src/journal/mod.ts";
import { Compaction, type CompactionOptions } from "../../../src/principal/upkeep/compaction.ts";
import { FakeClock, turn } from "../../fake_clock.ts";
import { sampleRun, sampleSnapshot } from "../../journal/conformance.ts";
import { diskFull, GatedJournal } from "../gated_journal.ts";

const dayMs = 86_400_000;
const retention = { runDays: 10, eventDays: 5, eventsMax: 1_000_000 };

class FailingJournal extends GatedJournal {
  override removeEvents(): Promise<number> {
    return Promise.reject(diskFull);
  }
}

interface Arranged {
  readonly clock: FakeClock;
  readonly journal: GatedJournal;
  readonly told: string[];
  readonly compaction: Compaction;
}

/** A journal with one run and one event a day for the last 20 days, none of them needed for a start. */
async function arrange(
  { journal = new GatedJournal(), ...change }: Partial<CompactionOptions> & { journal?: GatedJournal } = {},
): Promise<Arranged> {
  const clock = new FakeClock();
  const told: string[] = [];
  const report = {
    info: (sentence: string) => void told.push(`info: ${sentence}`),
    warn: (sentence: string) => void told.push(`warn: ${sentence}`),
    error: (sentence: string) => void told.push(`error: ${sentence}`),
  };
  const days = Array.from({ length: 20 }, (_, index) => clock.nowMs() - (19.5 - index) * dayMs);
  const runs = days.map((atMs, index) => sampleRun(index, { state: "COMPLETED", finishedAtMs: atMs }));
  const events = days.map((atMs, index) => ({
    seq: index + 1,
    event: {
      type: "run_finished" as const,
      atMs,
      runId: `r${index}`,
      attempt: 1,
      state: "FAILED" as const,
      reason: null,
    },
  }));
  await journal.append({ events, definitions: [], runs, tasks: [] });
  await journal.saveSnapshot(20, sampleSnapshot(), () => Promise.resolve());
  const compaction = new Compaction({
    ...{ journal, clock, report, retention, projectedSeq: () => Infinity, isInUse: () => false },
    ...change,
  });
  return { clock, journal, told, compaction };
}

async function eventsLeft(journal: GatedJournal): Promise<number[]> {
  return (await journal.eventsAfter(0, 100)).map(({ seq }) => seq);
}

Deno.test("a minute after the start what is too old is removed, and told", async () => {
  const { clock, journal, told, compaction } = await arrange();
  compaction.start();
  await clock.pass(59_000);
  assert.equal((await eventsLeft(journal)).length, 20);
  await clock.pass(2_000);
  assert.deepEqual(await eventsLeft(journal), [16, 17, 18, 19, 20]);
  assert.equal((await journal.runs({ limit: 100 })).runs.length, 10);
  assert.deepEqual(told, ["info: removed from the journal what was too old: 10 runs, 15 events"]);
  await compaction.stop();
  assert.equal(clock.timerCount, 0);
});

Deno.test("it is done again every hour, and nothing is told when there was nothing to do", async () => {
  const { clock, journal, told, compaction } = await arrange();
  compaction.start();
  await clock.pass(60_000);
  await clock.pass(24 * 3_600_000, 60_000);
  assert.deepEqual(await eventsLeft(journal), [17, 18, 19, 20]);
  assert.equal(told.length, 2);
  await compaction.stop();
});

Deno.test("beyond the highest number the oldest events go, however young", async () => {
  const { journal, compaction } = await arrange({ retention: { ...retention, eventsMax: 3 } });
  const { events } = await compaction.compact();
  assert.equal(events, 17);
  assert.deepEqual(await eventsLeft(journal), [18, 19, 20]);
});

Deno.test("what the history has not taken yet stays", async () => {
  let projected = 4;
  const { clock, journal, compaction } = await arrange({ projectedSeq: () => projected });
  compaction.start();
  await clock.pass(61_000);
  assert.equal((await eventsLeft(journal))[0], 5);
  projected = 20;
  await clock.pass(3_600_000, 60_000);
  assert.equal((await eventsLeft(journal))[0], 16);
  await compaction.stop();
});

Deno.test("a journal that cannot be written is told of, and compacted the next time", async () => {
  const { clock, told, compaction } = await arrange({ journal: new FailingJournal() });
  compaction.start();
  await clock.pass(61_000);
  assert.deepEqual(told, [`warn: the journal is not compacted: ${diskFull.message}`]);
  await clock.pass(3_600_000, 60_000);
  assert.equal(told.length, 2);
  await compaction.stop();
});

Deno.test("stopping ends it between two steps", async () => {
  class SlowJournal extends GatedJournal {
    steps = 0;
    override removeEvents({ limit }: { limit: number }): Promise<number> {
      this.steps++;
      return Promise.resolve(limit);
    }
  }
  const journal = new SlowJournal(new MemoryJournal());
  const { clock, told, compaction } = await arrange({ journal });
  compaction.start();
  await clock.pass(60_000);
  await clock.pass(10, 1);
  const { steps } = journal;
  assert.ok(steps > 3, "it takes one step after the other");
  await compaction.stop();
  await clock.pass(10, 1);
  assert.equal(journal.steps, steps);
  assert.deepEqual(told, []);
  await turn();
});
