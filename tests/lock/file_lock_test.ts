import assert from "node:assert/strict";
import { tryLockFile } from "../../src/lock/mod.ts";

const modulePath = new URL("../../src/lock/mod.ts", import.meta.url).href;

async function withDirectory(act: (directory: string) => Promise<void> | void): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await act(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Starts a process that takes the lock, says what it got, and keeps it until it is killed. */
function spawnHolder(path: string) {
  const program = `import { tryLockFile } from "${modulePath}";
    const lock = tryLockFile(${JSON.stringify(path)});
    console.log(lock === null ? "refused" : "held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "-"],
    stdin: "piped",
    stdout: "piped",
  })
    .spawn();
  const writer = child.stdin.getWriter();
  void writer.write(new TextEncoder().encode(program)).then(() => writer.close());
  return child;
}

async function firstLine(child: Deno.ChildProcess): Promise<string> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return value.trim();
}

Deno.test("a lock is held once, until it is given up; its file holds nothing and nobody else may read it", () =>
  withDirectory((directory) => {
    const path = `${directory}/lock`;
    {
      using lock = tryLockFile(path);
      assert.equal(lock?.path, path);
      assert.equal(tryLockFile(path), null);
      assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["lock"]);
      const { size, mode } = Deno.statSync(path);
      assert.deepEqual([size, (mode ?? 0) & 0o777], [0, 0o600]);
    }
    using again = tryLockFile(path);
    assert.notEqual(again, null);
  }));

Deno.test("another process is refused; when the one that has it is killed, it is free", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/lock`;
    const holder = spawnHolder(path);
    assert.equal(await firstLine(holder), "held");
    assert.equal(tryLockFile(path), null);
    const other = spawnHolder(path);
    assert.equal(await firstLine(other), "refused");
    for (const child of [other, holder]) {
      child.kill("SIGKILL");
      await child.status;
    }
    using lock = tryLockFile(path);
    assert.notEqual(lock, null);
  }));

Deno.test("where no file can be made, the system's reason is told", () =>
  withDirectory((directory) => {
    assert.throws(() => tryLockFile(`${directory}/missing/lock`), Deno.errors.NotFound);
  }));
