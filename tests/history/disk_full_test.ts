import assert from "node:assert/strict";
import { withDirectory } from "./fixtures.ts";

const script = new URL("./disk_full.ts", import.meta.url).pathname;
const deno = [Deno.execPath(), "run", "-A", "--no-check", "--no-code-cache", script];

/** Runs the script by `args`, makes room when it has said that it cannot write, and returns what it said. */
async function runUntilStored(args: readonly string[], makeRoom: (pid: number) => Promise<void>): Promise<string[]> {
  const [command = "", ...rest] = args;
  const child = new Deno.Command(command, { args: rest, stdout: "piped", stderr: "inherit" }).spawn();
  const told: string[] = [];
  let hasRoom = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    told.push(...text.trim().split("\n"));
    if (hasRoom || !told.includes("WRITE_FAILED")) continue;
    hasRoom = true;
    await makeRoom(child.pid);
  }
  assert.ok((await child.status).success);
  return told;
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: [...args], stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/**
 * The disk is made full by the limit on file sizes that Linux sets per process (RLIMIT_FSIZE): beyond it a write fails
 * with EFBIG, as it fails with ENOSPC on a full disk, and no privilege is needed to set it or to lift it.
 */
Deno.test({
  name:
    "while files cannot grow rows are kept and the process lives; then all are stored, once, in order, with their marks",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await withDirectory(async (directory) => {
      const limit = `trap '' XFSZ; ulimit -S -f 2048; exec "$@"`;
      const told = await runUntilStored(["bash", "-c", limit, "bash", ...deno, `${directory}/app.db`], async (pid) => {
        assert.ok(await succeeds("prlimit", [`--pid=${pid}`, "--fsize=unlimited:unlimited"]));
      });
      assert.deepEqual(told, ["WRITE_FAILED", "RECOVERED", "stored"]);
    });
  },
});

const canMount = Deno.build.os === "linux" &&
  await succeeds("unshare", ["-rm", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/tmp"]);

Deno.test({
  name: "on a disk that is full (a small tmpfs) rows are kept; when there is room all are stored, once and in order",
  // A file system of one's own takes a user namespace, which not every machine allows.
  ignore: !canMount,
  fn: async () => {
    await withDirectory(async (directory) => {
      const mount = `mount -t tmpfs -o size=3m none "$0" && exec "$@"`;
      const args = ["unshare", "-rm", "bash", "-c", mount, directory, ...deno, `${directory}/app.db`];
      const told = await runUntilStored(args, async (pid) => {
        const remount = ["mount", "-o", "remount,size=200m", directory];
        assert.ok(await succeeds("nsenter", ["-t", String(pid), "-U", "-m", "--preserve-credentials", ...remount]));
      });
      assert.equal(told.at(-1), "stored");
      assert.equal(told[0], "WRITE_FAILED");
      assert.ok(!told.includes("SET_ASIDE") && !told.includes("ROWS_DROPPED"), told.join());
    });
  },
});
