/** How runs and events are read back from disk and wire: everything is checked before it is trusted. */
import { z } from "zod";
import type { Event } from "./event.ts";
import { type Definition, finalRunStates, type Run, runStates, type TaskRun, taskStates, triggerKinds } from "./run.ts";
import type { Snapshot } from "./state.ts";

const text = z.string();
const timeMs = z.number();
const textOrNull = z.string().nullable();
const timeMsOrNull = z.number().nullable();
const params = z.record(z.string(), z.string());
const ofRun = { runId: text, attempt: z.int().nonnegative() };

/** Reads a {@linkcode TaskRun}. */
export const taskRunSchema: z.ZodType<TaskRun> = z.object({
  ...ofRun,
  taskId: text,
  taskRunId: text,
  state: z.enum(taskStates),
  tryNumber: z.int().positive(),
  startedAtMs: timeMsOrNull,
  finishedAtMs: timeMsOrNull,
  exitCode: z.int().nullable(),
  reason: textOrNull,
});

/** Reads a {@linkcode Run}. */
export const runSchema: z.ZodType<Run> = z.object({
  ...ofRun,
  workflowId: text,
  workflowName: text,
  definitionHash: text,
  trigger: z.enum(triggerKinds),
  params,
  idempotencyKey: textOrNull,
  requires: z.array(text),
  state: z.enum(runStates),
  agentId: textOrNull,
  session: textOrNull,
  instanceId: textOrNull,
  cancelReason: textOrNull,
  reason: textOrNull,
  triggeredAtMs: timeMs,
  assignedAtMs: timeMsOrNull,
  startedAtMs: timeMsOrNull,
  finishedAtMs: timeMsOrNull,
});

/** Reads a {@linkcode Definition}. */
export const definitionSchema: z.ZodType<Definition> = z.object({
  hash: text,
  workflowId: text,
  workflowName: text,
  body: text,
});

const ofEvent = { atMs: timeMs };

/** Reads an {@linkcode Event}. */
export const eventSchema: z.ZodType<Event> = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("definition_stored"),
    ...ofEvent,
    hash: text,
    workflowId: text,
    workflowName: text,
    body: text,
  }),
  z.object({
    type: z.literal("run_triggered"),
    ...ofEvent,
    runId: text,
    workflowId: text,
    definitionHash: text,
    trigger: z.enum(triggerKinds),
    params,
    idempotencyKey: textOrNull,
    requires: z.array(text),
    reason: text,
  }),
  z.object({
    type: z.literal("run_assigned"),
    ...ofEvent,
    ...ofRun,
    agentId: text,
    session: textOrNull,
    reason: text,
  }),
  z.object({ type: z.literal("run_returned"), ...ofEvent, ...ofRun, reason: text }),
  z.object({ type: z.literal("run_started"), ...ofEvent, ...ofRun, instanceId: textOrNull }),
  z.object({
    type: z.literal("task_changed"),
    ...ofEvent,
    ...ofRun,
    taskId: text,
    taskRunId: text,
    tryNumber: z.int().positive(),
    state: z.enum(taskStates),
    happenedAtMs: timeMs,
    exitCode: z.int().nullable(),
    reason: textOrNull,
  }),
  z.object({ type: z.literal("cancel_requested"), ...ofEvent, runId: text, reason: text }),
  z.object({
    type: z.literal("run_finished"),
    ...ofEvent,
    ...ofRun,
    state: z.enum(finalRunStates),
    reason: textOrNull,
  }),
  z.object({
    type: z.literal("report_ignored"),
    ...ofEvent,
    ...ofRun,
    agentId: text,
    report: text,
    reason: text,
  }),
]);

/** Reads a {@linkcode Snapshot}. */
export const snapshotSchema: z.ZodType<Snapshot> = z.object({
  runs: z.array(runSchema),
  tasks: z.array(taskRunSchema),
  queue: z.array(text),
  definitions: z.array(definitionSchema),
  newestHashes: z.array(z.tuple([text, text])),
  keys: z.array(z.tuple([text, text, timeMs])),
});
