import assert from "node:assert/strict";
import { SpaceReserve } from "../../src/journal/reserve.ts";

const bytes = 3 * 1024 * 1024 + 17;

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(`${directory}/state.db.reserve`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function sizeOf(path: string): Promise<number | null> {
  return await Deno.stat(path).then(({ size }) => size, () => null);
}

Deno.test("the space is really taken from the disk, not only promised", async () => {
  await withPath(async (path) => {
    const reserve = new SpaceReserve(path, bytes);
    assert.equal(reserve.isGivenUp, false);
    assert.equal(await reserve.keep(), true);
    const { size, blocks, mode } = await Deno.stat(path);
    assert.equal(size, bytes);
    if (blocks !== null) assert.ok(blocks * 512 >= bytes, `${blocks} blocks`);
    if (Deno.build.os !== "windows") assert.equal((mode ?? 0) & 0o777, 0o600);
  });
});

Deno.test("what was given up is gone once, and can be kept again", async () => {
  await withPath(async (path) => {
    const reserve = new SpaceReserve(path, bytes);
    assert.equal(reserve.giveUp(), false, "there was nothing yet");
    await reserve.keep();
    assert.equal(reserve.giveUp(), true);
    assert.equal(reserve.isGivenUp, true);
    assert.equal(await sizeOf(path), null);
    assert.equal(reserve.giveUp(), false);
    assert.equal(await reserve.keep(), true);
    assert.equal(reserve.isGivenUp, false);
    assert.equal(await sizeOf(path), bytes);
  });
});

Deno.test("the file of an earlier start is used again, one of another size is made anew", async () => {
  await withPath(async (path) => {
    await new SpaceReserve(path, bytes).keep();
    const { ino } = await Deno.stat(path);
    await new SpaceReserve(path, bytes).keep();
    assert.equal((await Deno.stat(path)).ino, ino);
    await Deno.truncate(path, 5);
    assert.equal(await new SpaceReserve(path, bytes).keep(), true);
    assert.equal(await sizeOf(path), bytes);
  });
});

Deno.test("space that is given up while it is being taken is not kept", async () => {
  await withPath(async (path) => {
    const reserve = new SpaceReserve(path, 64 * 1024 * 1024);
    const keeping = reserve.keep();
    while (await sizeOf(path) === null);
    assert.equal(reserve.giveUp(), true);
    assert.equal(await keeping, false);
    assert.equal(reserve.isGivenUp, true);
    assert.equal(await sizeOf(path), null);
  });
});

Deno.test("where there is no room, nothing is kept and nothing is left behind", async () => {
  await withPath(async (path) => {
    const reserve = new SpaceReserve(path, 2 ** 52);
    assert.equal(await reserve.keep(), false);
    assert.equal(reserve.isGivenUp, true);
    assert.equal(await sizeOf(path), null);
    assert.equal(await new SpaceReserve(`${path}/of/nowhere`, bytes).keep(), false);
  });
});

Deno.test("a reserve of nothing is always kept", async () => {
  await withPath(async (path) => {
    const reserve = new SpaceReserve(path, 0);
    assert.equal(await reserve.keep(), true);
    assert.equal(reserve.giveUp(), false);
    assert.equal(await sizeOf(path), null);
  });
});
