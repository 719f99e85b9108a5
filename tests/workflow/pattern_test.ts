import assert from "node:assert/strict";
import fc from "fast-check";
import { CdktrError } from "../../src/core/mod.ts";
import { fileLimits } from "../../src/workflow/limits.ts";
import { Pattern } from "../../src/workflow/pattern.ts";

const table: readonly [pattern: string, matching: readonly string[], others: readonly string[]][] = [
  ["[a-z]+", ["a", "abc"], ["", "aB", "abc "]],
  ["", [""], ["a"]],
  ["a|bc|", ["a", "bc", ""], ["b", "abc"]],
  ["\\d{4}-\\d{2}", ["2026-03"], ["2026-3", "x2026-03", "2026-03\n"]],
  ["(?:a|b){2,3}", ["ab", "bab"], ["a", "abab"]],
  ["(?<word>\\w+)(,\\w+)*", ["a", "a,b,c"], ["a,", ",a"]],
  ["^a?b$", ["ab", "b"], ["a", "abb"]],
  ["a^b|c$d", [], ["ab", "cd"]],
  ["x{0}y", ["y"], ["xy"]],
  ["a{2,}", ["aa", "aaaaa"], ["a"]],
  ["a*?b+?c??", ["b", "aabbc"], ["a"]],
  [".", ["x", "é", "😀"], ["", "\n", "xy"]],
  ["[^\\]a-c\\d]", ["x", "-"], ["]", "b", "5"]],
  ["\\u{1F600}|\\uD83D\\uDE01|\\x41|\\.", ["😀", "😁", "A", "."], ["B"]],
  ["\\p{Lu}\\P{Lu}", ["Éa"], ["éA"]],
  ["((a)*)*b", ["b", "aab"], ["a"]],
  ["(){9}(|a){3}", ["", "aaa"], ["aaaa"]],
];
for (const [pattern, matching, others] of table) {
  Deno.test(`the whole value must match ${JSON.stringify(pattern)}`, () => {
    const compiled = new Pattern(pattern);
    for (const value of matching) assert.ok(compiled.matches(value), value);
    for (const value of others) assert.ok(!compiled.matches(value), value);
  });
}

const refused: readonly [pattern: string, why: RegExp][] = [
  ["(a", /unterminated group/],
  ["a**", /nothing to repeat/],
  ["(?=a)b", /looking around/],
  ["(?<!a)b", /looking around/],
  ["(a)\\1", /\\1 cannot be used here/],
  ["\\bword", /\\b cannot be used here/],
  ["(a{1000}){1000}", /more than 2000 steps/],
  ["x".repeat(fileLimits.maxMatchedChars + 1), /more than 4096 characters/],
];
for (const [pattern, why] of refused) {
  Deno.test(`refused as a pattern: ${pattern.slice(0, 30)}`, () => {
    assert.throws(() => new Pattern(pattern), (error) => error instanceof CdktrError && why.test(error.message));
  });
}

Deno.test("patterns that keep other matchers busy for hours are matched at once", () => {
  const value = `${"a".repeat(fileLimits.maxMatchedChars - 1)}b`;
  const beganMs = performance.now();
  for (const pattern of ["(a+)+", "(a|a)*", "(a*)*", "(a|aa)+", ".*.*.*.*=", "(?:a?){500}", "(){1000000000}"]) {
    assert.ok(!new Pattern(pattern).matches(value), pattern);
  }
  const tookMs = performance.now() - beganMs;
  assert.ok(tookMs < 10_000, `took ${tookMs} ms`);
});

/** Patterns that JavaScript's matcher can judge in no time, over three letters. */
const anyPattern = fc.letrec<{ pattern: string; part: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: "small" },
    fc.array(tie("part"), { maxLength: 3 }).map((parts) => parts.join("")),
    fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => `${left}|${right}`),
  ),
  part: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("a", "b", "[ab]", "[^a]", ".", "\\w", "^", "$"),
    fc.tuple(tie("pattern"), fc.constantFrom("", "*", "+", "?", "{2}", "{1,2}", "{0,1}?", "{2,}")).map(
      ([inner, times]) => `(${inner})${times}`,
    ),
  ),
})).pattern;

Deno.test("a pattern means what it means to JavaScript", () => {
  const value = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  fc.assert(
    fc.property(
      anyPattern.filter((pattern) => pattern.length < 40),
      fc.array(value, { maxLength: 10 }),
      (pattern, values) => {
        const compiled = new Pattern(pattern);
        const theirs = new RegExp(`^(?:${pattern})$`, "u");
        for (const value of values) assert.equal(compiled.matches(value), theirs.test(value), `${pattern} on ${value}`);
      },
    ),
    { numRuns: 2_000 },
  );
});
