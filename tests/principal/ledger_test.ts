import assert from "node:assert/strict";
import { CdktrError, type CommandOf, type Event } from "../../src/core/mod.ts";
import { MemoryJournal } from "../../src/journal/mod.ts";
import { Ledger } from "../../src/principal/ledger.ts";
import { triggerOf } from "../core/scene.ts";
import { FakeClock, turn } from "../fake_clock.ts";
import { diskFull, GatedJournal } from "./gated_journal.ts";

interface Arranged {
  readonly clock: FakeClock;
  readonly journal: GatedJournal;
  readonly ledger: Ledger;
  readonly problems: (string | null)[];
  /** Ids of the runs in each committed batch. */
  readonly committed: string[][];
}

async function arrange(journal = new GatedJournal(), knownSeq = 0): Promise<Arranged> {
  const clock = new FakeClock();
  const problems: (string | null)[] = [];
  const committed: string[][] = [];
  const ledger = await Ledger.open({
    journal,
    clock,
    knownSeq,
    onCommitted: ({ runs }) => committed.push(runs.map(({ runId }) => runId)),
    onProblem: (problem) => problems.push(problem),
  });
  return { clock, journal, ledger, problems, committed };
}

function watch(promise: Promise<unknown>): { state: "pending" | "fulfilled" | string } {
  const watched = { state: "pending" };
  promise.then(() => watched.state = "fulfilled", (error) => watched.state = error.code ?? String(error));
  return watched;
}

const asked = (agentId = "a"): CommandOf<"request_work"> => {
  return { agentId, session: agentId, slots: 1, offers: [], holding: [], onlyRunId: null };
};

Deno.test("a reply leaves after the commit, and not before", async () => {
  const { journal, ledger, committed } = await arrange();
  journal.hold();
  const reply = watch(ledger.execute("trigger", triggerOf("r1")));
  await turn();
  assert.equal(reply.state, "pending");
  assert.deepEqual(committed, []);
  journal.release();
  await turn();
  assert.equal(reply.state, "fulfilled");
  assert.deepEqual(committed, [["r1"]]);
  await ledger.close();
});

Deno.test("what is decided in one turn shares one commit", async () => {
  const { journal, ledger } = await arrange();
  await Promise.all(Array.from({ length: 1000 }, (_, index) => ledger.execute("trigger", triggerOf(`r${index}`))));
  assert.deepEqual(journal.commits, [1001], "1000 triggers and the definition they share");
  await ledger.close();
});

Deno.test("what is decided during a commit goes into the next one, all together", async () => {
  const { journal, ledger } = await arrange();
  journal.hold();
  const first = ledger.execute("trigger", triggerOf("r1"));
  await turn();
  const others = ["r2", "r3", "r4"].map((runId) => ledger.execute("trigger", triggerOf(runId)));
  journal.release();
  await Promise.all([first, ...others]);
  assert.deepEqual(journal.commits, [2, 3]);
  await ledger.close();
});

Deno.test("a repeated trigger is answered no earlier than the one it repeats", async () => {
  const { journal, ledger } = await arrange();
  journal.hold();
  const command = triggerOf("r1", { idempotencyKey: "k" });
  const first = watch(ledger.execute("trigger", command));
  const sameTurn = watch(ledger.execute("trigger", command));
  await turn();
  const duringTheCommit = watch(ledger.execute("trigger", command));
  await turn();
  assert.deepEqual([first.state, sameTurn.state, duringTheCommit.state], ["pending", "pending", "pending"]);
  journal.release();
  await turn();
  assert.deepEqual([first.state, sameTurn.state, duringTheCommit.state], ["fulfilled", "fulfilled", "fulfilled"]);
  await ledger.close();
});

Deno.test("while the journal fails new decisions are refused; what was accepted before is kept and written", async () => {
  const { clock, journal, ledger, problems, committed } = await arrange();
  journal.fail();
  const accepted = watch(ledger.execute("trigger", triggerOf("r1")));
  await turn();
  await assert.rejects(ledger.execute("trigger", triggerOf("r2")), { code: "STORAGE" });
  assert.equal(ledger.state.runs.has("r2"), false, "a refused command leaves no trace");
  await clock.pass(5000, 500);
  assert.equal(journal.failedAppends, 11, "tried every half second");
  assert.equal(accepted.state, "pending");
  assert.deepEqual(problems, [diskFull.message], "told once");

  journal.fail(null);
  await clock.pass(500, 500);
  assert.equal(accepted.state, "fulfilled");
  assert.deepEqual(committed, [["r1"]]);
  assert.deepEqual(problems, [diskFull.message, null]);
  await ledger.execute("trigger", triggerOf("r3"));
  await ledger.close();
});

Deno.test("what is asked while the journal fails and rests on nothing new waits for what it rests on", async () => {
  const { clock, journal, ledger } = await arrange();
  journal.fail();
  const command = triggerOf("r1", { idempotencyKey: "k" });
  void ledger.execute("trigger", command);
  await turn();
  const repeated = watch(ledger.execute("trigger", command));
  await clock.pass(2000, 500);
  assert.equal(repeated.state, "pending");
  journal.fail(null);
  await clock.pass(500, 500);
  assert.equal(repeated.state, "fulfilled");
  await ledger.close();
});

Deno.test("a ledger counts as moving while its disk takes nothing, and not while its journal does not answer", async () => {
  const { clock, journal, ledger } = await arrange();
  await ledger.moves();
  journal.hold();
  const reply = watch(ledger.execute("trigger", triggerOf("r1")));
  const held = watch(ledger.moves());
  await turn();
  assert.equal(held.state, "pending");
  journal.fail();
  journal.release();
  await turn();
  await ledger.moves();
  assert.equal(reply.state, "pending", "nothing is written");
  journal.fail(null);
  await clock.pass(1000);
  assert.deepEqual([reply.state, held.state], ["fulfilled", "fulfilled"]);
  await ledger.close();
});

Deno.test("closing while the journal fails tries once more, then tells everyone who waits", async () => {
  const { journal, ledger, problems } = await arrange();
  journal.hold();
  const command = triggerOf("r1", { idempotencyKey: "k" });
  const inTheBatch = watch(ledger.execute("trigger", command));
  await turn();
  const afterIt = watch(ledger.execute("trigger", triggerOf("r2")));
  const repeated = watch(ledger.execute("trigger", command));
  journal.fail();
  journal.release();
  await turn();
  await ledger.close();
  assert.deepEqual([inTheBatch.state, afterIt.state, repeated.state], ["STORAGE", "STORAGE", "STORAGE"]);
  assert.equal(journal.failedAppends, 2);
  assert.match(String(problems.at(-1)), /The last 3 events were never written/);
  await assert.rejects(ledger.execute("trigger", triggerOf("r3")), { code: "SHUTTING_DOWN" });
});

Deno.test("closing mends what can be mended by then", async () => {
  const { journal, ledger } = await arrange();
  journal.fail();
  const accepted = watch(ledger.execute("trigger", triggerOf("r1")));
  await turn();
  journal.fail(null);
  await ledger.close();
  assert.equal(accepted.state, "fulfilled");
});

Deno.test("closing leaves a snapshot, and one that fails keeps nobody from closing", async () => {
  const { journal, ledger } = await arrange();
  await ledger.execute("trigger", triggerOf("r1"));
  await ledger.close();
  assert.equal(journal.snapshots, 1);

  const again = await arrange(journal);
  assert.deepEqual([...again.ledger.state.queue.ids()], ["r1"]);
  await again.ledger.close();
  assert.equal(journal.snapshots, 1, "nothing happened since");

  const failing = await arrange();
  failing.journal.failsSnapshots = true;
  await failing.ledger.execute("trigger", triggerOf("r1"));
  await failing.ledger.close();
  assert.match(String(failing.problems.at(-1)), /Without a snapshot the next start takes longer/);
});

Deno.test("a snapshot is made every 10,000 events, and after one that failed not with every commit", async () => {
  const { journal, ledger, problems } = await arrange();
  const ignored = async (count: number) => {
    const report = { kind: "run", runId: "gone", attempt: 1, state: "FAILED", reason: null, instanceId: null } as const;
    const taken = Array.from(
      { length: count },
      () => ledger.execute("take_report", { agentId: "a", session: "a", report }),
    );
    await Promise.all(taken);
    await turn();
  };
  await ignored(9_999);
  assert.equal(journal.snapshots, 0);
  await ignored(1);
  assert.equal(journal.snapshots, 1);
  journal.failsSnapshots = true;
  await ignored(10_000);
  await ignored(1);
  assert.equal(problems.length, 1);
  journal.failsSnapshots = false;
  await ignored(1);
  assert.equal(journal.snapshots, 1);
  await ignored(10_000);
  assert.equal(journal.snapshots, 2);
  assert.equal(problems.at(-1), null);
  await ledger.close();
});

Deno.test("queue, holders and keys are as they were after a restart", async () => {
  const journal = new GatedJournal();
  const before = await arrange(journal);
  for (const runId of ["r1", "r2", "r3"]) {
    await before.ledger.execute("trigger", triggerOf(runId, { idempotencyKey: `key of ${runId}` }));
  }
  await before.ledger.execute("request_work", asked());
  // Not closed: no snapshot, as after a power cut.
  const after = await arrange(journal);
  assert.deepEqual([...after.ledger.state.queue.ids()], ["r2", "r3"]);
  assert.deepEqual(after.ledger.state.runsOf("a", "a").map(({ runId }) => runId), ["r1"]);
  const { runId, duplicate } = await after.ledger.execute("trigger", triggerOf("r4", { idempotencyKey: "key of r3" }));
  assert.deepEqual({ runId, duplicate }, { runId: "r3", duplicate: true });
  await after.ledger.close();
});

Deno.test("a journal that contradicts itself or has a hole is refused with the place of the event", async () => {
  const event: Event = { type: "run_started", atMs: 0, runId: "r1", attempt: 1, instanceId: null };
  const cases: [seq: number, sentence: RegExp][] = [
    [1, /event 1 does not fit, run r1 is not in progress/],
    [7, /event 7 does not fit, the one before it is event 0/],
  ];
  for (const [seq, sentence] of cases) {
    const journal = new MemoryJournal();
    await journal.append({ events: [{ seq, event }], definitions: [], runs: [], tasks: [] });
    await assert.rejects(arrange(new GatedJournal(journal)), (error) => {
      assert.ok(error instanceof CdktrError);
      assert.equal(error.code, "STORAGE");
      assert.match(error.message, sentence);
      return true;
    });
  }
});

Deno.test("a snapshot holds what was decided before it and nothing after, and no commit waits for it", async () => {
  const { clock, journal, ledger, committed } = await arrange();
  journal.snapshotParts = 3;
  const triggers = Array.from({ length: 10_000 }, (_, index) => ledger.execute("trigger", triggerOf(`r${index}`)));
  await Promise.all(triggers);
  await turn();
  assert.equal(journal.snapshots, 0, "it is being saved");
  await ledger.execute("trigger", triggerOf("late"));
  assert.deepEqual(committed.at(-1), ["late"]);
  await clock.pass(10, 1);
  assert.equal(journal.snapshots, 1);
  const { snapshot, snapshotSeq } = await journal.recover();
  assert.equal(snapshotSeq, 10_001);
  assert.deepEqual(snapshot?.runs.map(({ runId }) => runId).includes("late"), false);

  const after = await arrange(journal);
  assert.equal(after.ledger.state.runs.size, 10_001);
  await after.ledger.close();
});

Deno.test("closing gives up the snapshot that is being saved and leaves a newer one", async () => {
  const { journal, ledger, problems } = await arrange();
  journal.snapshotParts = 3;
  await Promise.all(
    Array.from({ length: 10_000 }, (_, index) => ledger.execute("trigger", triggerOf(`r${index}`))),
  );
  await turn();
  await ledger.execute("trigger", triggerOf("late"));
  await ledger.close();
  assert.equal(journal.snapshots, 1);
  assert.equal((await journal.recover()).snapshotSeq, 10_002);
  assert.deepEqual(problems, []);
});

Deno.test("while the disk is full nothing new begins, and what has begun goes on", async () => {
  const { clock, journal, ledger, problems } = await arrange();
  await ledger.execute("trigger", triggerOf("r1"));
  await ledger.execute("request_work", asked());
  await ledger.execute("trigger", triggerOf("r2"));
  journal.isOnReserve = true;
  journal.hasRoomForReserve = false;

  const report = { kind: "run", runId: "r1", attempt: 1, reason: null, instanceId: null } as const;
  const word = { agentId: "a", session: "a" };
  await ledger.execute("take_report", { ...word, report: { ...report, state: "RUNNING" } });
  assert.equal(problems.length, 1);
  assert.match(String(problems[0]), /^The disk of the journal is full/);
  await assert.rejects(ledger.execute("trigger", triggerOf("r3")), (error) => {
    assert.ok(error instanceof CdktrError && error.code === "STORAGE");
    assert.match(String(error.hint), /Free space on that disk/);
    return true;
  });
  assert.equal(ledger.state.runs.has("r3"), false);
  assert.deepEqual((await ledger.execute("request_work", asked("b"))).begin, [], "no run is handed out");
  assert.equal(
    (await ledger.execute("take_report", { ...word, report: { ...report, state: "COMPLETED" } })).taken,
    true,
  );

  journal.reserveTries = 0;
  await clock.pass(20_000, 500);
  assert.equal(journal.reserveTries, 4, "tried every 5 s");
  journal.hasRoomForReserve = true;
  await clock.pass(5_000, 500);
  assert.deepEqual(problems.slice(1), [null]);
  await ledger.execute("trigger", triggerOf("r3"));
  assert.deepEqual((await ledger.execute("request_work", asked("b"))).begin, [{ runId: "r2", attempt: 1 }]);
  assert.equal(clock.timerCount, 0);
  await ledger.close();
});

Deno.test("a principal that starts on a full disk takes nothing new until there is room", async () => {
  const journal = new GatedJournal();
  journal.isOnReserve = true;
  journal.hasRoomForReserve = false;
  const { clock, ledger, problems } = await arrange(journal);
  await assert.rejects(ledger.execute("trigger", triggerOf("r1")), { code: "STORAGE" });
  assert.equal(problems.length, 1);
  journal.hasRoomForReserve = true;
  await clock.pass(5_000, 500);
  await ledger.execute("trigger", triggerOf("r1"));
  await ledger.close();
});

Deno.test("no snapshot is made of the last space", async () => {
  const { journal, ledger } = await arrange();
  await ledger.execute("trigger", triggerOf("r1"));
  journal.isOnReserve = true;
  await ledger.close();
  assert.equal(journal.snapshots, 0);
});

Deno.test("a repeated trigger is answered on a full disk, too: it begins nothing", async () => {
  const { journal, ledger } = await arrange();
  const command = triggerOf("r1", { idempotencyKey: "k" });
  await ledger.execute("trigger", command);
  journal.isOnReserve = true;
  assert.equal((await ledger.execute("trigger", command)).duplicate, true);
  await ledger.close();
});

Deno.test("a journal that is younger than what is known of it goes on counting behind that, also after a crash", async () => {
  const journal = new GatedJournal();
  const { ledger } = await arrange(journal);
  await ledger.execute("trigger", triggerOf("r1"));
  const { ledger: later } = await arrange(journal, 100);
  await later.execute("request_work", asked());
  const [last] = await journal.eventsAfter(100, 10);
  assert.deepEqual([last?.seq, last?.event.type], [101, "run_assigned"]);
  const { ledger: again } = await arrange(journal, 100);
  assert.deepEqual([again.seq, again.state.runs.get("r1")?.state], [101, "ASSIGNED"]);
});
