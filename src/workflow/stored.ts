/** Workflows read back from where they were stored or sent as JSON. */

import { z } from "zod";
import { CdktrError } from "../core/mod.ts";
import { topologicalOrder } from "./dag.ts";
import { fileLimits } from "./limits.ts";
import { pathText } from "./problem.ts";
import { idSchema, type Workflow } from "./schema.ts";

const env = z.record(z.string(), z.string());
const timeoutMs = z.int().positive().nullable();

const config = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("subprocess"), cmd: z.string().min(1), args: z.array(z.string()) }),
  z.strictObject({
    type: z.literal("uv_python"),
    scriptPath: z.string().min(1),
    packages: z.array(z.string()),
    isUvProject: z.boolean(),
    uvPath: z.string().nullable(),
    workingDirectory: z.string().nullable(),
  }),
]);

/** The type annotation makes the compiler compare it with what files give. */
const storedWorkflow: z.ZodType<Workflow> = z.strictObject({
  id: idSchema,
  path: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  cron: z.string().nullable(),
  timezone: z.string(),
  startTime: z.string().nullable(),
  env,
  timeoutMs,
  tasks: z.array(z.strictObject({
    id: idSchema,
    name: z.string(),
    description: z.string().nullable(),
    depends: z.array(z.string()),
    env,
    timeoutMs,
    retries: z.int().min(0),
    config,
  })).min(1).max(fileLimits.maxTasks),
});

/**
 * Reads a workflow from its JSON value, strictly: each field must be there, and no other.
 *
 * @throws {CdktrError} INVALID_WORKFLOW, naming the field, when it is none, when two tasks share an id, or when its
 * tasks cannot be put in order.
 */
export function workflowFromJson(value: unknown): Workflow {
  const result = storedWorkflow.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${pathText(issue.path)}`;
    throw new CdktrError("INVALID_WORKFLOW", `The stored workflow cannot be read${where}: ${issue?.message ?? ""}.`, {
      hint: "It was written by another version of cdktr, or damaged.",
      cause: result.error,
    });
  }
  const workflow = result.data;
  const ids = new Set(workflow.tasks.map((task) => task.id));
  if (ids.size < workflow.tasks.length) {
    throw new CdktrError("INVALID_WORKFLOW", `Two tasks of the stored workflow "${workflow.id}" have the same id.`);
  }
  topologicalOrder(workflow.tasks);
  return workflow;
}
