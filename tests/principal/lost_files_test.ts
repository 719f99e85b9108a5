/** A principal whose files are taken away while it runs. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/clock/mod.ts";
import { History, journalStream } from "../../src/history/mod.ts";
import { SqliteJournal } from "../../src/journal/mod.ts";
import { lookEveryMs } from "../../src/principal/upkeep/file_watch.ts";
import { turn } from "../fake_clock.ts";
import { runRequest, Scene } from "./scene.ts";

/** A principal on files, with what it told. */
class FilesScene implements AsyncDisposable {
  readonly #hears: () => Promise<void>;

  private constructor(readonly directory: string, readonly scene: Scene, hears: () => Promise<void>) {
    this.#hears = hears;
  }

  static async open(directory?: string): Promise<FilesScene> {
    directory ??= await Deno.makeTempDir({ prefix: "cdktr-lost-files-test-" });
    let heard = Promise.withResolvers<void>();
    const [journalPath, historyPath] = [`${directory}/state.db`, `${directory}/app.db`];
    const scene = await Scene.open({
      journal: SqliteJournal.open(journalPath),
      history: await History.open({ path: historyPath, clock: systemClock, onProblem: () => {}, flushIntervalMs: 1 }),
      upkeep: {
        ...{ dataPath: directory, journalPath, historyPath, diskFloorBytes: 0 },
        journalRetention: { runDays: 30, eventDays: 30, eventsMax: 100_000 },
        logRetention: { ageMs: null, bytes: null },
        archiveRetention: { ageMs: null },
      },
      onTold: () => heard.resolve(),
    });
    return new FilesScene(directory, scene, () => {
      heard = Promise.withResolvers();
      return heard.promise;
    });
  }

  /** Resolves with the word that fits, once the operator has it. */
  async hears(pattern: RegExp): Promise<string> {
    for (;;) {
      const next = this.#hears();
      const found = this.scene.told.find((sentence) => pattern.test(sentence));
      if (found !== undefined) return found;
      this.scene.clock.advance(lookEveryMs);
      // A look that is under way sets its timer when it ends.
      await Promise.race([next, Deno.stat(this.directory).then(turn)]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene[Symbol.asyncDispose]();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Resolves once the history holds all that is journalled. */
async function projected({ history, journal, clock }: Scene): Promise<void> {
  const seq = (await journal.eventsAfter(0, 1000)).at(-1)?.seq ?? 0;
  while (history.positionOf(journalStream) < seq) {
    clock.advance(1000); // What was not taken is offered again after a pause.
    await Deno.stat(".");
  }
  await history.whenCommitted(journalStream, seq);
}

Deno.test("a journal that is removed refuses what is new, says so, and is whole at the next start", async () => {
  const files = await FilesScene.open();
  const { scene, directory } = files;
  const before = await scene.trigger({ idempotencyKey: "k" });
  await Deno.remove(`${directory}/state.db`);
  await Deno.remove(`${directory}/state.db-wal`);
  const unnoticed = await scene.trigger();
  await files.hears(/^error: The file of the journal .*state\.db was removed while it is in use: nothing new begins\./);

  const refused = scene.ask("RUN", runRequest());
  await assert.rejects(refused.reply, { code: "STORAGE", hint: /^Stop the principal in good order \(SIGTERM\)/ });
  const again = await scene.ask("RUN", runRequest({ idempotencyKey: "k" })).reply;
  assert.deepEqual([again.runId, again.duplicate], [before, true]);
  const { problems } = await scene.ask("STATUS", {}).reply;
  assert.match(String(problems[0]), /was removed while it is in use/);
  const { findings } = await scene.ask("DOCTOR", { deep: false }).reply;
  assert.deepEqual(findings.filter(({ state }) => state === "error").map(({ name }) => name), ["journal"]);
  const ann = scene.agent("ann");
  assert.equal((await ann.work({ slots: 2 }).reply).begin.length, 2, "what was taken goes on");
  await scene.principal.close();

  await using after = await FilesScene.open(directory);
  assert.deepEqual((await after.scene.ask("RUNS", { limit: 10 }).reply).runs.map(({ runId }) => runId), [
    unnoticed,
    before,
  ]);
  await after.scene.trigger();
});

Deno.test("a journal that comes back to its place is good for new runs", async () => {
  await using files = await FilesScene.open();
  const { scene, directory } = files;
  await Deno.rename(`${directory}/state.db`, `${directory}/away.db`);
  await files.hears(/^error: The file of the journal/);
  assert.equal(await scene.ask("RUN", runRequest()).code(), "STORAGE");
  await Deno.rename(`${directory}/away.db`, `${directory}/state.db`);
  await files.hears(/is in its place again$/);
  await scene.trigger();
  assert.deepEqual((await scene.ask("STATUS", {}).reply).problems, []);
});

Deno.test("a history that is removed is made anew from the journal at once", async () => {
  await using files = await FilesScene.open();
  const { scene, directory } = files;
  const runId = await scene.trigger();
  await projected(scene);
  await Deno.remove(`${directory}/app.db`);
  await files.hears(/^error: The history database .*app\.db was removed while it was in use/);
  await files.hears(/^info: the history is rebuilt/);
  await projected(scene);
  const { rows } = await scene.history.sql("SELECT run_id FROM runs");
  assert.deepEqual(rows, [[runId]]);
  assert.ok((await Deno.stat(`${directory}/app.db`)).isFile);
  assert.deepEqual((await scene.ask("STATUS", {}).reply).problems, []);
  assert.equal(scene.history.generation, 2);
});

Deno.test("a history that is replaced by an older copy of it gets from the journal what the copy lacks", async () => {
  const first = await FilesScene.open();
  const { directory } = first;
  const old = await first.scene.trigger();
  await first.scene.principal.close();
  await Deno.copyFile(`${directory}/app.db`, `${directory}/copy.db`);

  await using files = await FilesScene.open(directory);
  const { scene } = files;
  const recent = await scene.trigger();
  await projected(scene);
  await Deno.rename(`${directory}/copy.db`, `${directory}/app.db`);
  await files.hears(/^error: The history database .*app\.db was replaced while it was in use/);
  await files.hears(/^info: the history is rebuilt: it is given \d+ decisions/);
  await projected(scene);
  const { rows } = await scene.history.sql("SELECT run_id FROM runs ORDER BY run_id");
  assert.deepEqual(rows, [[old], [recent]]);
});

Deno.test("a history keeps its file through checkpoints, cleaning and being opened again after a fault", async () => {
  await using files = await FilesScene.open();
  const { scene, directory } = files;
  const { dev, ino } = await Deno.stat(`${directory}/app.db`);
  await scene.trigger();
  await scene.ask("ARCHIVE", {}).reply;
  scene.history.reopen("the test wants it");
  await scene.history.sql("SELECT 1").catch(() => {});
  await scene.trigger();
  await projected(scene);
  const after = await Deno.stat(`${directory}/app.db`);
  assert.deepEqual([after.dev, after.ino], [dev, ino]);
  assert.equal(scene.history.generation, 1);
});
