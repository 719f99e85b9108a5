/** The Python client: each file of its tests, with a step for each test in it. */
import assert from "node:assert/strict";
import { findPythonClient, pytestFiles, runPytest } from "./pytest_run.ts";

const { python, missing } = await findPythonClient();
const isCi = Deno.env.get("CI") === "true";

for (const file of pytestFiles()) {
  Deno.test({
    name: missing === null || isCi ? `python/tests/${file}` : `python/tests/${file} (skipped: ${missing})`,
    ignore: missing !== null && !isCi,
    fn: async (t) => {
      assert.equal(missing, null);
      const { verdicts, exitCode, output } = await runPytest(python, file);
      for (const { name, outcome, reason } of verdicts) {
        await t.step({
          name: outcome === "SKIPPED" ? `${name} (skipped: ${reason})` : name,
          ignore: outcome === "SKIPPED",
          fn: () => assert.ok(outcome === "PASSED", `${outcome}; the output of pytest is with ${file}`),
        });
      }
      assert.equal(exitCode, 0, output);
      assert.ok(verdicts.length > 0, output);
    },
  });
}
