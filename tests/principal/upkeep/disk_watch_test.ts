import assert from "node:assert/strict";
import { systemClock } from "../../../src/clock/mod.ts";
import { freeBytes } from "../../../src/journal/mod.ts";
import { DiskWatch, type DiskWatchOptions, lookEveryMs } from "../../../src/principal/upkeep/disk_watch.ts";
import { FakeClock } from "../../fake_clock.ts";

function arrange(change: Partial<DiskWatchOptions> = {}) {
  const clock = new FakeClock();
  const told: string[] = [];
  const disk: { free: number | Error } = { free: 1_000 };
  const note = (sentence: string) => void told.push(sentence);
  const watch = new DiskWatch({
    path: "/var/lib/cdktr",
    floorBytes: 100,
    clock,
    report: { info: note, warn: note, error: note },
    onLow: (bytes) => note(`low ${bytes}`),
    onRoom: (bytes) => note(`room ${bytes}`),
    measure: () => disk.free instanceof Error ? Promise.reject(disk.free) : Promise.resolve(disk.free),
    ...change,
  });
  return { clock, told, disk, watch };
}

Deno.test("a disk that becomes low is told of once, and so is the room there is again", async () => {
  const { clock, told, disk, watch } = arrange();
  await watch.start();
  disk.free = 99;
  await clock.pass(3 * lookEveryMs);
  assert.equal(watch.isLow, true);
  disk.free = 500;
  await clock.pass(3 * lookEveryMs);
  assert.equal(watch.isLow, false);
  assert.deepEqual(told, ["low 99", "room 500"]);
  await watch.stop();
  assert.equal(clock.timerCount, 0);
});

Deno.test("a disk that is low at the start is told of at once", async () => {
  const { told, disk, watch } = arrange();
  disk.free = 0;
  await watch.start();
  assert.deepEqual(told, ["low 0"]);
  await watch.stop();
});

Deno.test("a little more than the floor is not room again", async () => {
  const { clock, told, disk, watch } = arrange();
  disk.free = 99;
  await watch.start();
  for (const free of [100, 124, 99, 124]) {
    disk.free = free;
    await clock.pass(lookEveryMs);
  }
  assert.deepEqual(told, ["low 99"]);
  disk.free = 125;
  await clock.pass(lookEveryMs);
  assert.deepEqual(told, ["low 99", "room 125"]);
  await watch.stop();
});

Deno.test("a disk that cannot be looked at is told of once and changes nothing", async () => {
  const { clock, told, disk, watch } = arrange();
  disk.free = 99;
  await watch.start();
  disk.free = new Error("stale file handle");
  await clock.pass(5 * lookEveryMs);
  assert.equal(watch.isLow, true);
  disk.free = 99;
  await clock.pass(lookEveryMs);
  assert.deepEqual(told, [
    "low 99",
    "the free space of /var/lib/cdktr cannot be watched: stale file handle",
    "the free space of /var/lib/cdktr is watched again",
  ]);
  await watch.stop();
});

Deno.test("another floor holds from the next look on", async () => {
  const { clock, told, watch } = arrange();
  await watch.start();
  watch.floorBytes = 2_000;
  await clock.pass(lookEveryMs);
  assert.deepEqual(told, ["low 1000"]);
  await watch.stop();
});

Deno.test("a floor of 0 is never reached", async () => {
  const { told, disk, watch } = arrange({ floorBytes: 0 });
  disk.free = 0;
  await watch.start();
  assert.deepEqual(told, []);
  await watch.stop();
});

Deno.test("the space of a real disk is that which the system tells", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const told: number[] = [];
    const { watch } = arrange({
      path: directory,
      clock: systemClock,
      floorBytes: Number.MAX_SAFE_INTEGER,
      onLow: (bytes) => told.push(bytes),
      measure: freeBytes,
    });
    await watch.start();
    await watch.stop();
    const { stdout } = await new Deno.Command("df", { args: ["--output=avail", "-B1", directory] }).output();
    const available = Number(new TextDecoder().decode(stdout).trim().split("\n").at(-1));
    // Others write to the same disk meanwhile.
    assert.ok(Math.abs((told[0] ?? NaN) - available) < 2 ** 30, `${told[0]} and ${available}`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
