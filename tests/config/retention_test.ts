import assert from "node:assert/strict";
import { formatRetention, parseRetention } from "../../src/config/retention.ts";

Deno.test("a retention is an age, a size, both, or forever", () => {
  const dayMs = 86_400_000;
  const cases = [
    ["30d", { ageMs: 30 * dayMs, bytes: null }],
    ["12h", { ageMs: dayMs / 2, bytes: null }],
    ["20GiB", { ageMs: null, bytes: 20 * 2 ** 30 }],
    ["30d, 500MiB", { ageMs: 30 * dayMs, bytes: 500 * 2 ** 20 }],
    ["forever", { ageMs: null, bytes: null }],
  ] as const;
  for (const [text, expected] of cases) assert.deepEqual(parseRetention(text), expected, text);
});

Deno.test("anything else is refused", () => {
  for (const text of ["", "30", "0d", "d", "-1d", "30d,20d", "1.5d", "30 d", "20GB", "forever,30d", "30d,"]) {
    assert.equal(parseRetention(text), null, text);
  }
});

Deno.test("a retention is shown as it may be written", () => {
  for (const text of ["30d", "12h", "20GiB", "30d,500MiB", "forever"]) {
    const limit = parseRetention(text);
    assert.ok(limit !== null);
    assert.equal(formatRetention(limit), text);
  }
});
