import assert from "node:assert/strict";
import { formatTotals, isRoutine, parseIgnored, parseSummary, settle, sum } from "../../../tools/test/totals.ts";

Deno.test("the summary line of deno test is read in all its forms", () => {
  assert.deepEqual(parseSummary("ok | 4 passed | 0 failed (20ms)"), { passed: 4, failed: 0, skipped: 0 });
  assert.deepEqual(
    parseSummary("FAILED | 4 passed (1 step) | 3 failed (2 steps) | 1 ignored (1 step) | 5 filtered out (1m2s)"),
    {
      passed: 4,
      failed: 3,
      skipped: 2,
    },
  );
  assert.deepEqual(parseSummary("ok | 0 passed | 0 failed | 5 filtered out (3ms)"), {
    passed: 0,
    failed: 0,
    skipped: 0,
  });
  assert.deepEqual(
    parseSummary("\x1b[0m\x1b[32mok\x1b[0m | 1 passed | 0 failed | 2 ignored \x1b[0m\x1b[38;5;245m(3ms)\x1b[0m"),
    {
      passed: 1,
      failed: 0,
      skipped: 2,
    },
  );
});

Deno.test("no other line is taken for a summary", () => {
  assert.equal(parseSummary("a test prints ok | 4 passed | 0 failed (20ms)"), null);
  assert.equal(parseSummary("ok one ... ok (3ms)"), null);
});

Deno.test("ignored tests and steps are named", () => {
  assert.equal(parseIgnored("REQ with pyzmq (no Python) ... ignored (0ms)"), "REQ with pyzmq (no Python)");
  assert.equal(parseIgnored("  step ... \x1b[33mignored\x1b[0m (0ms)"), "step");
  assert.equal(parseIgnored("ignored things ... ok (0ms)"), null);
});

Deno.test("what passed is routine; what failed, hangs or is printed is not", () => {
  for (const line of ["a ... ok (1ms)", "  step ... \x1b[32mok\x1b[0m (1ms)", "running 2 tests from ./a_test.ts"]) {
    assert.equal(isRoutine(line), true, line);
  }
  for (const line of ["a ... FAILED (1ms)", "a ...", "------- output -------", "ok | 4 passed | 0 failed (20ms)"]) {
    assert.equal(isRoutine(line), false, line);
  }
});

Deno.test("a runner that ends badly without naming a failure is one failure", () => {
  assert.deepEqual(settle(null, 139), { passed: 0, failed: 1, skipped: 0 });
  assert.deepEqual(settle(null, 0), { passed: 0, failed: 1, skipped: 0 });
  assert.deepEqual(settle({ passed: 3, failed: 0, skipped: 1 }, 1), { passed: 3, failed: 1, skipped: 1 });
  assert.deepEqual(settle({ passed: 3, failed: 2, skipped: 0 }, 1), { passed: 3, failed: 2, skipped: 0 });
  assert.deepEqual(settle({ passed: 3, failed: 0, skipped: 0 }, 0), { passed: 3, failed: 0, skipped: 0 });
});

Deno.test("totals add up and read as one line", () => {
  const totals = sum([{ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 3, skipped: 1 }]);
  assert.equal(formatTotals(totals), "3 passed, 3 failed, 1 skipped");
  assert.equal(formatTotals({ passed: 7, failed: 0, skipped: 0 }), "7 passed, 0 failed");
  assert.deepEqual(sum([]), { passed: 0, failed: 0, skipped: 0 });
});
