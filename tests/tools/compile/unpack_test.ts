import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { attach } from "../../../tools/compile/attachment.ts";
import { comparedName } from "../../../tools/compile/compared.ts";
import { unpack } from "../../../tools/compile/unpack.ts";
import { compiledProgram } from "./compiled_program.ts";

const content = { "duckdb.node": "the binding", "libduckdb.so": "the library".repeat(1000) };

interface Scene {
  readonly from: string;
  readonly executable: string;
  readonly cache: string;
}

/** An executable's library of two small files, packed, the first beside `files.json`, the second attached; and a cache for it. */
async function withLibrary(act: (scene: Scene) => Promise<void> | void): Promise<void> {
  const directory = await Deno.makeTempDir();
  const [from, executable] = [`${directory}/library`, `${directory}/program`];
  try {
    await Deno.mkdir(from);
    const files = Object.entries(content).map(([name, text], index) => {
      const bytes = new TextEncoder().encode(text);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return {
        name,
        bytes: bytes.length,
        sha256,
        isPacked: true,
        stored: new Uint8Array(zstdCompressSync(bytes)),
        isAttached: index > 0,
      };
    });
    const entries = files.map(({ stored, isAttached, ...file }) => {
      if (!isAttached) Deno.writeFileSync(`${from}/${file.name}`, stored);
      return { ...file, attached: isAttached ? { at: 7, bytes: stored.length } : null };
    });
    await Deno.writeTextFile(`${from}/files.json`, JSON.stringify(entries));
    await Deno.writeFile(executable, compiledProgram("what Deno embeds"));
    const stored = files.filter(({ isAttached }) => isAttached).map(({ stored }) => stored);
    assert.ok(await attach(executable, await new Blob(["seven, ", ...stored]).bytes()));
    await act({ from, executable, cache: `${directory}/cache` });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Asserts that the files lie there as they should, and nothing else does but what is remembered of them. */
function assertWhole(directory: string): void {
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) => name !== comparedName);
  const found = names.map((name) => [name, Deno.readTextFileSync(`${directory}/${name}`)]);
  assert.deepEqual(Object.fromEntries(found), content);
}

Deno.test("the library is unpacked once, for its user alone", () =>
  withLibrary((scene) => {
    const directory = unpack(scene);
    assertWhole(directory);
    const before = Deno.statSync(`${directory}/libduckdb.so`);
    assert.deepEqual([(before.mode ?? 0) & 0o777, (Deno.statSync(directory).mode ?? 0) & 0o777], [0o600, 0o700]);
    assert.equal(unpack(scene), directory);
    assert.equal(Deno.statSync(`${directory}/libduckdb.so`).ino, before.ino);
  }));

Deno.test("what is cut off, changed or missing is unpacked again", () =>
  withLibrary((scene) => {
    const directory = unpack(scene);
    const path = `${directory}/libduckdb.so`;
    const damages = [
      () => Deno.truncateSync(path, 5),
      () => Deno.writeTextFileSync(path, content["libduckdb.so"].replace("l", "1")),
      () => Deno.removeSync(path),
      () => Deno.removeSync(directory, { recursive: true }),
    ];
    for (const damage of damages) {
      damage();
      assert.equal(unpack(scene), directory);
      assertWhole(directory);
    }
  }));

Deno.test("what was compared is compared again once it was changed, whatever its size and its own time say", () =>
  withLibrary(async (scene) => {
    const directory = unpack(scene);
    const path = `${directory}/libduckdb.so`;
    const settled = () => new Promise((resolve) => setTimeout(resolve, 3_100));
    const remembered = () => Deno.readTextFileSync(`${directory}/${comparedName}`);
    // A file that was just written may be written again at the same time.
    unpack(scene);
    assert.throws(remembered, Deno.errors.NotFound);
    await settled();
    unpack(scene);
    const before = remembered();
    assert.match(before, /duckdb\.node .*libduckdb\.so /);
    const { mtime } = Deno.statSync(path);
    Deno.writeTextFileSync(path, content["libduckdb.so"].replace("l", "1"));
    Deno.utimeSync(path, mtime ?? 0, mtime ?? 0);
    await settled();
    unpack(scene);
    assertWhole(directory);
    Deno.writeTextFileSync(`${directory}/${comparedName}`, "no JSON");
    unpack(scene);
    assertWhole(directory);
  }));

Deno.test("a directory that others could write to is refused, with a way out", () =>
  withLibrary((scene) => {
    Deno.chmodSync(unpack(scene), 0o770);
    assert.throws(() => unpack(scene), {
      message:
        /^its library cannot be unpacked into .*: another user of this machine could change .*duckdb-[0-9a-f]{16}$/,
    });
  }));

Deno.test("so is a cache in which others could put another directory in its place, but for one like /tmp", () =>
  withLibrary((scene) => {
    unpack(scene);
    Deno.chmodSync(scene.cache, 0o777);
    assert.throws(() => unpack(scene), { message: /another user of this machine could change .*\/cache$/ });
    Deno.chmodSync(scene.cache, 0o1777);
    assertWhole(unpack(scene));
  }));

Deno.test("what a process that was killed while unpacking left is removed by the next that unpacks", () =>
  withLibrary((scene) => {
    const directory = unpack(scene);
    Deno.writeTextFileSync(`${directory}/libduckdb.so.draft`, "half of it");
    Deno.utimeSync(`${directory}/libduckdb.so.draft`, 0, 0);
    Deno.removeSync(`${directory}/libduckdb.so`);
    assertWhole(unpack(scene));
  }));

Deno.test("where nothing can be written the reason and a way out are told", () =>
  withLibrary((scene) => {
    Deno.writeTextFileSync(scene.cache, "a file in the place of the directory");
    assert.throws(() => unpack(scene), {
      message: /cannot be unpacked into .*: Not a directory/,
    });
  }));

Deno.test("what an earlier version unpacked is removed, and nothing else in the cache", () =>
  withLibrary((scene) => {
    const names = ["duckdb-0123456789abcdef", "duckdb-of-somebody", "notes"];
    for (const name of names) Deno.mkdirSync(`${scene.cache}/${name}`, { recursive: true });
    const directory = unpack(scene);
    const left = [...Deno.readDirSync(scene.cache)].map(({ name }) => name).toSorted();
    assert.deepEqual(left, [directory.split("/").at(-1), "duckdb-of-somebody", "notes"].toSorted());
  }));
