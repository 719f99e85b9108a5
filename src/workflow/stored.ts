/** Workflows read back from where they were stored or sent as JSON. */

import * as z from "zod";
import { CdktrError, crashPolicies, overlaps } from "../core/mod.ts";
import { topologicalOrder } from "./dag.ts";
import { fileLimits } from "./limits.ts";
import type { Param } from "./param.ts";
import { paramTypes } from "./param_value.ts";
import { pathText } from "./problem.ts";
import { noRetry } from "./retry.ts";
import { idSchema, type Workflow, workflowDefaults } from "./schema.ts";

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

const retry = z.strictObject({
  max: z.int().min(0),
  delayMs: z.int().min(0),
  factor: z.number().min(1),
  maxDelayMs: z.int().min(0),
  jitter: z.number().min(0).max(1),
  exitCodes: z.array(z.int()).nullable(),
});

const param: z.ZodType<Param> = z.strictObject({
  type: z.enum(paramTypes),
  description: z.string().nullable(),
  required: z.boolean(),
  default: z.string().nullable(),
  choices: z.array(z.string()).nullable(),
  pattern: z.string().nullable(),
  min: z.string().nullable(),
  max: z.string().nullable(),
});

const task = z.strictObject({
  id: idSchema,
  name: z.string(),
  description: z.string().nullable(),
  depends: z.array(z.string()),
  env,
  timeoutMs,
  retry: retry.optional(),
  /** What cdktr 0.1.0 stored in the place of `retry`. */
  retries: z.int().min(0).optional(),
  config,
}).transform(({ retry, retries, ...task }) => ({ ...task, retry: retry ?? { ...noRetry, max: retries ?? 0 } }));

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
  // cdktr 0.1.0 stored nothing of these.
  params: z.record(z.string(), param).default(workflowDefaults.params),
  overlap: z.enum(overlaps).default(workflowDefaults.overlap),
  onCrash: z.enum(crashPolicies).default(workflowDefaults.onCrash),
  catchup: z.int().min(0).default(workflowDefaults.catchup),
  labels: z.array(z.string()).default([...workflowDefaults.labels]),
  priority: z.int().default(workflowDefaults.priority),
  logRetentionMs: z.int().positive().nullable().default(workflowDefaults.logRetentionMs),
  tasks: z.array(task).min(1).max(fileLimits.maxTasks),
});

/**
 * Reads a workflow from its JSON value, strictly: each field must be there, and no other. Fields that an earlier version
 * did not have get their defaults.
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
