import assert from "node:assert/strict";
import { type SpoolFiles, systemFiles } from "../../../src/agent/spool/files.ts";
import { MemoryFiles } from "./memory_files.ts";

/** What every file system of a spool does alike. */
async function withEach(check: (files: SpoolFiles, directory: string) => void): Promise<void> {
  check(new MemoryFiles(() => Date.now()), "/place");
  const directory = await Deno.makeTempDir({ prefix: "cdktr-spool-test-" });
  try {
    check(systemFiles, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (some: Uint8Array) => new TextDecoder().decode(some);

Deno.test("a file grows at its end, also when it is opened again, and can be read in parts", () =>
  withEach((files, directory) => {
    files.makeDirectory(`${directory}/a/b`);
    const path = `${directory}/a/b/log`;
    const file = files.open(path);
    file.append(bytes("one "));
    file.append(bytes("two "));
    assert.equal(file.size, 8);
    file.close();
    const again = files.open(path);
    again.append(bytes("three"));
    assert.equal(again.size, 13);
    assert.equal(files.size(path), 13);
    assert.equal(text(files.read(path, 4, 3)), "two");
    assert.equal(text(files.read(path, 8, 1000)), "three");
    again.truncate(3);
    again.append(bytes("!"));
    again.close();
    assert.equal(text(files.read(path, 0, 100)), "one!");
  }));

Deno.test("files can take each other's place, and are gone when they are removed", () =>
  withEach((files, directory) => {
    files.makeDirectory(`${directory}/a`);
    for (const name of ["old", "new"]) {
      const file = files.open(`${directory}/a/${name}`);
      file.append(bytes(name));
      file.close();
    }
    files.rename(`${directory}/a/new`, `${directory}/a/old`);
    assert.deepEqual(files.names(`${directory}/a`), ["old"]);
    assert.equal(text(files.read(`${directory}/a/old`, 0, 10)), "new");
    assert.throws(() => files.removeDirectory(`${directory}/a`));
    files.remove(`${directory}/a/old`);
    assert.throws(() => files.size(`${directory}/a/old`));
    files.removeDirectory(`${directory}/a`);
    assert.deepEqual(files.names(directory), []);
    assert.deepEqual(files.names(`${directory}/never`), []);
  }));

Deno.test("a lock keeps others out until it is released", () =>
  withEach((files, directory) => {
    files.makeDirectory(`${directory}/a`);
    const lock = files.tryLock(`${directory}/a/lock`);
    assert.ok(lock);
    assert.equal(files.tryLock(`${directory}/a/lock`), null);
    lock[Symbol.dispose]();
    const next = files.tryLock(`${directory}/a/lock`);
    assert.ok(next);
    next[Symbol.dispose]();
  }));

Deno.test({
  name: "nobody else may read what tasks wrote",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const directory = await Deno.makeTempDir({ prefix: "cdktr-spool-test-" });
    systemFiles.makeDirectory(`${directory}/spool/s1`);
    systemFiles.open(`${directory}/spool/s1/log`).close();
    const mode = async (path: string) => ((await Deno.stat(`${directory}/${path}`)).mode ?? 0) & 0o777;
    assert.deepEqual([await mode("spool"), await mode("spool/s1"), await mode("spool/s1/log")], [0o700, 0o700, 0o600]);
    await Deno.remove(directory, { recursive: true });
  },
});
