import assert from "node:assert/strict";
import { systemClock } from "../../src/clock/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import { type StoreChange, WorkflowStore } from "../../src/workflow/store.ts";
import { FakeClock } from "../fake_clock.ts";
import { smallFile } from "./samples.ts";

const rescanIntervalMs = 60_000;

/** A store on a directory of its own, on a clock that stands still and without watching, unless asked otherwise. */
class Scene {
  readonly clock = new FakeClock();
  readonly store: WorkflowStore;
  readonly changes: StoreChange[] = [];
  readonly directory: string;
  /** Settled by the next change; set by {@linkcode nextChange}. */
  #onChange: (change: StoreChange) => void = () => {};

  constructor(directory: string, watch: boolean) {
    this.directory = directory;
    const clock = watch ? systemClock : this.clock;
    this.store = new WorkflowStore({ directory, clock, rescanIntervalMs, watch, settleMs: watch ? 20 : 200 });
    this.store.onChange((change) => {
      this.changes.push(change);
      this.#onChange(change);
    });
  }

  nextChange(): Promise<StoreChange> {
    const { promise, resolve } = Promise.withResolvers<StoreChange>();
    this.#onChange = resolve;
    return promise;
  }

  async write(path: string, content: string): Promise<void> {
    await Deno.mkdir(`${this.directory}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${this.directory}/${path}`, content);
  }

  remove(path: string): Promise<void> {
    return Deno.remove(`${this.directory}/${path}`, { recursive: true });
  }

  names(): string[] {
    return this.store.list().map(({ id, name }) => `${id}=${name}`);
  }

  codes(): string[] {
    return this.store.problems().map(({ file, code }) => `${file.slice(this.directory.length + 1)}: ${code}`);
  }
}

function storeTest(
  behaviour: string,
  files: Record<string, string>,
  test: (scene: Scene) => Promise<void>,
  watch = false,
) {
  Deno.test(behaviour, async () => {
    const directory = await Deno.makeTempDir();
    const scene = new Scene(directory, watch);
    try {
      for (const [path, content] of Object.entries(files)) await scene.write(path, content);
      await scene.store.start();
      await test(scene);
    } finally {
      await scene.store.stop();
      await Deno.remove(directory, { recursive: true });
    }
    assert.equal(scene.clock.timerCount, 0, "no timer is left behind");
  });
}

const nested = { "b.yml": smallFile("B"), "etl/daily.yaml": smallFile("D"), "a.yml": smallFile("A"), "README": "x" };

storeTest("what is in the directory is in force, in the order of ids", nested, (scene) => {
  assert.deepEqual(scene.names(), ["a=A", "b=B", "etl.daily=D"]);
  assert.equal(scene.store.get("etl.daily")?.path, `${scene.directory}/etl/daily.yaml`);
  assert.equal(scene.store.get("etl"), undefined);
  assert.deepEqual(scene.changes, [{
    added: ["a", "b", "etl.daily"],
    changed: [],
    removed: [],
    problemsChanged: false,
  }]);
  return Promise.resolve();
});

storeTest("files that come, change and go are taken over at the next rescan", nested, async (scene) => {
  await scene.write("new.yml", smallFile("N"));
  await scene.write("a.yml", smallFile("Again"));
  await scene.remove("etl");
  await scene.store.rescan();
  assert.deepEqual(scene.names(), ["a=Again", "b=B", "new=N"]);
  const change = { added: ["new"], changed: ["a"], removed: ["etl.daily"], problemsChanged: false };
  assert.deepEqual(scene.changes.at(-1), change);
});

storeTest("a rescan that finds nothing new tells nobody", { "a.yml": smallFile("A"), "bad.yml": "" }, async (scene) => {
  const before = scene.store.get("a");
  await scene.store.rescan();
  assert.equal(scene.changes.length, 1);
  assert.equal(scene.store.get("a"), before, "an unchanged file is not parsed again");
  await scene.write("a.yml", `# a comment\n${smallFile("A")}`);
  await scene.store.rescan();
  assert.equal(scene.changes.length, 1, "a comment changes no workflow");
});

storeTest("an invalid file is reported and the last good version stays", { "a.yml": smallFile("A") }, async (scene) => {
  await scene.write("a.yml", "name: [half writ");
  await scene.write("b.yml", "");
  await scene.store.rescan();
  assert.deepEqual(scene.names(), ["a=A"]);
  assert.deepEqual(scene.codes(), ["a.yml: yaml", "b.yml: missing-field"]);
  assert.deepEqual(scene.changes.at(-1), { added: [], changed: [], removed: [], problemsChanged: true });
  await scene.write("a.yml", smallFile("Repaired"));
  await scene.remove("b.yml");
  await scene.store.rescan();
  assert.deepEqual([scene.names(), scene.codes()], [["a=Repaired"], []]);
});

storeTest("of an invalid file that is deleted nothing stays", { "a.yml": smallFile("A") }, async (scene) => {
  await scene.write("a.yml", "");
  await scene.store.rescan();
  await scene.remove("a.yml");
  await scene.store.rescan();
  assert.deepEqual([scene.names(), scene.codes()], [[], []]);
});

storeTest("two files with one id are an error that names both; the version in force stays", {
  "a.yml": smallFile("First"),
  "x.y.yml": smallFile("Dotted"),
  "x/y.yml": smallFile("Nested"),
}, async (scene) => {
  assert.deepEqual(scene.names(), ["a=First"], "neither of two rivals wins");
  await scene.write("a.yaml", smallFile("Second"));
  await scene.store.rescan();
  assert.deepEqual(scene.names(), ["a=First"]);
  assert.deepEqual(scene.codes(), [
    "a.yaml: duplicate-id",
    "a.yml: duplicate-id",
    "x.y.yml: duplicate-id",
    "x/y.yml: duplicate-id",
  ]);
  assert.match(scene.store.problems()[0]?.message ?? "", /"a" is also that of .*\/a\.yml;/);
  await scene.remove("a.yml");
  await scene.remove("x.y.yml");
  await scene.store.rescan();
  assert.deepEqual([scene.names(), scene.codes()], [["a=Second", "x.y=Nested"], []]);
});

storeTest(
  "when the directory cannot be listed everything stays in force",
  { "a.yml": smallFile("A") },
  async (scene) => {
    await Deno.rename(scene.directory, `${scene.directory}.away`);
    await scene.store.rescan();
    assert.deepEqual(scene.names(), ["a=A"]);
    assert.match(scene.store.problems()[0]?.message ?? "", /does not exist/);
    await Deno.rename(`${scene.directory}.away`, scene.directory);
    await scene.store.rescan();
    assert.deepEqual([scene.names(), scene.codes()], [["a=A"], []]);
  },
);

// Opened, but never read: the superuser may read any ordinary file, so one of the system's is linked.
if (Deno.build.os === "linux") {
  storeTest("a file that cannot be read keeps its last good version", { "a.yml": smallFile("A") }, async (scene) => {
    await scene.remove("a.yml");
    await Deno.symlink("/proc/self/mem", `${scene.directory}/a.yml`);
    await scene.store.rescan();
    assert.deepEqual([scene.names(), scene.codes()], [["a=A"], ["a.yml: unreadable"]]);
  });
}

storeTest("a link that leads to nothing is told, and keeps its last good version", {}, async (scene) => {
  await scene.write("elsewhere/a.txt", smallFile("A"));
  await Deno.symlink("elsewhere/a.txt", `${scene.directory}/a.yml`);
  await scene.store.rescan();
  await scene.remove("elsewhere");
  await scene.store.rescan();
  assert.deepEqual([scene.names(), scene.codes()], [["a=A"], ["a.yml: unreadable"]]);
  await scene.remove("a.yml");
  await scene.store.rescan();
  assert.deepEqual([scene.names(), scene.codes()], [[], []]);
});

storeTest("the regular rescan comes at its interval, again and again", {}, async (scene) => {
  for (const name of ["one", "two"]) {
    await scene.write(`${name}.yml`, smallFile(name));
    const change = scene.nextChange();
    scene.clock.advance(rescanIntervalMs - 1);
    assert.equal(scene.store.get(name), undefined);
    scene.clock.advance(1);
    assert.deepEqual((await change).added, [name]);
    await scene.store.rescan();
  }
});

storeTest("rescans asked for at the same time share one, and see what was written before", {}, async (scene) => {
  const first = scene.store.rescan();
  Deno.writeTextFileSync(`${scene.directory}/a.yml`, smallFile("A"));
  const second = scene.store.rescan();
  assert.equal(scene.store.rescan(), second);
  await Promise.all([first, second]);
  assert.deepEqual(scene.names(), ["a=A"]);
});

storeTest("a listener that was taken off hears nothing", {}, async (scene) => {
  let calls = 0;
  const off = scene.store.onChange(() => calls++);
  off();
  await scene.write("a.yml", smallFile("A"));
  await scene.store.rescan();
  assert.equal(calls, 0);
});

storeTest("a change on disk is noticed by watching", { "sub/a.yml": smallFile("A") }, async (scene) => {
  assert.equal(scene.store.isWatching, true);
  const added = scene.nextChange();
  await scene.write("sub/b.yml", smallFile("B"));
  assert.deepEqual((await added).added, ["sub.b"]);
  const changed = scene.nextChange();
  await scene.write("sub/a.yml", smallFile("Again"));
  assert.deepEqual((await changed).changed, ["sub.a"]);
  const removed = scene.nextChange();
  await scene.remove("sub");
  assert.deepEqual((await removed).removed, ["sub.a", "sub.b"]);
}, true);

storeTest("an editor's save through a second file is one change", { "a.yml": smallFile("A") }, async (scene) => {
  const changed = scene.nextChange();
  await scene.write("a.yml.tmp", smallFile("Again"));
  await Deno.rename(`${scene.directory}/a.yml.tmp`, `${scene.directory}/a.yml`);
  assert.deepEqual(await changed, { added: [], changed: ["a"], removed: [], problemsChanged: false });
}, true);

Deno.test("a missing directory is a clear error at start", async () => {
  const store = new WorkflowStore({ directory: "/nonexistent/workflows", clock: systemClock, rescanIntervalMs });
  await assert.rejects(
    store.start(),
    (error) =>
      error instanceof CdktrError && error.code === "NOT_FOUND" &&
      error.message === "The workflow directory /nonexistent/workflows does not exist." && error.hint !== undefined,
  );
});

Deno.test("10,000 files load, and looking again reads none of them", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (let index = 0; index < 10_000; index++) {
      const folder = `${directory}/f${index % 100}`;
      if (index < 100) Deno.mkdirSync(folder);
      Deno.writeTextFileSync(`${folder}/w${index}.yml`, smallFile(`n${index}`));
    }
    await using store = new WorkflowStore({ directory, clock: systemClock, rescanIntervalMs, watch: false });
    await store.start();
    assert.equal(store.list().length, 10_000);
    const before = store.get("f1.w1");
    await store.rescan();
    assert.equal(store.get("f1.w1"), before);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
