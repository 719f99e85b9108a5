import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { validatePath } from "../../src/workflow/load.ts";
import { noRetry } from "../../src/workflow/retry.ts";
import { workflowDefaults } from "../../src/workflow/schema.ts";
import { workflowFromJson } from "../../src/workflow/stored.ts";
import { fileWith, graphFile, smallFile, workflowOf } from "./samples.ts";

const isInvalid = (error: unknown) => error instanceof CdktrError && error.code === "INVALID_WORKFLOW";

Deno.test("every shipped workflow survives being stored as JSON", async () => {
  for (const { workflow } of await validatePath(new URL("../../workflows", import.meta.url).pathname)) {
    assert.deepEqual(workflowFromJson(JSON.parse(JSON.stringify(workflow))), workflow);
  }
});

Deno.test("a stored workflow with a field too few, too many or of the wrong kind is refused, naming it", () => {
  const workflow = workflowOf(smallFile("x"));
  const { name: _, ...nameless } = workflow;
  assert.throws(() => workflowFromJson(nameless), /cannot be read at name/);
  assert.throws(() => workflowFromJson({ ...workflow, extra: 1 }), isInvalid);
  assert.throws(() => workflowFromJson({ ...workflow, timeoutMs: "1s" }), /at timeoutMs/);
  assert.throws(() => workflowFromJson({ ...workflow, tasks: [] }), /at tasks/);
  assert.throws(() => workflowFromJson(null), isInvalid);
});

Deno.test("what a file can say beyond the original survives being stored", () => {
  const workflow = workflowOf(fileWith(`
retries: {max: 3, delay: 5s, factor: 1.5, max_delay: 1m, jitter: 0.25, exit_codes: [75]}
overlap: queue
on_crash: retry
catchup: 12
labels: [gpu]
priority: -3
log_retention: 30d
params: {day: {type: date, min: 2020-01-01, default: 2026-03-01}, mode: {choices: [a, b], pattern: "[ab]"}}`));
  assert.deepEqual(workflowFromJson(JSON.parse(JSON.stringify(workflow))), workflow);
});

Deno.test("what version 0.1.0 stored is read, and means what it meant", () => {
  const task = { name: "A", description: null, env: {}, timeoutMs: null };
  const config = { type: "subprocess", cmd: "echo", args: ["1"] };
  const stored = {
    ...{ id: "etl.daily", path: "workflows/etl/daily.yml", name: "Daily", description: null },
    ...{ cron: "@daily", timezone: "UTC", startTime: null, env: { A: "1" }, timeoutMs: 1_000 },
    tasks: [
      { id: "a", ...task, depends: [], retries: 3, config },
      { id: "b", ...task, depends: ["a"], retries: 0, config },
    ],
  };
  const workflow = workflowFromJson(stored);
  assert.deepEqual(workflow, {
    ...stored,
    ...workflowDefaults,
    tasks: [
      { id: "a", ...task, depends: [], retry: { ...noRetry, max: 3 }, config },
      { id: "b", ...task, depends: ["a"], retry: noRetry, config },
    ],
  });
  assert.deepEqual(workflowFromJson(JSON.parse(JSON.stringify(workflow))), workflow);
});

Deno.test("a stored workflow that cannot be run is refused", () => {
  const { tasks, ...rest } = workflowOf(graphFile({ a: [], b: ["a"] }));
  assert.throws(() => workflowFromJson({ ...rest, tasks: [...tasks, ...tasks] }), /have the same id/);
  assert.throws(() => workflowFromJson({ ...rest, tasks: tasks.slice(1) }), /"b" depends on "a", which does not exist/);
  const ring = tasks.map((task) => ({ ...task, depends: [task.id === "a" ? "b" : "a"] }));
  assert.throws(() => workflowFromJson({ ...rest, tasks: ring }), /wait for each other: a -> b -> a/);
});
