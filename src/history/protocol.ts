/**
 * What the main thread and the worker say to each other. Both ends parse what they receive.
 *
 * Writing: `rows` as often as needed, each answered by `accepted` (the next one may follow), then `commit`, answered by
 * `committed` or `failed`. One batch at a time; their numbers grow for as long as the database lives. Asking: `query`, answered by one or more `part`s, each but the last
 * fetched with `more`, or by `queryFailed`. `cancel` ends a query at any point, unanswered.
 */
import * as z from "zod";
import { chunkSchema } from "./chunk.ts";
import { failureSchema } from "./failure.ts";
import { markColumnsSchema, storedMarksSchema } from "./marks.ts";
import { retainedSchema, retentionPolicySchema } from "./retention.ts";
import { runStatuses, runStatusRowSchema, storedLogFilterSchema, taskStatusRowSchema } from "./rows.ts";
import { sqlColumnSchema, type SqlValue } from "./sql_answer.ts";

/** The path that stands for a database in memory. */
export const inMemory = ":memory:";

const querySchema = z.discriminatedUnion("name", [
  z.object({
    name: z.literal("logs"),
    filter: storedLogFilterSchema,
    horizon: z.int(),
    maxTextBytes: z.int(),
    wantsCursor: z.boolean(),
  }),
  z.object({ name: z.literal("retain"), policy: retentionPolicySchema }),
  z.object({ name: z.literal("sql"), text: z.string(), maxRows: z.int() }),
  z.object({ name: z.literal("sqlParquet"), text: z.string() }),
  z.object({ name: z.literal("recentStatuses"), limit: z.int().min(0) }),
  z.object({ name: z.literal("runStatuses"), runId: z.string(), limit: z.int().min(0) }),
  z.object({ name: z.literal("taskStatuses"), runId: z.string(), limit: z.int().min(0) }),
  z.object({ name: z.literal("counts") }),
]);

/** A question to the database. */
export type Query = z.output<typeof querySchema>;

const databaseSettingsSchema = z.object({
  memoryLimitMb: z.int().min(1),
  threads: z.int().min(1),
  checkpointThresholdMb: z.int().min(1),
  closingLogKb: z.int().min(0),
  temporaryLimitMb: z.int().min(0),
  archiveDirectory: z.string().nullable(),
});

/** How much of the machine DuckDB may take. */
export type DatabaseSettings = z.infer<typeof databaseSettingsSchema>;

/** What the main thread tells the worker. */
export const requestSchema = z.discriminatedUnion("type", [
  /** Before all others; a second one is of no effect. */
  z.object({
    type: z.literal("load"),
    /** Where the executable unpacks DuckDB's library; null where it stands already. */
    libraryCache: z.string().nullable(),
  }),
  z.object({
    type: z.literal("open"),
    path: z.string(),
    settings: databaseSettingsSchema,
    nowMs: z.number(),
    /** Why the file must be set aside even if it opens. */
    condemned: z.string().optional(),
  }),
  z.object({ type: z.literal("rows"), batch: z.int(), chunk: chunkSchema }),
  z.object({
    type: z.literal("commit"),
    batch: z.int(),
    /** How many chunks it has. */
    chunks: z.int(),
    /** Those of the rows; the worker adds its own, the number of the batch. */
    marks: markColumnsSchema,
    nowMs: z.number(),
  }),
  z.object({ type: z.literal("query"), id: z.int(), query: querySchema }),
  z.object({ type: z.literal("more"), id: z.int() }),
  z.object({ type: z.literal("cancel"), id: z.int() }),
  z.object({ type: z.literal("close") }),
]);

/** What the main thread tells the worker. */
export type Request = z.output<typeof requestSchema>;

const partSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("logs"), chunk: chunkSchema }),
  z.object({ kind: z.literal("logsEnd"), cursor: z.string().nullable(), mayHaveMore: z.boolean() }),
  z.object({ kind: z.literal("retained"), retained: retainedSchema }),
  z.object({ kind: z.literal("sqlColumns"), columns: z.array(sqlColumnSchema) }),
  z.object({ kind: z.literal("sqlRows"), rows: z.array(z.array(z.custom<SqlValue>())) }),
  z.object({ kind: z.literal("sqlBytes"), bytes: z.instanceof(Uint8Array) }),
  z.object({ kind: z.literal("sqlEnd"), truncated: z.boolean() }),
  z.object({ kind: z.literal("runStatuses"), rows: z.array(runStatusRowSchema) }),
  z.object({ kind: z.literal("taskStatuses"), rows: z.array(taskStatusRowSchema) }),
  z.object({
    kind: z.literal("counts"),
    counts: z.object({
      logRows: z.number(),
      runStatusRows: z.number(),
      taskStatusRows: z.number(),
      runsByStatus: z.record(z.enum(runStatuses), z.number()),
    }),
  }),
]);

/** A piece of an answer, small enough not to hold up the main loop. */
export type Part = z.infer<typeof partSchema>;

/** Kinds of parts behind which another one comes. */
const continued: readonly Part["kind"][] = ["logs", "sqlColumns", "sqlRows", "sqlBytes"];

/** Whether `part` is the last of its answer. */
export function isLast({ kind }: Part): boolean {
  return !continued.includes(kind);
}

const openingSchema = z.object({
  /** What was moved away and why, as a sentence. */
  setAside: z.string().optional(),
  /** What else was found amiss, as sentences. */
  problems: z.array(z.string()).readonly(),
  /** Names this database and no other. */
  identity: z.string(),
  marks: storedMarksSchema,
});

/** What was found when the database was opened. */
export type Opening = z.infer<typeof openingSchema>;

/** What the worker tells the main thread. */
export const reportSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("opened"), ...openingSchema.shape }),
  z.object({ type: z.literal("openFailed"), failure: failureSchema }),
  z.object({ type: z.literal("accepted"), batch: z.int() }),
  z.object({
    type: z.literal("committed"),
    batch: z.int(),
    /** Rows the database would not take, and what it said to the last of them. */
    refusedRows: z.int(),
    refusal: z.string().optional(),
  }),
  z.object({ type: z.literal("failed"), batch: z.int(), failure: failureSchema }),
  z.object({ type: z.literal("part"), id: z.int(), part: partSchema, last: z.boolean() }),
  z.object({ type: z.literal("queryFailed"), id: z.int(), failure: failureSchema }),
  /** An error nobody caught. The database has been closed and may be opened again. */
  z.object({ type: z.literal("crashed"), message: z.string() }),
  z.object({ type: z.literal("closed") }),
]);

/** What the worker tells the main thread. */
export type Report = z.infer<typeof reportSchema>;
