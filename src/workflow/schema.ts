/**
 * What a workflow file may say, and what it means.
 *
 * The one source of the product's workflow types, of the JSON Schema and of the checks on single values. It reads the
 * tree that `tree.ts` makes of a file: every scalar is text exactly as written, an empty value is `null`, and the tag
 * of a `config` has become its `type`. What concerns several values at once (dependencies) is in `dependencies.ts`.
 */

import { z } from "zod";
import { cronFault, cronForm } from "./cron.ts";
import { durationForm, durationMs } from "./duration.ts";
import { fileLimits } from "./limits.ts";
import { suggestion } from "./suggestion.ts";
import { startTimeForm, startTimeMs } from "./start_time.ts";
import { isTimezone } from "./wall_time.ts";

/** A value of the schema that is wrong: how the sentence about it goes on, and what was expected instead. */
function fault(context: z.core.$RefinementCtx, predicate: string, expected: string): void {
  context.addIssue({ code: "custom", message: predicate, params: { expected } });
}

/** Text that can go to a process: the operating system ends it at a NUL, and half a character has no encoding. */
const text = z.string().superRefine((value, context) => {
  if (value.includes("\0")) fault(context, "contains a NUL character", "text without NUL");
  if (!value.isWellFormed()) fault(context, "contains half of a surrogate pair", "text made of whole characters");
});

const filledText = text.min(1);

/** Text where YAML's numbers, booleans and nulls are welcome too; they count as they are written. */
const scalar = text.meta({ type: ["string", "number", "boolean", "null"] });

/** Ids and names go over the wire between separators that are control characters, and into terminals. */
function label(maxChars: number) {
  return z.string().min(1).max(maxChars).superRefine((value, context) => {
    if (/\p{Cc}/u.test(value)) fault(context, "contains a control character", "text without control characters");
    if (value !== "" && value.trim() === "") fault(context, "is blank", "text with at least one visible character");
    if (!value.isWellFormed()) fault(context, "contains half of a surrogate pair", "text made of whole characters");
  });
}

/** The id of a workflow or task. */
export const idSchema = label(fileLimits.maxIdChars);
const nameSchema = label(fileLimits.maxNameChars);

const description = text.nullish().meta({ description: "What it does and why it exists." });

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

const timeout = z.string().meta({ type: ["number", "string"], examples: [90, "90s", "15m", "1h30m"] })
  .transform((value, context) => {
    const milliseconds = durationMs(value);
    if (milliseconds === null) fault(context, "is not a duration", durationForm);
    else if (milliseconds === 0) fault(context, "is no time at all", "a duration above zero");
    else if (milliseconds > fileLimits.maxTimeoutMs) fault(context, "is too long", "a duration of at most 366 days");
    return milliseconds ?? z.NEVER;
  }).nullish();

const retries = z.string().meta({ type: "integer", minimum: 0, maximum: fileLimits.maxRetries })
  .transform((value, context) => {
    const isAllowed = /^\d{1,9}$/.test(value) && Number(value) <= fileLimits.maxRetries;
    if (!isAllowed) fault(context, "is not usable", `a whole number from 0 to ${fileLimits.maxRetries}`);
    return Number(value);
  }).nullish();

const trueOrFalse = z.preprocess(
  (value) =>
    value === "true" || value === "True" || value === "TRUE"
      ? true
      : value === "false" || value === "False" || value === "FALSE"
      ? false
      : value,
  z.boolean().nullish(),
);

const subprocess = z.strictObject({
  type: z.literal("subprocess").meta({ description: "Runs a command. Left out when the tag !Subprocess says it." }),
  cmd: filledText.meta({ description: "The program: a name to look up in PATH, or a path. No shell is involved." }),
  args: z.array(scalar).nullish().meta({
    description: "Arguments, one entry each. Numbers and booleans count as they are written.",
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
  script_path: filledText.meta({ description: "The script, relative to working_directory." }),
  packages: z.array(filledText).nullish().meta({
    description: "Packages for the script, each as uv takes it, such as pandas>=2.3. Ignored for a uv project.",
  }),
  is_uv_project: trueOrFalse.meta({
    description:
      "Whether the script brings its dependencies itself: a uv project, or inline metadata (PEP 723). By default no.",
  }),
  uv_path: filledText.nullish().meta({ description: "The uv program; by default uv is looked up in PATH." }),
  working_directory: filledText.nullish().meta({
    description: "Where the script runs; by default where the agent runs.",
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
  name: nameSchema.meta({ description: "A name for people, shown in logs and in the terminal UI." }),
  description,
  depends: z.array(z.string()).nullish().meta({
    description: "Ids of the tasks that must succeed before this one starts.",
  }),
  env: env.meta({ description: "Environment variables of this task, over those of the workflow." }),
  timeout: timeout.meta({ description: "How long one try may take: seconds, or a duration such as 15m." }),
  retries: retries.meta({ description: "How often a failed task is tried again; by default as the workflow says." }),
  config: z.discriminatedUnion("type", [subprocess, uvPython]).meta({ description: "What to run." }),
}).meta({ description: "One unit of work." });

/** The mapping of a workflow file, and what it means. */
export const fileSchema = z.strictObject({
  name: nameSchema.meta({ description: "A name for people, shown in lists and in the terminal UI." }),
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
  env: env.meta({ description: "Environment variables of all tasks." }),
  timeout: timeout.meta({ description: "How long a whole run may take: seconds, or a duration such as 1h30m." }),
  retries: retries.meta({
    description: "How often a failed task is tried again, unless the task says otherwise. By default never.",
  }),
  tasks: z.record(idSchema, task).superRefine((tasks, context) => {
    const count = Object.keys(tasks).length;
    if (count === 0) fault(context, "has no task", "at least one task");
    if (count > fileLimits.maxTasks) fault(context, `has ${count} tasks`, `at most ${fileLimits.maxTasks} tasks`);
  }).meta({ description: "The tasks by id; the ids are what depends refers to.", minProperties: 1 }),
}).transform((file) => ({
  name: file.name,
  description: file.description ?? null,
  cron: file.cron?.trim() ?? null,
  timezone: file.timezone ?? "UTC",
  startTime: file.start_time ?? null,
  env: file.env ?? {},
  timeoutMs: file.timeout ?? null,
  tasks: Object.entries(file.tasks).map(([id, { name, description, depends, env, timeout, retries, config }]) => ({
    id,
    name,
    description: description ?? null,
    depends: [...new Set(depends)],
    env: env ?? {},
    timeoutMs: timeout ?? null,
    retries: retries ?? file.retries ?? 0,
    config,
  })),
}));

/** Fields of each mapping of a workflow file, for suggestions. */
export const knownFields = {
  workflow: Object.keys(fileSchema.in.shape),
  task: Object.keys(task.shape),
  subprocess: Object.keys(subprocess.in.shape),
  uv_python: Object.keys(uvPython.in.shape),
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
