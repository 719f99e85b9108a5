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

const every = (id: string, cron: string) => workflowOf(id, `cron: "${cron}"`);

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

  static async open(...workflows: ReturnType<typeof every>[]): Promise<Stage> {
    const shelf = new Shelf(...workflows);
    return new Stage(await Scene.open({ shelf, clock: new FakeClock(startMs) }), shelf);
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
