import assert from "node:assert/strict";
import { openHistory, withDirectory } from "./fixtures.ts";

/**
 * The disk is made full by the limit on file sizes that Linux sets per process (RLIMIT_FSIZE): beyond it a write fails
 * with EFBIG, as it fails with ENOSPC on a full disk, and no privilege is needed to set it or to lift it.
 */
const limitKib = 2_048;

Deno.test({
  name: "while the disk is full rows are kept and the process lives; when it is not, all are stored, once and in order",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await withDirectory(async (directory) => {
      const path = `${directory}/app.db`;
      const script = new URL("./disk_full.ts", import.meta.url).pathname;
      const command = `trap '' XFSZ; ulimit -S -f ${limitKib}; exec "$@"`;
      const child = new Deno.Command("bash", {
        args: ["-c", command, "bash", Deno.execPath(), "run", "-A", "--no-check", "--no-code-cache", script, path],
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      let isLifted = false;
      const told: string[] = [];
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        told.push(...text.trim().split("\n"));
        if (isLifted || !told.includes("WRITE_FAILED")) continue;
        isLifted = true;
        const args = [`--pid=${child.pid}`, "--fsize=unlimited:unlimited"];
        assert.ok((await new Deno.Command("prlimit", { args }).output()).success);
      }
      assert.ok((await child.status).success);
      assert.deepEqual(told, ["WRITE_FAILED", "RECOVERED", "flushed"]);
      await using history = await openHistory({ path });
      let next = 0;
      for await (const part of history.streamLogs({ limit: 1_000_000 })) {
        for (const row of part) assert.ok(row.payload.startsWith(`${next++} `), `${row.payload} is not number ${next}`);
      }
      assert.equal(next, 60_000);
    });
  },
});
