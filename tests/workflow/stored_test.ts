import assert from "node:assert/strict";
import { CdktrError } from "../../src/core/mod.ts";
import { validatePath } from "../../src/workflow/load.ts";
import { workflowFromJson } from "../../src/workflow/stored.ts";
import { graphFile, smallFile, workflowOf } from "./samples.ts";

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

Deno.test("a stored workflow that cannot be run is refused", () => {
  const { tasks, ...rest } = workflowOf(graphFile({ a: [], b: ["a"] }));
  assert.throws(() => workflowFromJson({ ...rest, tasks: [...tasks, ...tasks] }), /have the same id/);
  assert.throws(() => workflowFromJson({ ...rest, tasks: tasks.slice(1) }), /"b" depends on "a", which does not exist/);
  const ring = tasks.map((task) => ({ ...task, depends: [task.id === "a" ? "b" : "a"] }));
  assert.throws(() => workflowFromJson({ ...rest, tasks: ring }), /wait for each other: a -> b -> a/);
});
