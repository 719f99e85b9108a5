import assert from "node:assert/strict";
import { fileWith, problemsOf, workflowOf } from "./samples.ts";

Deno.test("what concerns the principal is read: overlap, on_crash, catchup, labels, priority, log_retention", () => {
  const { overlap, onCrash, catchup, labels, priority, logRetentionMs } = workflowOf(fileWith(`overlap: replace
on_crash: retry
catchup: 1000
labels: [gpu, eu-west.1, gpu]
priority: -100
log_retention: 30d`));
  assert.deepEqual({ overlap, onCrash, catchup, labels, priority, logRetentionMs }, {
    ...{ overlap: "replace", onCrash: "retry", catchup: 1000, labels: ["gpu", "eu-west.1"], priority: -100 },
    logRetentionMs: 30 * 24 * 3_600_000,
  });
});

Deno.test("left empty, each has its default", () => {
  const fields = "params:\noverlap: ~\non_crash:\ncatchup: null\nlabels:\npriority:\nlog_retention:";
  assert.deepEqual(workflowOf(fileWith(fields)), workflowOf(fileWith("")));
});

const seventeen = Array.from({ length: 17 }, (_, index) => `l${index}`).join(", ");
const refused: readonly [field: string, problem: string][] = [
  [
    "overlap: skipp",
    '2:10: error: overlap "skipp" is not known; expected allow, skip, queue or replace. Did you mean "skip"?',
  ],
  ["overlap: [skip]", "2:10: error: overlap is a list; expected allow, skip, queue or replace."],
  ["on_crash: Retry", '2:11: error: on_crash "Retry" is not known; expected fail or retry. Did you mean "retry"?'],
  ["catchup: 1001", '2:10: error: catchup "1001" is not usable; expected a whole number from 0 to 1000.'],
  ["catchup: all", '2:10: error: catchup "all" is not usable; expected a whole number from 0 to 1000.'],
  ["priority: 1.5", '2:11: error: priority "1.5" is not usable; expected a whole number from -100 to 100.'],
  ["priority: {}", "2:11: error: priority is a mapping; expected a whole number."],
  ["labels: gpu", '2:9: error: labels is the text "gpu"; expected a list, such as ["gpu"].'],
  [
    "labels: [a b]",
    '2:10: error: labels[0] "a b" cannot be a label; expected letters, digits, _, . and -, at most 64.',
  ],
  ["labels: ['']", "2:10: error: labels[0] cannot be a label; expected letters, digits, _, . and -, at most 64."],
  [`labels: [${seventeen}]`, "2:9: error: labels has 17 labels; expected at most 16 labels."],
  ["log_retention: 0", '2:16: error: log_retention "0" is no time at all; expected a duration above zero.'],
  ["log_retention: 4000d", '2:16: error: log_retention "4000d" is too long; expected a duration of at most 3660 days.'],
];
for (const [field, problem] of refused) {
  Deno.test(`refused: ${field.slice(0, 40)}`, () => assert.deepEqual(problemsOf(fileWith(field)), [problem]));
}

Deno.test("a label of 64 characters fits, one more does not", () => {
  assert.deepEqual(workflowOf(fileWith(`labels: [${"x".repeat(64)}]`)).labels, ["x".repeat(64)]);
  assert.match(problemsOf(fileWith(`labels: [${"x".repeat(65)}]`))[0] ?? "", /is too long for a label/);
});

Deno.test("words of other tools lead to ours", () => {
  assert.deepEqual(problemsOf(fileWith("concurrency_policy: skip\nbackfill: 1\ntags: [a]\nparameters: {}")), [
    '2:1: warning: concurrency_policy is no known field and is ignored. Did you mean "overlap"?',
    '3:1: warning: backfill is no known field and is ignored. Did you mean "catchup"?',
    '4:1: warning: tags is no known field and is ignored. Did you mean "labels"?',
    '5:1: warning: parameters is no known field and is ignored. Did you mean "params"?',
  ]);
});
