/**
 * How runs and events are read back from disk and wire: everything is checked before it is trusted. Not part of mod.ts: these
 * schemas take longer to make than all the rest of this room, and few need them.
 */
import * as z from "zod";
import type { Event } from "./event.ts";
import {
  crashPolicies,
  type Definition,
  finalRunStates,
  overlaps,
  type Run,
  runStates,
  type TaskRun,
  taskStates,
  triggerKinds,
} from "./run.ts";
import type { Snapshot } from "./state.ts";

const text = z.string();
const timeMs = z.number();
const textOrNull = z.string().nullable();
const timeMsOrNull = z.number().nullable();
const params = z.record(z.string(), z.string());
/** Absent in what was written before there were outputs; so are the other fields below that have a default. */
const outputs = z.record(text, text).nullable().default(null);
const dueMs = timeMsOrNull.default(null);
const policy = {
  priority: z.int().default(0),
  overlap: z.enum(overlaps).default("allow"),
  onCrash: z.enum(crashPolicies).default("fail"),
};
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
  outputs,
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
  dueMs,
  requires: z.array(text),
  ...policy,
  state: z.enum(runStates),
  agentId: textOrNull,
  session: textOrNull,
  instanceId: textOrNull,
  cancelReason: textOrNull,
  cancelTasks: z.array(text).default([]),
  paused: z.boolean().default(false),
  crashRetries: z.int().nonnegative().default(0),
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

const scheduleText = { cron: text, timezone: text, startTime: textOrNull };
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
    dueMs,
    requires: z.array(text),
    ...policy,
    reason: text,
  }),
  z.object({
    type: z.literal("trigger_skipped"),
    ...ofEvent,
    workflowId: text,
    trigger: z.enum(triggerKinds),
    idempotencyKey: textOrNull,
    dueMs,
    blockingRunId: text,
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
  z.object({
    type: z.literal("run_requeued"),
    ...ofEvent,
    ...ofRun,
    cause: z.enum(["crash", "retry"]),
    kept: z.array(text),
    restored: z.object({ run: runSchema, tasks: z.array(taskRunSchema) }).nullable(),
    reason: text,
  }),
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
    outputs,
  }),
  z.object({ type: z.literal("cancel_requested"), ...ofEvent, runId: text, reason: text }),
  z.object({ type: z.literal("task_cancel_requested"), ...ofEvent, runId: text, taskId: text, reason: text }),
  z.object({ type: z.literal("run_paused"), ...ofEvent, runId: text, reason: text }),
  z.object({ type: z.literal("run_resumed"), ...ofEvent, runId: text, reason: text }),
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
  z.object({
    type: z.literal("schedule_noted"),
    ...ofEvent,
    workflowId: text,
    schedule: z.object(scheduleText).nullable(),
    reason: text,
  }),
  z.object({ type: z.literal("principal_started"), ...ofEvent, version: text }),
  z.object({ type: z.literal("principal_stopped"), ...ofEvent }),
  z.object({
    type: z.literal("agent_joined"),
    ...ofEvent,
    agentId: text,
    session: textOrNull,
    version: textOrNull,
    slots: z.int().nullable(),
    offers: z.array(text),
  }),
  z.object({ type: z.literal("agent_left"), ...ofEvent, agentId: text, session: textOrNull, reason: text }),
]);

/** Reads a {@linkcode Snapshot}. */
export const snapshotSchema: z.ZodType<Snapshot> = z.object({
  runs: z.array(runSchema),
  tasks: z.array(taskRunSchema),
  runsOfWorkflows: z.array(z.tuple([text, z.array(text)])),
  schedules: z.array(z.object({ ...scheduleText, workflowId: text, watermarkMs: timeMs })),
  definitions: z.array(definitionSchema),
  newestHashes: z.array(z.tuple([text, text])),
  keys: z.array(z.tuple([text, text, timeMs, z.boolean()])),
});
