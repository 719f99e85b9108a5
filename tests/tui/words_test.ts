import assert from "node:assert/strict";
import { fuzzyScore } from "../../src/tui/fuzzy.ts";
import { filterText, readFilter } from "../../src/tui/run_filter.ts";
import { scheduleInWords } from "../../src/tui/schedule_words.ts";
import { briefSpan } from "../../src/tui/words.ts";

const schedules: readonly [cron: string, words: string][] = [
  ["0 2 * * *", "each day at 02:00"],
  ["0 6 * * 1-5", "Monday to Friday at 06:00"],
  ["30 6,18 * * *", "each day at 06:30, 18:30"],
  ["0 0 2 * * *", "each day at 02:00"],
  ["*/15 * * * *", "every 15 min"],
  ["*/20 * * * * *", "every 20 s"],
  ["0 * * * *", "each hour"],
  ["5 * * * *", "each hour, 5 min past"],
  ["0 */4 * * *", "every 4 hours"],
  ["0 3 1 * *", "on the 1st of each month at 03:00"],
  ["0 3 * * SUN", "each Sunday at 03:00"],
  ["0 3 * * 1,3,5", "Monday, Wednesday, Friday at 03:00"],
  ["@daily", "each day at 00:00"],
  ["1-5 2 * 3 *", "1-5 2 * 3 *"],
  ["0 2 1 * 1", "0 2 1 * 1"],
];

for (const [cron, words] of schedules) {
  Deno.test(`a schedule in words: ${cron}`, () => assert.equal(scheduleInWords({ cron, timezone: "UTC" }), words));
}

Deno.test("a schedule names its time zone when it is not UTC", () => {
  assert.equal(scheduleInWords({ cron: "0 2 * * *", timezone: "Europe/Berlin" }), "each day at 02:00 Europe/Berlin");
  assert.equal(scheduleInWords({ cron: null, timezone: "UTC" }), "no schedule");
});

Deno.test("a filter of runs: states, groups of states, workflow, trigger, time, and words", () => {
  assert.deepEqual(readFilter("state:failed,run workflow:etl trigger:cron since:2h warehouse"), {
    states: ["FAILED", "RUNNING"],
    workflowId: "etl",
    triggers: ["cron"],
    withinMs: 7_200_000,
    words: "warehouse",
    problem: null,
  });
  assert.deepEqual(readFilter("state:bad").states, ["FAILED", "CRASHED", "CANCELLED"]);
});

Deno.test("what is wrong with a filter is said; what is half typed is not wrong", () => {
  assert.match(readFilter("state:nonsense").problem ?? "", /is none of pending/);
  assert.match(readFilter("since:soon").problem ?? "", /no duration/);
  assert.equal(readFilter("state:").problem, null);
});

Deno.test("a filter is written as it would be typed", () => {
  assert.equal(filterText({ states: ["FAILED"], workflowId: "etl" }), "state:failed workflow:etl");
  assert.equal(filterText({}), "");
});

Deno.test("letters name what holds them in their order, beginnings of words first", () => {
  const best = (typed: string, ...texts: string[]) =>
    texts.map((text) => ({ text, score: fuzzyScore(typed, text) ?? -Infinity })).sort((a, b) => b.score - a.score)[0]
      ?.text;
  assert.equal(fuzzyScore("xyz", "cancel"), null);
  assert.equal(best("rfh", "go to Runs, refresh", "retry from here"), "retry from here");
  assert.equal(best("ca", "vacation", "cancel"), "cancel");
});

Deno.test("spans in few columns", () => {
  const spans = [0, 999, 1000, 59_999, 61_000, 3_660_000, 90_000_000, -5];
  assert.deepEqual(spans.map(briefSpan), ["0ms", "999ms", "1.0s", "59.9s", "1m01s", "1h01m", "1d01h", "0ms"]);
});

Deno.test("an expression that is the name of something every object has is told as it is", () => {
  assert.equal(scheduleInWords({ cron: "constructor", timezone: "UTC" }), "constructor");
});
