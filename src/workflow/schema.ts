/**
 * What a workflow file may say, and what it means.
 *
 * The one source of the product's workflow types, of the JSON Schema and of the checks on single values. It reads the
 * tree that `tree.ts` makes of a file: every scalar is text exactly as written, an empty value is `null`, and the tag
 * of a `config` has become its `type`. What concerns several values at once (dependencies) is in `dependencies.ts`.
 */

import * as z from "zod";
import { crashPolicies, type CrashPolicy, type Overlap, overlaps } from "../core/mod.ts";
import { cronFault, cronForm } from "./cron.ts";
import { fileLimits } from "./limits.ts";
import { type Param, paramDeclaration, paramsSchema } from "./param.ts";
import { noRetry, retries, retryMapping } from "./retry.ts";
import { startTimeForm, startTimeMs } from "./start_time.ts";
import { suggestion } from "./suggestion.ts";
import {
  description,
  duration,
  fault,
  filledText,
  label,
  scalar,
  text,
  timeout,
  trueOrFalse,
  wholeNumber,
} from "./value.ts";
import { isTimezone } from "./wall_time.ts";

/** The id of a workflow or task. */
export const idSchema = label(fileLimits.maxIdChars);
const nameSchema = label(fileLimits.maxNameChars);

const cron = text.superRefine((value, context) => {
  const found = cronFault(value);
  if (found !== null) fault(context, found.predicate, found.expected);
});

const timezone = text.superRefine((value, context) => {
  if (isTimezone(value)) return;
  const near = suggestion(value, Intl.supportedValuesOf("timeZone")) ?? "Europe/Berlin";
  fault(context, "is not a known time zone", `a name of the IANA database such as ${near}`);
});

const startTime = text.superRefine((value, context) => {
  if (startTimeMs(value) === null) fault(context, "is not a timestamp", startTimeForm);
});

const env = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: "cannot name an environment variable: it takes letters, digits and _, and begins with no digit",
  }),
  scalar.nullable().transform((value) => value ?? ""),
).nullish();

const labels = z.array(
  z.string().superRefine((value, context) => {
    const form = `letters, digits, _, . and -, at most ${fileLimits.maxLabelChars}`;
    if (!/^[A-Za-z0-9_.-]+$/.test(value)) fault(context, "cannot be a label", form);
    else if (value.length > fileLimits.maxLabelChars) fault(context, "is too long for a label", form);
  }),
).superRefine((list, context) => {
  const count = new Set(list).size;
  if (count > fileLimits.maxLabels) fault(context, `has ${count} labels`, `at most ${fileLimits.maxLabels} labels`);
}).nullish();

const subprocess = z.strictObject({
  type: z.literal("subprocess").meta({ description: "Runs a command. Left out when the tag !Subprocess says it." }),
  cmd: filledText.meta({
    description: "The program: a name to look up in PATH, or a path. No shell is involved.",
    examples: ["python"],
  }),
  args: z.array(scalar).nullish().meta({
    description: "Arguments, one entry each. Numbers and booleans count as they are written.",
    examples: [["extract.py", "--limit", 100]],
  }),
}).meta({ title: "Subprocess", description: "Runs a command." }).transform((config) => ({
  type: config.type,
  cmd: config.cmd,
  args: config.args ?? [],
}));

const uvPython = z.strictObject({
  type: z.literal("uv_python").meta({
    description: "Runs a Python script through uv. Left out when the tag !UvPython says it.",
  }),
  script_path: filledText.meta({
    description: "The script, relative to working_directory.",
    examples: ["scripts/report.py"],
  }),
  packages: z.array(filledText).nullish().meta({
    description: "Packages for the script, each as uv takes it, such as pandas>=2.3. Ignored for a uv project.",
    examples: [["pandas>=2.3.1", "numpy"]],
  }),
  is_uv_project: trueOrFalse.meta({
    description:
      "Whether the script brings its dependencies itself: a uv project, or inline metadata (PEP 723). By default no.",
    examples: [true],
  }),
  uv_path: filledText.nullish().meta({
    description: "The uv program; by default uv is looked up in PATH.",
    examples: ["/opt/uv/bin/uv"],
  }),
  working_directory: filledText.nullish().meta({
    description: "Where the script runs; by default where the agent runs.",
    examples: ["/srv/reports"],
  }),
}).meta({ title: "UvPython", description: "Runs a Python script, its dependencies managed by uv." })
  .transform((config) => ({
    type: config.type,
    scriptPath: config.script_path,
    packages: config.packages ?? [],
    isUvProject: config.is_uv_project ?? false,
    uvPath: config.uv_path ?? null,
    workingDirectory: config.working_directory ?? null,
  }));

const task = z.strictObject({
  name: nameSchema.meta({
    description: "A name for people, shown in logs and in the terminal UI.",
    examples: ["Load the orders"],
  }),
  description,
  depends: z.array(z.string()).nullish().meta({
    description: "Ids of the tasks that must succeed before this one starts.",
    examples: [["extract"]],
  }),
  env: env.meta({
    description: "Environment variables of this task, over those of the workflow.",
    examples: [{ THREADS: 4 }],
  }),
  timeout: timeout.meta({
    description:
      "How long one try may take: seconds, or a duration such as 15m, at most 366 days. By default as long as it needs.",
    examples: ["15m"],
  }),
  retries: retries.meta({
    description: "How often a failed task is tried again, as a number or with pauses; by default as the workflow says.",
    examples: [3, { max: 6, delay: "5s" }],
  }),
  config: z.discriminatedUnion("type", [subprocess, uvPython]).meta({ description: "What to run." }),
}).meta({ description: "One unit of work." });

/** What the fields say that concern the principal, and the parameters, where a file is silent about them. */
export const workflowDefaults: {
  readonly params: Readonly<Record<string, Param>>;
  readonly overlap: Overlap;
  readonly onCrash: CrashPolicy;
  readonly catchup: number;
  readonly labels: readonly string[];
  readonly priority: number;
  readonly logRetentionMs: number | null;
} = { params: {}, overlap: "allow", onCrash: "fail", catchup: 0, labels: [], priority: 0, logRetentionMs: null };

/** The mapping of a workflow file, and what it means. */
export const fileSchema = z.strictObject({
  name: nameSchema.meta({
    description: "A name for people, shown in lists and in the terminal UI.",
    examples: ["Daily report"],
  }),
  description,
  cron: cron.nullish().meta({
    description: `When to run: ${cronForm}. Left out when only people and events start it.`,
    examples: ["0 2 * * *", "0 0 2 * * *", "@daily"],
  }),
  timezone: timezone.nullish().meta({
    description: "The time zone that cron speaks of, by its IANA name.",
    default: "UTC",
    examples: ["Europe/Berlin"],
  }),
  start_time: startTime.nullish().meta({
    description: "The schedule does not fire before this instant (RFC 3339, with seconds and offset).",
    examples: ["2025-01-20T02:00:00+00:00"],
  }),
  env: env.meta({ description: "Environment variables of all tasks.", examples: [{ STAGE: "production" }] }),
  timeout: timeout.meta({
    description:
      "How long a whole run may take: seconds, or a duration such as 1h30m, at most 366 days. By default as long as it needs.",
    examples: ["2h"],
  }),
  retries: retries.meta({
    description:
      "How often a failed task is tried again, as a number or with pauses, unless the task says otherwise. By default never.",
    examples: [2, { max: 6, delay: "5s", exit_codes: [28] }],
  }),
  params: paramsSchema.meta({
    description:
      `What a run can be given, by name: at most ${fileLimits.maxParams}. Without it a run takes any parameters, unchecked.`,
    examples: [{ day: { type: "date" } }],
  }),
  overlap: z.enum(overlaps).nullish().meta({
    description:
      "What becomes of a trigger while another run has not ended: start as well, skip it, queue it, or replace that run.",
    default: workflowDefaults.overlap,
    examples: ["queue"],
  }),
  on_crash: z.enum(crashPolicies).nullish().meta({
    description: "What becomes of a run whose agent was lost: it fails, or is run again from its unfinished tasks.",
    default: workflowDefaults.onCrash,
    examples: ["retry"],
  }),
  catchup: wholeNumber(0, fileLimits.maxCatchup).nullish().meta({
    description: "How many due times that were missed are made up: the newest so many, oldest first.",
    default: workflowDefaults.catchup,
    examples: [3],
  }),
  labels: labels.meta({
    description:
      `Labels that an agent must have to get a run: at most ${fileLimits.maxLabels}, each of letters, digits, _, . and -, at most ${fileLimits.maxLabelChars}.`,
    examples: [["gpu", "eu"]],
  }),
  priority: wholeNumber(-fileLimits.maxPriority, fileLimits.maxPriority).nullish().meta({
    description: "Of the runs that wait, those with a higher number go first.",
    default: workflowDefaults.priority,
    examples: [10],
  }),
  log_retention: duration({ maxMs: fileLimits.maxLogRetentionMs }).nullish().meta({
    description:
      "How long log lines are kept: seconds, or a duration such as 30d, at most ten years; by default as the principal is set.",
    examples: ["90d"],
  }),
  tasks: z.record(idSchema, task).superRefine((tasks, context) => {
    const count = Object.keys(tasks).length;
    if (count === 0) fault(context, "has no task", "at least one task");
    if (count > fileLimits.maxTasks) fault(context, `has ${count} tasks`, `at most ${fileLimits.maxTasks} tasks`);
  }).meta({
    description: `The tasks by id, at most ${fileLimits.maxTasks}; the ids are what depends refers to.`,
    minProperties: 1,
  }),
}).superRefine(({ cron, params }, context) => {
  for (const [name, { required }] of Object.entries(cron && params ? params : {})) {
    if (!required) continue;
    fault(context, "is required, and a schedule gives no parameters", "a default for it, or no cron", ["params", name]);
  }
}).transform((file) => ({
  name: file.name,
  description: file.description ?? null,
  cron: file.cron?.trim() ?? null,
  timezone: file.timezone ?? "UTC",
  startTime: file.start_time ?? null,
  env: file.env ?? {},
  timeoutMs: file.timeout ?? null,
  params: file.params ?? workflowDefaults.params,
  overlap: file.overlap ?? workflowDefaults.overlap,
  onCrash: file.on_crash ?? workflowDefaults.onCrash,
  catchup: file.catchup ?? workflowDefaults.catchup,
  labels: [...new Set(file.labels)],
  priority: file.priority ?? workflowDefaults.priority,
  logRetentionMs: file.log_retention ?? workflowDefaults.logRetentionMs,
  tasks: Object.entries(file.tasks).map(([id, { name, description, depends, env, timeout, retries, config }]) => ({
    id,
    name,
    description: description ?? null,
    depends: [...new Set(depends)],
    env: env ?? {},
    timeoutMs: timeout ?? null,
    retry: retries ?? file.retries ?? noRetry,
    config,
  })),
}));

/** Fields of each mapping of a workflow file, for suggestions. */
export const knownFields = {
  workflow: Object.keys(fileSchema.in.shape),
  task: Object.keys(task.shape),
  subprocess: Object.keys(subprocess.in.shape),
  uv_python: Object.keys(uvPython.in.shape),
  param: Object.keys(paramDeclaration.in.shape),
  retries: Object.keys(retryMapping.in.shape),
} as const;

/** Makes every level of a plain value read-only. */
type DeepReadonly<T> = T extends readonly (infer Item)[] ? readonly DeepReadonly<Item>[]
  : T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
  : T;

/** A workflow as its file defines it, without what follows from the place of the file. */
export type WorkflowDefinition = DeepReadonly<z.output<typeof fileSchema>>;

/** A workflow: plain JSON, journalled and sent to agents as it is. */
export type Workflow =
  & {
    /** Path below the workflow directory without extension, joined with dots: `etl.daily`. */
    readonly id: string;
    /** The workflow directory as configured, `/`, and the path below it. */
    readonly path: string;
  }
  & WorkflowDefinition;

/** A node of a workflow's graph. */
export type Task = Workflow["tasks"][number];

/** What a task runs. */
export type TaskConfig = Task["config"];
