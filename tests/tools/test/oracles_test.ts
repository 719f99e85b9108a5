import assert from "node:assert/strict";
import { oraclePaths, preparePython } from "../../../tools/test/oracles.ts";

/** A checkout whose virtual environment has a shell script for a Python: it notes its arguments and does as told. */
async function prepareWith(script: string, pinsOfCache: string | null) {
  const root = await Deno.makeTempDir();
  try {
    const { python, pythonBin } = oraclePaths(root);
    await Deno.mkdir(pythonBin, { recursive: true });
    await Deno.mkdir(`${root}/tests`);
    await Deno.writeTextFile(`${root}/tests/requirements.txt`, "pyzmq==2\n");
    const stamp = `${root}/.cache/python/.pins`;
    if (pinsOfCache !== null) await Deno.writeTextFile(stamp, pinsOfCache);
    await Deno.writeTextFile(python, `#!/bin/sh\necho "$@" >> "${root}/calls"\n${script}\n`, { mode: 0o755 });
    const readiness = await preparePython(root);
    const calls = await Deno.readTextFile(`${root}/calls`);
    return {
      readiness,
      installed: calls.includes("pip install"),
      stamp: await Deno.readTextFile(stamp).catch(() => null),
    };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("a cache made from the same pins is used as it is", async () => {
  const { readiness, installed } = await prepareWith("exit 0", "pyzmq==2\n");
  assert.equal(readiness.state, "ready");
  assert.equal(installed, false);
});

Deno.test("a cache made from other pins, or broken off, is brought up to date", async () => {
  for (const pins of ["pyzmq==1\n", null]) {
    const { readiness, installed, stamp } = await prepareWith("exit 0", pins);
    assert.equal(readiness.state, "ready");
    assert.equal(installed, true);
    assert.equal(stamp, "pyzmq==2\n");
  }
});

Deno.test("an installation that goes wrong says why, and is not taken for good the next time", async () => {
  const { readiness, stamp } = await prepareWith(`case "$*" in *install*) echo no network >&2; exit 1;; esac`, null);
  assert.ok(readiness.state === "failed");
  assert.match(readiness.reason, /no network/);
  assert.equal(stamp, null);
});
