import assert from "node:assert/strict";
import { systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient } from "../../src/client/mod.ts";
import { Scheduler } from "../../src/scheduler/mod.ts";
import { FakeClock, turn } from "../fake_clock.ts";
import { CuttableLink } from "../principal/cuttable_link.ts";
import { Scene, Shelf, workflowOf } from "../principal/scene.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Not a due time of any test. */
const startMs = Date.UTC(2026, 2, 4, 11, 59, 30);

const every = (id: string, cron: string, more = "") => workflowOf(id, `cron: "${cron}"\n${more}`);

/** A principal, its workflows, and a way to it that can be cut. */
class Stage implements AsyncDisposable {
  readonly scene: Scene;
  readonly shelf: Shelf;
  readonly clock: FakeClock;
  readonly told: string[] = [];
  readonly #schedulers: Scheduler[] = [];
  readonly link: CuttableLink;

  private constructor(scene: Scene, shelf: Shelf) {
    this.scene = scene;
    this.shelf = shelf;
    this.clock = scene.clock;
    this.link = new CuttableLink(scene.principal);
  }

  static open(...workflows: ReturnType<typeof every>[]): Promise<Stage> {
    return Stage.openAt(startMs, ...workflows);
  }

  static async openAt(atMs: number, ...workflows: ReturnType<typeof every>[]): Promise<Stage> {
    const shelf = new Shelf(...workflows);
    return new Stage(await Scene.open({ shelf, clock: new FakeClock(atMs), isServing: true }), shelf);
  }

  async schedule(): Promise<Scheduler> {
    const tell = (sentence: string) => void this.told.push(sentence);
    const options = { clock: this.clock, random: systemRandom, version: "1", role: "scheduler", timeoutMs: 3000 };
    const client = PrincipalClient.overLink(this.link, options);
    const scheduler = new Scheduler({ client, clock: this.clock, log: { info: tell, warn: tell, error: tell } });
    scheduler.start();
    this.#schedulers.push(scheduler);
    await turn();
    return scheduler;
  }

  /** The keys of all runs, oldest first, their times as minutes after noon. */
  async fired(): Promise<string[]> {
    const { runs } = await this.scene.ask("RUNS", { limit: 1000 }).reply;
    return runs.map(({ idempotencyKey, trigger }) => {
      assert.equal(trigger, "cron");
      const [cron, id, due] = String(idempotencyKey).split(":");
      assert.equal(cron, "cron");
      return `${id} ${(Number(due) - Date.UTC(2026, 2, 4, 12)) / minuteMs}`;
    }).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  }

  /** All runs in the order they were triggered: when they were due, and whether they were made up. */
  async runs(): Promise<{ due: string; isMadeUp: boolean }[]> {
    const { runs } = await this.scene.ask("RUNS", { limit: 1000 }).reply;
    return runs.toReversed().map(({ dueMs, idempotencyKey, workflowId, reason }) => {
      assert.equal(idempotencyKey, `cron:${workflowId}:${dueMs}`);
      const due = new Date(dueMs ?? NaN).toISOString();
      const isMadeUp = reason?.endsWith(", which was missed and is made up") ?? false;
      assert.ok(isMadeUp || reason?.endsWith(due), String(reason));
      return { due: due.replace(":00.000Z", "Z"), isMadeUp };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const scheduler of this.#schedulers) await scheduler.stop();
    await this.scene[Symbol.asyncDispose]();
  }
}

Deno.test("a workflow is triggered at its due time, once, under the key of that time", async () => {
  await using stage = await Stage.open(every("a", "0 * * * *"), workflowOf("unscheduled"));
  await stage.schedule();
  await stage.clock.pass(29_900, 29_900);
  assert.deepEqual(await stage.fired(), []);
  await stage.clock.pass(100, 100);
  assert.deepEqual(await stage.fired(), ["a 0"]);
  const { runs: [run] } = await stage.scene.ask("RUNS", { limit: 1 }).reply;
  assert.equal(run?.triggeredAtMs, Date.UTC(2026, 2, 4, 12), "on the dot");
  await stage.clock.pass(2 * hourMs, minuteMs);
  assert.deepEqual(await stage.fired(), ["a 0", "a 60", "a 120"]);
});

Deno.test("a restart at the due time fires nothing twice, and two schedulers no more than one", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"));
  const first = await stage.schedule();
  await stage.clock.pass(30_000, 30_000);
  await first.stop();
  await stage.schedule();
  await stage.schedule();
  await stage.clock.pass(2 * minuteMs, 30_000);
  assert.deepEqual(await stage.fired(), ["a 0", "a 1", "a 2"]);
});

Deno.test("times that passed while no scheduler was there are not made up", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"));
  const first = await stage.schedule();
  await stage.clock.pass(30_000, 30_000);
  await first.stop();
  await stage.clock.pass(5 * minuteMs + 1000, minuteMs);
  await stage.schedule();
  await stage.clock.pass(minuteMs, minuteMs);
  assert.deepEqual(await stage.fired(), ["a 0", "a 6"]);
});

Deno.test("workflows that come, change and go are followed at once", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"));
  await stage.schedule();
  stage.shelf.replace(every("a", "*/5 * * * *"), every("b", "*/2 * * * *"));
  await turn();
  await stage.clock.pass(3 * minuteMs, 30_000);
  assert.deepEqual(await stage.fired(), ["a 0", "b 0", "b 2"]);
  stage.shelf.replace(every("a", "*/5 * * * *"));
  await turn();
  await stage.clock.pass(3 * minuteMs, 30_000);
  assert.deepEqual(await stage.fired(), ["a 0", "a 5", "b 0", "b 2"]);
});

Deno.test("a stall makes a trigger late, and only the first of the times it hid is made up", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"));
  await stage.schedule();
  stage.clock.stall(10 * minuteMs);
  await turn();
  assert.deepEqual(await stage.fired(), ["a 0"]);
  await stage.clock.pass(minuteMs, 10_000);
  assert.deepEqual(await stage.fired(), ["a 0", "a 10"]);
});

Deno.test("a clock that is put forward over due times fires late, once; then by the new time", async () => {
  await using stage = await Stage.open(every("a", "0 * * * *"));
  await stage.schedule();
  stage.clock.setWallBy(3 * hourMs);
  await stage.clock.pass(1000, 500);
  assert.deepEqual(await stage.fired(), ["a 0"]);
  await stage.clock.pass(minuteMs, 10_000);
  assert.deepEqual(await stage.fired(), ["a 0", "a 180"]);
});

Deno.test("a clock that is put back fires nothing twice, and is followed however far it went", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"));
  await stage.schedule();
  await stage.clock.pass(3 * minuteMs, 30_000);
  stage.clock.setWallBy(-2 * minuteMs);
  await stage.clock.pass(3 * minuteMs, 30_000);
  assert.deepEqual(await stage.fired(), ["a 0", "a 1", "a 2", "a 3"]);
  stage.clock.setWallBy(-365 * 24 * hourMs);
  await stage.clock.pass(2 * minuteMs, 30_000);
  assert.equal(
    (await stage.fired()).length,
    6,
    "a scheduler that once believed in a later year is not silent until then",
  );
});

Deno.test("while the principal is away a trigger is kept for it, one for each workflow", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"), every("b", "*/2 * * * *"));
  await stage.schedule();
  stage.link.cut();
  await stage.clock.pass(10 * minuteMs, 10_000);
  assert.deepEqual(await stage.fired(), []);
  stage.link.mend();
  await stage.clock.pass(5000);
  assert.deepEqual(await stage.fired(), ["a 0", "b 0"]);
  assert.ok(stage.told.some((sentence) => sentence.startsWith("a is not triggered for 2026-03-04T12:01:00.000Z")));
  assert.equal(stage.told.filter((sentence) => sentence.startsWith("cannot trigger a yet")).length, 1, "told once");
  await stage.clock.pass(2 * minuteMs, 10_000);
  assert.deepEqual(await stage.fired(), ["a 0", "a 10", "a 11", "b 0", "b 10"]);
});

Deno.test("a trigger that is refused for good is told and not tried again", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"));
  await stage.schedule();
  stage.shelf.workflows = []; // Nobody is told, as when the principal has just changed its mind.
  await stage.clock.pass(31_000, 1000);
  const refused = stage.told.filter((sentence) => sentence.startsWith("a was not triggered for"));
  assert.equal(refused.length, 1);
  assert.match(String(refused[0]), /2026-03-04T12:00:00\.000Z: There is no workflow with the id "a"/);
});

Deno.test("a principal that is away at the start is waited for", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"));
  stage.link.cut();
  await stage.schedule();
  await stage.clock.pass(20_000);
  stage.link.mend();
  await stage.clock.pass(10_000);
  assert.deepEqual(await stage.fired(), ["a 0"]);
});

Deno.test("a scheduler that was stopped leaves no timer and asks for nothing more", async () => {
  await using stage = await Stage.open(every("a", "* * * * *"));
  const timers = stage.clock.timerCount;
  const scheduler = await stage.schedule();
  stage.link.cut();
  await stage.clock.pass(40_000, 10_000);
  await scheduler.stop();
  await turn();
  assert.equal(stage.clock.timerCount, timers);
  const { tries } = stage.link;
  await stage.clock.pass(2 * minuteMs, 10_000);
  assert.equal(stage.link.tries, tries);
});

Deno.test("what passed while no scheduler was there is made up: the newest, oldest first, as their own runs", async () => {
  await using stage = await Stage.open(every("a", "* * * * *", "catchup: 3"), every("b", "* * * * *"));
  const first = await stage.schedule();
  await stage.clock.pass(30_000, 30_000);
  await first.stop();
  await stage.clock.pass(10 * minuteMs + 1000, minuteMs);
  stage.shelf.workflows = stage.shelf.workflows.filter(({ id }) => id === "a");
  await stage.schedule();
  await turn();
  assert.deepEqual((await stage.runs()).slice(2), [
    { due: "2026-03-04T12:08Z", isMadeUp: true },
    { due: "2026-03-04T12:09Z", isMadeUp: true },
    { due: "2026-03-04T12:10Z", isMadeUp: true },
  ]);
  assert.ok(stage.told.includes("a: 3 missed due times are made up"));
  await stage.clock.pass(minuteMs, minuteMs);
  assert.deepEqual(await stage.fired(), ["a 0", "a 8", "a 9", "a 10", "a 11", "b 0"]);
});

Deno.test("what was missed is made up by a workflow that never fired, from when its schedule came into force", async () => {
  await using stage = await Stage.open(every("a", "* * * * *", "catchup: 1000"));
  await stage.clock.pass(3 * minuteMs, minuteMs);
  await stage.schedule();
  await turn();
  assert.deepEqual(await stage.fired(), ["a 0", "a 1", "a 2"]);
});

Deno.test("schedulers that make up the same times start nothing twice, and a later one nothing more", async () => {
  await using stage = await Stage.open(every("a", "* * * * *", "catchup: 2"));
  await stage.clock.pass(5 * minuteMs, minuteMs);
  const [first, second] = [await stage.schedule(), await stage.schedule()];
  await turn();
  await first.stop();
  await second.stop();
  await stage.schedule();
  await turn();
  assert.deepEqual(await stage.fired(), ["a 3", "a 4"]);
});

Deno.test("a stall longer than the schedule is caught up with", async () => {
  await using stage = await Stage.open(every("a", "* * * * *", "catchup: 4"));
  await stage.schedule();
  stage.clock.stall(10 * minuteMs);
  await turn();
  assert.deepEqual(await stage.fired(), ["a 6", "a 7", "a 8", "a 9"]);
  await stage.clock.pass(minuteMs, 10_000);
  assert.deepEqual(await stage.fired(), ["a 6", "a 7", "a 8", "a 9", "a 10"]);
});

Deno.test("a clock put forward by years is caught up with as far as told, without walking through them", async () => {
  await using stage = await Stage.open(every("a", "* * * * * *", "catchup: 50"));
  await stage.schedule();
  stage.clock.setWallBy(10 * 365 * 24 * hourMs);
  const beganMs = performance.now();
  await stage.clock.pass(500, 500);
  assert.ok(performance.now() - beganMs < 10_000);
  const runs = await stage.runs();
  assert.equal(runs.length, 50);
  assert.ok(runs.every(({ isMadeUp }) => isMadeUp));
  assert.deepEqual([runs[0]?.due, runs.at(-1)?.due], ["2036-03-01T11:58:41.000Z", "2036-03-01T11:59:30.000Z"]);
});

Deno.test("a clock that is put back makes nothing up", async () => {
  await using stage = await Stage.open(every("a", "* * * * *", "catchup: 100"));
  await stage.schedule();
  await stage.clock.pass(3 * minuteMs, 30_000);
  stage.clock.setWallBy(-2 * minuteMs);
  const later = await stage.schedule();
  await stage.clock.pass(3 * minuteMs, 30_000);
  await later.stop();
  assert.deepEqual(await stage.fired(), ["a 0", "a 1", "a 2", "a 3"]);
});

Deno.test("times that were missed over a change of the clocks are those the schedule has", async () => {
  await using stage = await Stage.openAt(
    Date.UTC(2026, 2, 27, 12),
    every("a", "30 2 * * *", "timezone: Europe/Berlin\ncatchup: 10"),
  );
  await stage.clock.pass(3 * 24 * hourMs, hourMs);
  await stage.schedule();
  await turn();
  assert.deepEqual((await stage.runs()).map(({ due }) => due), [
    "2026-03-28T01:30Z",
    "2026-03-29T01:00Z",
    "2026-03-30T00:30Z",
  ]);
});

Deno.test("while the principal is away the newest times are kept for a workflow that catches up", async () => {
  await using stage = await Stage.open(every("a", "* * * * *", "catchup: 3"));
  await stage.schedule();
  stage.link.cut();
  await stage.clock.pass(10 * minuteMs, 10_000);
  stage.link.mend();
  await stage.clock.pass(5000);
  assert.deepEqual((await stage.runs()).map(({ due }) => due), [
    "2026-03-04T12:07Z",
    "2026-03-04T12:08Z",
    "2026-03-04T12:09Z",
  ]);
  assert.ok(stage.told.some((sentence) => sentence.startsWith("a is not triggered for 2026-03-04T12:00:00.000Z")));
  await stage.clock.pass(minuteMs, 10_000);
  assert.deepEqual(await stage.fired(), ["a 7", "a 8", "a 9", "a 10"]);
});

Deno.test("what is owed to a workflow that goes meanwhile is not asked for", async () => {
  await using stage = await Stage.open(every("a", "* * * * *", "catchup: 10"));
  await stage.schedule();
  stage.link.cut();
  await stage.clock.pass(5 * minuteMs, 10_000);
  stage.shelf.replace();
  stage.link.mend();
  await stage.clock.pass(5000);
  assert.deepEqual(await stage.fired(), []);
  assert.ok(stage.told.filter((sentence) => sentence.startsWith("a was not triggered")).length <= 1);
});

Deno.test("a scheduler that outlives its principal has the next one make up what was missed, and nothing twice", async () => {
  await using stage = await Stage.open(every("a", "* * * * *", "catchup: 3"));
  const { clock, shelf, link } = stage;
  await stage.schedule();
  await clock.pass(30_000, 30_000);
  assert.deepEqual(await stage.fired(), ["a 0"]);
  const { journal } = stage.scene;
  link.cut();
  await stage.scene.principal.close();
  await clock.pass(10 * minuteMs, 10_000);
  await using after = await Scene.open({ journal, clock, shelf, isServing: true });
  link.mend(after.principal);
  await clock.pass(5000);
  const { runs } = await after.ask("RUNS", { limit: 10 }).reply;
  assert.deepEqual(runs.toReversed().map(({ dueMs }) => ((dueMs ?? 0) - Date.UTC(2026, 2, 4, 12)) / minuteMs), [
    0,
    8,
    9,
    10,
  ]);
});

Deno.test("nothing is triggered for a workflow before it is known what it missed, or that would never be made up", async () => {
  // What is owed to the others fills the list, so that the search for what the last one missed has to wait.
  const ids = Array.from({ length: 22 }, (_, i) => `w${String(i).padStart(2, "0")}`);
  await using stage = await Stage.open(...ids.map((id) => every(id, "* * * * *", "catchup: 1000")));
  stage.clock.advance(24 * hourMs);
  stage.scene.journal.hold();
  const watermarks = async () => {
    const { workflows } = await stage.scene.ask("WORKFLOWS", { knownRevision: null, waitMs: 0 }).reply;
    return new Map(workflows.map(({ id, watermarkMs }) => [id, watermarkMs]));
  };
  const before = await watermarks();
  await stage.schedule();
  await stage.clock.pass(2 * minuteMs, 10_000);
  const after = await watermarks();
  assert.ok((after.get("w00") ?? 0) > (before.get("w00") ?? 0), "others are triggered");
  assert.equal(after.get("w21"), before.get("w21"));
  stage.scene.journal.release();
});
