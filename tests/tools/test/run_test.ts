import assert from "node:assert/strict";
import { findTestGroups } from "../../../tools/test/groups.ts";
import { runFailedAgain, runTests, type TestRun } from "../../../tools/test/run.ts";

/** Runs one test file with the given text, in CI's way if `again`, and hands back the totals and what was shown. */
async function run(text: string, { again = false, ...limits }: { limitMs?: number; again?: boolean } = {}) {
  const root = await Deno.makeTempDir();
  const shown: string[] = [];
  try {
    await Deno.mkdir(`${root}/tests/room`, { recursive: true });
    await Deno.writeTextFile(`${root}/tests/room/a_test.js`, text);
    const decoder = new TextDecoder();
    const output = (bytes: Uint8Array) => void shown.push(decoder.decode(bytes, { stream: true }));
    const options = { root, paths: ["tests/room"], args: [], env: { NO_COLOR: "1" }, output, ...limits };
    const totals: TestRun = await runTests(options);
    const second = again ? await runFailedAgain(totals, options) : { totals, unsteady: [] };
    return { ...totals, ...second.totals, unsteady: second.unsteady, shown: shown.join("") };
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

Deno.test("a test that fails and then passes by itself counts as passed, and is named", async () => {
  const { passed, failed, unsteady } = await run(
    `
    const isSecond = () => {
      try { Deno.mkdirSync("seen"); return false; } catch { return true; }
    };
    Deno.test("a (strange) name / here ... and there", async (t) => {
      await t.step("a step", () => { if (!isSecond()) throw new Error("no"); });
    });
    Deno.test("another", () => {});
  `,
    { again: true },
  );
  assert.deepEqual({ passed, failed }, { passed: 2, failed: 0 });
  assert.deepEqual(unsteady, ["a (strange) name / here"]);
});

Deno.test("a test that fails twice is a failure, and so is a file", async () => {
  const lasting = await run(`Deno.test("one", () => { throw new Error("no") }); Deno.test("two", () => {});`, {
    again: true,
  });
  assert.deepEqual([lasting.passed, lasting.failed, lasting.unsteady], [1, 1, []]);
  const file = await run(`Deno.test("one", () => {}); throw new Error("no");`, { again: true });
  assert.deepEqual([file.passed, file.failed, file.unsteady], [0, 1, []]);
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
