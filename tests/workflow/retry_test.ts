import assert from "node:assert/strict";
import { noRetry } from "../../src/workflow/retry.ts";
import { fileWith, problemsOf, workflowOf } from "./samples.ts";

const retryOf = (field: string) => workflowOf(fileWith(field)).tasks[0]?.retry;

Deno.test("retries as a number takes the usual pauses", () => {
  assert.deepEqual(retryOf("retries: 4"), { ...noRetry, max: 4 });
  assert.deepEqual(retryOf(""), noRetry);
});

Deno.test("retries as a mapping says which pauses, and after which exit codes", () => {
  assert.deepEqual(
    retryOf("retries: {max: 5, delay: 500ms, factor: 1.5, max_delay: 1m, jitter: 0.2, exit_codes: [75, 1, 75]}"),
    { max: 5, delayMs: 500, factor: 1.5, maxDelayMs: 60_000, jitter: 0.2, exitCodes: [75, 1] },
  );
  assert.deepEqual(retryOf("retries: {max: 1, delay: 0}"), { ...noRetry, max: 1, delayMs: 0 });
});

Deno.test("a pause longer than the usual limit is not cut by it", () => {
  assert.deepEqual(retryOf("retries: {max: 1, delay: 5m}"), {
    ...{ ...noRetry, max: 1 },
    ...{ delayMs: 300_000, maxDelayMs: 300_000 },
  });
});

Deno.test("what a task says of retries takes the place of all that the workflow says", () => {
  const { tasks } = workflowOf(`name: n
retries: {max: 9, delay: 1h, exit_codes: [75]}
tasks:
  as_workflow: {name: a, config: {type: subprocess, cmd: x}}
  own: {name: b, retries: {max: 2}, config: {type: subprocess, cmd: x}}
  never: {name: c, retries: 0, config: {type: subprocess, cmd: x}}
`);
  assert.deepEqual(tasks.map(({ retry }) => [retry.max, retry.delayMs, retry.exitCodes]), [
    [9, 3_600_000, [75]],
    [2, 1_000, null],
    [0, 1_000, null],
  ]);
});

const refused: readonly [field: string, problem: string][] = [
  ["retries: many", '2:10: error: retries "many" is not usable; expected a whole number from 0 to 1000.'],
  ["retries: 1001", '2:10: error: retries "1001" is not usable; expected a whole number from 0 to 1000.'],
  ["retries: [1]", "2:10: error: retries is a list; expected a whole number, or a mapping with max."],
  ["retries: {}", "2:1: error: retries.max is missing; expected a whole number."],
  ["retries: {max: -1}", '2:16: error: retries.max "-1" is not usable; expected a whole number from 0 to 1000.'],
  [
    "retries: {max: 1, delay: soon}",
    '2:26: error: retries.delay "soon" is not a duration; expected seconds as a number, or a duration such as 90s, 15m, 1h30m or 1d.',
  ],
  [
    "retries: {max: 1, factor: 0.5}",
    '2:27: error: retries.factor "0.5" is not usable; expected a number from 1 to 100.',
  ],
  ["retries: {max: 1, jitter: 2}", '2:27: error: retries.jitter "2" is not usable; expected a number from 0 to 1.'],
  [
    "retries: {max: 1, delay: 5m, max_delay: 60}",
    '2:41: error: retries.max_delay "60" is shorter than delay; expected a duration of at least 300s.',
  ],
  [
    "retries: {max: 1, exit_codes: []}",
    "2:31: error: retries.exit_codes has no exit code; expected at least one exit code.",
  ],
  [
    "retries: {max: 1, exit_codes: [1, 256]}",
    '2:35: error: retries.exit_codes[1] "256" is not usable; expected a whole number from 1 to 255.',
  ],
  [
    "retries: {max: 1, exit_codes: 75}",
    '2:31: error: retries.exit_codes is the text "75"; expected a list, such as ["75"].',
  ],
];
for (const [field, problem] of refused) {
  Deno.test(`refused: ${field}`, () => assert.deepEqual(problemsOf(fileWith(field)), [problem]));
}

Deno.test("an unknown field of retries is a warning that suggests the right one", () => {
  assert.deepEqual(problemsOf(fileWith("retries: {max: 1, dely: 5s, backoff: 2}")), [
    '2:19: warning: retries.dely is no known field and is ignored. Did you mean "delay"?',
    '2:29: warning: retries.backoff is no known field and is ignored. Did you mean "factor"?',
  ]);
  const inTask = fileWith("").replace("name: o,", "name: o, retries: {max: 1, attempts: 2},");
  assert.deepEqual(problemsOf(inTask), [
    '3:43: warning: tasks.only.retries.attempts is no known field and is ignored. Did you mean "max"?',
  ]);
});
