import assert from "node:assert/strict";
import { findTestGroups } from "../../../tools/test/groups.ts";
import { runTests } from "../../../tools/test/run.ts";

/** Runs one test file with the given text and hands back the totals and what was shown. */
async function run(text: string, limits: { limitMs?: number } = {}) {
  const root = await Deno.makeTempDir();
  const shown: string[] = [];
  try {
    await Deno.mkdir(`${root}/tests/room`, { recursive: true });
    await Deno.writeTextFile(`${root}/tests/room/a_test.js`, text);
    const decoder = new TextDecoder();
    const output = (bytes: Uint8Array) => void shown.push(decoder.decode(bytes, { stream: true }));
    const totals = await runTests({ root, paths: ["tests/room"], args: [], env: { NO_COLOR: "1" }, output, ...limits });
    return { ...totals, shown: shown.join("") };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("passed, failed and skipped tests are counted, and their output is shown", async () => {
  const { passed, failed, skipped, skippedNames, errors, shown } = await run(`
    Deno.test("one", () => console.log("ok | 99 passed | 0 failed (1ms)"));
    Deno.test("two", () => { throw new Error("no") });
    Deno.test.ignore("three", () => {});
  `);
  assert.deepEqual({ passed, failed, skipped, skippedNames }, {
    passed: 1,
    failed: 1,
    skipped: 1,
    skippedNames: ["three"],
  });
  assert.match(shown, /two \.\.\. FAILED/);
  const told = errors.filter((line) => /^(two =>|error:)/.test(line)).join("\n");
  assert.match(told, /^two => .*\nerror: Error: no$/);
});

Deno.test("an error outside the tests is a failure", async () => {
  const { passed, failed } = await run(`Deno.test("one", () => {}); throw new Error("no");`);
  assert.deepEqual({ passed, failed }, { passed: 0, failed: 1 });
});

Deno.test("a module that cannot be loaded is a failure", async () => {
  assert.equal((await run(`import "./nowhere.js";`)).failed, 1);
});

Deno.test("a runner that dies is a failure", async () => {
  const { passed, failed } = await run(`
    Deno.test("one", () => {});
    Deno.test("two", () => Deno.kill(Deno.pid, "SIGKILL"));
  `);
  assert.deepEqual({ passed, failed }, { passed: 0, failed: 1 });
});

Deno.test("tests that do not end are stopped at the limit and fail", async () => {
  const { failed, shown } = await run(`Deno.test("one", () => { for (;;); });`, { limitMs: 500 });
  assert.equal(failed, 1);
  assert.match(shown, /not done after/);
});

Deno.test("groups are the folders of tests that hold a test", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/tests/empty`, { recursive: true });
    await Deno.mkdir(`${root}/tests/deep/er`, { recursive: true });
    await Deno.writeTextFile(`${root}/tests/empty/peers.ts`, "");
    await Deno.writeTextFile(`${root}/tests/deep/er/a_test.ts`, "");
    await Deno.writeTextFile(`${root}/tests/loose_test.ts`, "");
    assert.deepEqual(await findTestGroups(root), ["tests/deep", "tests/loose_test.ts"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
