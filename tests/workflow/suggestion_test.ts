import assert from "node:assert/strict";
import { didYouMean, suggestion } from "../../src/workflow/suggestion.ts";

const fields = ["name", "cron", "timezone", "depends", "cmd", "env"];
const cases: [word: string, candidates: string[], meant: string | null][] = [
  ["depnds", fields, "depends"],
  ["Timezone", fields, "timezone"],
  ["tz", fields, "timezone"],
  ["needs", fields, "depends"],
  ["cm", fields, null],
  ["evn", fields, null],
  ["en", fields, null],
  ["nane", fields, "name"],
  ["b", ["a", "c"], null],
  ["a1", ["a", "a2"], null],
  ["A", ["a", "c"], "a"],
  ["extract_all", ["a", "extrat_all"], "extrat_all"],
  ["x".repeat(65), fields, null],
];
for (const [word, candidates, meant] of cases) {
  Deno.test(`of ${candidates.join(", ")} ${meant ?? "none"} is meant by ${word.slice(0, 20)}`, () => {
    assert.equal(suggestion(word, candidates), meant);
  });
}

Deno.test("a suggestion is a sentence with its blank, none is nothing", () => {
  assert.equal(didYouMean("depnds", fields), ' Did you mean "depends"?');
  assert.equal(didYouMean("b", ["a"]), "");
});
