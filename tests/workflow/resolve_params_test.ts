import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import { fileLimits } from "../../src/workflow/limits.ts";
import { resolveParams } from "../../src/workflow/resolve_params.ts";
import type { Workflow } from "../../src/workflow/schema.ts";
import { fileWith, workflowOf } from "./samples.ts";

const declaring = (params: string): Workflow => workflowOf(fileWith(`params:\n${params}`));

const report = declaring(`  day: {type: date, required: true, min: 2020-01-01, max: 2029-12-31}
  limit: {type: integer, default: 100, min: -5, max: 1000}
  rate: {type: number, min: 0.5, choices: [0.5, 1, 20]}
  dry: {type: boolean}
  mode: {choices: [full, fast], default: full}
  table: {pattern: "[a-z]+(_[a-z]+)*"}
`);

function problemOf(workflow: Workflow, given: Record<string, string>): CdktrError {
  try {
    resolveParams(workflow, given);
  } catch (error) {
    assert.ok(error instanceof CdktrError);
    assert.equal(error.code, "INVALID_PARAMETERS");
    return error;
  }
  assert.fail("nothing was refused");
}

Deno.test("what is not given has its default, and without one is not there", () => {
  assert.deepEqual(resolveParams(report, { day: "2026-03-01" }), { day: "2026-03-01", limit: "100", mode: "full" });
});

Deno.test("what is given is checked and comes in one form", () => {
  const given = { day: "2024-02-29", limit: "-005", rate: "2e1", dry: "True", mode: "fast", table: "a_b" };
  assert.deepEqual(resolveParams(report, given), { ...given, limit: "-5", dry: "true" });
});

Deno.test("a workflow that declares nothing takes anything", () => {
  const given = { anything: " at all", __proto__: "x" };
  assert.deepEqual(resolveParams(workflowOf(fileWith("")), given), given);
});

Deno.test("everything that is wrong is said in one sentence, with what is declared", () => {
  const error = problemOf(report, { dey: "2026-03-01", limit: "many", mode: "slow", constructor: "1" });
  assert.equal(
    error.message,
    '"w" cannot run with these parameters: "dey" is not declared (did you mean "day"?); "constructor" is not declared; ' +
      'day is missing; limit "many" is no whole number (expected a whole number of at most 15 digits); ' +
      'mode "slow" is no choice (expected full or fast).',
  );
  assert.equal(
    error.hint,
    'It takes day (date, required), limit (integer, by default "100"), rate (number), dry (boolean), ' +
      'mode (string, by default "full"), table (string).',
  );
});

const refused: readonly [name: string, value: string, why: string][] = [
  ["day", "2026-02-29", "is no date (expected a date as YYYY-MM-DD, such as 2026-03-01)"],
  ["day", "2026-13-01", "is no date (expected a date as YYYY-MM-DD, such as 2026-03-01)"],
  ["day", "01.03.2026", "is no date (expected a date as YYYY-MM-DD, such as 2026-03-01)"],
  ["day", "2019-12-31", "is too small (expected at least 2020-01-01)"],
  ["day", "2030-01-01", "is too large (expected at most 2029-12-31)"],
  ["limit", "", "is no whole number (expected a whole number of at most 15 digits)"],
  ["limit", "1e2", "is no whole number (expected a whole number of at most 15 digits)"],
  ["limit", "1234567890123456", "is no whole number (expected a whole number of at most 15 digits)"],
  ["limit", "-6", "is too small (expected at least -5)"],
  ["limit", "1001", "is too large (expected at most 1000)"],
  ["rate", "NaN", "is no number (expected a number such as 2, 0.5 or 1e-3)"],
  ["rate", "1e999", "is no number (expected a number such as 2, 0.5 or 1e-3)"],
  ["rate", "2", "is no choice (expected 0.5, 1 or 20)"],
  ["dry", "yes", "is neither true nor false (expected true or false)"],
  ["table", "a__b", "does not match (expected the pattern [a-z]+(_[a-z]+)*)"],
  ["table", "a\n", "does not match (expected the pattern [a-z]+(_[a-z]+)*)"],
];
for (const [name, value, why] of refused) {
  Deno.test(`refused as a value: ${name}=${value}`, () => {
    const { message } = problemOf(report, { day: "2026-03-01", [name]: value });
    assert.equal(message, `"w" cannot run with these parameters: ${name} ${JSON.stringify(value)} ${why}.`);
  });
}

Deno.test("values have limits, a narrower one where a pattern is matched", () => {
  const workflow = declaring('  long: {}\n  matched: {pattern: ".*"}');
  const { maxParamChars, maxMatchedChars } = fileLimits;
  const fitting = { long: "x".repeat(maxParamChars), matched: "x".repeat(maxMatchedChars) };
  assert.deepEqual(resolveParams(workflow, fitting), fitting);
  const { message } = problemOf(workflow, { long: `${fitting.long}x`, matched: `${fitting.matched}x` });
  assert.match(
    message,
    /long ".*…" has 32769 characters \(expected at most 32768\); matched ".*…" has 4097 characters/,
  );
  assert.match(problemOf(workflow, { long: "a\0b" }).message, /cannot go to a process/);
});

/** Values that are near to right often enough. */
const value = fc.oneof(
  fc.string(),
  fc.constantFrom("full", "fast", "true", "FALSE", "a_b", "20", "0.5", "+1", "-0", "2026-03-01", "2024-02-29"),
  fc.integer().map(String),
  fc.double().map(String),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) =>
    date.toISOString().slice(0, 10)
  ),
);
const given = fc.dictionary(fc.constantFrom("day", "limit", "rate", "dry", "mode", "table", "other"), value);

Deno.test("what comes out is declared, complete, and stays as it is when it is resolved again", () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.oneof(given, given.map((some) => ({ day: "2026-03-01", ...some }))), (given) => {
      let resolved: Record<string, string>;
      try {
        resolved = resolveParams(report, given);
      } catch (error) {
        assert.ok(error instanceof CdktrError && error.code === "INVALID_PARAMETERS");
        return;
      }
      accepted += 1;
      assert.deepEqual(resolveParams(report, resolved), resolved);
      assert.deepEqual(
        new Set(Object.keys(resolved)),
        new Set([...Object.keys(given), "day", "limit", "mode"]),
      );
      assert.match(resolved["day"] ?? "", /^202\d-\d\d-\d\d$/);
      const limit = Number(resolved["limit"]);
      assert.ok(Number.isInteger(limit) && limit >= -5 && limit <= 1000 && String(limit) === resolved["limit"]);
      assert.ok(["full", "fast"].includes(resolved["mode"] ?? ""));
      assert.ok([undefined, "true", "false"].includes(resolved["dry"]));
      assert.ok(
        [undefined, 0.5, 1, 20].includes(resolved["rate"] === undefined ? undefined : Number(resolved["rate"])),
      );
    }),
    { numRuns: 3_000 },
  );
  assert.ok(accepted > 100, `${accepted} of the cases were accepted`);
});
