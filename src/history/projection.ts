/**
 * The journal as rows for users' queries: every decision, and every version of a run and of a task as decisions made it.
 * The principal makes the rows; here is their shape.
 */
import * as z from "zod";
import type { RunStatusRow, TaskStatusRow } from "./rows.ts";

/** Any number, NaN too: what a column cannot hold is stored as the nearest value it can, rather than hold up the rest. */
const number = z.custom<number>((value) => typeof value === "number");

/** What a {@linkcode DecisionRow} must look like. */
export const decisionRowSchema = z.object({
  /** The event's place in the journal. */
  seq: number,
  /** Unix milliseconds, as are all times here. */
  atMs: number,
  type: z.string(),
  runId: z.string().nullable(),
  workflowId: z.string().nullable(),
  attempt: number.nullable(),
  taskId: z.string().nullable(),
  state: z.string().nullable(),
  agentId: z.string().nullable(),
  /** Why, as a sentence. */
  reason: z.string().nullable(),
  /** The whole event as JSON. */
  detail: z.string(),
});

/** A decision: one event of the journal. */
export type DecisionRow = z.infer<typeof decisionRowSchema>;

/** What a {@linkcode RunVersionRow} must look like. */
export const runVersionRowSchema = z.object({
  /** The place in the journal of the event that made this version. */
  seq: number,
  runId: z.string(),
  workflowId: z.string(),
  workflowName: z.string(),
  definitionHash: z.string(),
  triggerKind: z.string(),
  /** A JSON object. */
  params: z.string(),
  idempotencyKey: z.string().nullable(),
  state: z.string(),
  attempt: number,
  priority: number,
  agentId: z.string().nullable(),
  session: z.string().nullable(),
  reason: z.string().nullable(),
  triggeredMs: number,
  assignedMs: number.nullable(),
  startedMs: number.nullable(),
  finishedMs: number.nullable(),
});

/** A run as it stood after a decision. */
export type RunVersionRow = z.infer<typeof runVersionRowSchema>;

/** What a {@linkcode TaskVersionRow} must look like. */
export const taskVersionRowSchema = z.object({
  /** The place in the journal of the event that made this version. */
  seq: number,
  runId: z.string(),
  attempt: number,
  taskId: z.string(),
  taskRunId: z.string(),
  tryNumber: number,
  state: z.string(),
  startedMs: number.nullable(),
  finishedMs: number.nullable(),
  exitCode: number.nullable(),
  reason: z.string().nullable(),
  /** A JSON object, or null. */
  outputs: z.string().nullable(),
});

/** A task of an attempt as it stood after a decision. */
export type TaskVersionRow = z.infer<typeof taskVersionRowSchema>;

/** What a stretch of the journal means for the history. */
export interface ProjectionPage {
  /** The place in the journal up to which this page goes. */
  seq: number;
  runStatuses: readonly RunStatusRow[];
  taskStatuses: readonly TaskStatusRow[];
  decisions: readonly DecisionRow[];
  runs: readonly RunVersionRow[];
  tasks: readonly TaskVersionRow[];
}
