import assert from "node:assert/strict";
import { FileWatch, lookEveryMs } from "../../../src/principal/upkeep/file_watch.ts";
import { FakeClock } from "../../fake_clock.ts";

class Arrangement implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  openings: number | null = 1;
  readonly path: string;
  readonly watch: FileWatch;
  #told = Promise.withResolvers<void>();

  private constructor(readonly directory: string) {
    this.path = `${directory}/state.db`;
    const note = (sentence: string) => {
      this.told.push(sentence);
      this.#told.resolve();
    };
    this.watch = new FileWatch({
      path: this.path,
      clock: this.clock,
      report: { info: note, warn: note, error: note },
      openings: () => this.openings,
      onLost: note,
      onBack: () => note("back"),
    });
  }

  static async make(): Promise<Arrangement> {
    const arrangement = new Arrangement(await Deno.makeTempDir());
    await Deno.writeTextFile(arrangement.path, "1");
    await arrangement.watch.start();
    return arrangement;
  }

  /** Resolves once the next look told something. */
  async tells(): Promise<string | undefined> {
    this.#told = Promise.withResolvers();
    await this.clock.pass(lookEveryMs);
    await this.#told.promise;
    return this.told.at(-1);
  }

  /** Resolves after `count` looks that have ended. */
  async look(count: number): Promise<void> {
    for (let looks = 0; looks < count; looks++) {
      while (this.clock.timerCount === 0) await Deno.stat(this.directory);
      await this.clock.pass(lookEveryMs);
    }
    while (this.clock.timerCount === 0) await Deno.stat(this.directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch.stop();
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test("a file that was removed is told of once", async () => {
  await using scene = await Arrangement.make();
  await Deno.remove(scene.path);
  assert.equal(await scene.tells(), "removed");
  await scene.look(2);
  assert.deepEqual(scene.told, ["removed"]);
});

Deno.test("another file of the same name and content is another file, and the right one may come back", async () => {
  await using scene = await Arrangement.make();
  await Deno.rename(scene.path, `${scene.path}.away`);
  await Deno.copyFile(`${scene.path}.away`, scene.path);
  assert.equal(await scene.tells(), "replaced");
  await Deno.rename(`${scene.path}.away`, scene.path);
  await scene.look(0);
  assert.equal(await scene.tells(), "back");
});

Deno.test("a file that is written, grows and is cut stays the same", async () => {
  await using scene = await Arrangement.make();
  await Deno.writeTextFile(scene.path, "much more");
  await scene.look(1);
  await Deno.truncate(scene.path, 0);
  await scene.look(1);
  assert.deepEqual(scene.told, []);
});

Deno.test("what its owner opened is the right file, and is told of again when it is removed", async () => {
  await using scene = await Arrangement.make();
  await Deno.remove(scene.path);
  assert.equal(await scene.tells(), "removed");
  await scene.look(0);
  await Deno.writeTextFile(scene.path, "2");
  scene.openings = 2;
  await scene.look(2);
  assert.deepEqual(scene.told, ["removed"]);
  await Deno.remove(scene.path);
  assert.equal(await scene.tells(), "removed");
});

Deno.test("while its owner opens the file nothing is judged", async () => {
  await using scene = await Arrangement.make();
  scene.openings = null;
  await Deno.remove(scene.path);
  await scene.look(2);
  assert.deepEqual(scene.told, []);
});
