/**
 * How rows travel between the main thread and the worker: a chunk is a few thousand rows of one table.
 *
 * Log lines are sent as columns, with what repeats from line to line (workflow, run, task, level) once per chunk: one
 * structured clone of a payload column costs a fraction of cloning row objects, and the main loop pays for it.
 */
import * as z from "zod";
import { decisionRowSchema, runVersionRowSchema, taskVersionRowSchema } from "./projection.ts";
import { type LogRow, runStatusRowSchema, taskStatusRowSchema } from "./rows.ts";

/** What many lines of a chunk have in common. */
export type LogSource = Omit<LogRow, "timestampMs" | "payload">;

const logSourceSchema = z.object({
  workflowId: z.string(),
  workflowName: z.string(),
  runId: z.string(),
  taskName: z.string(),
  taskRunId: z.string(),
  level: z.string(),
});

const logChunkSchema = z.object({
  kind: z.literal("logs"),
  sources: z.array(logSourceSchema),
  /** For each line the index of its source. */
  sourceIndexes: z.array(z.int()),
  timestampsMs: z.array(z.number()),
  payloads: z.array(z.string()),
});

/** Rows of one table, in the order of their arrival. */
export const chunkSchema = z.discriminatedUnion("kind", [
  logChunkSchema,
  z.object({ kind: z.literal("runStatuses"), rows: z.array(runStatusRowSchema) }),
  z.object({ kind: z.literal("taskStatuses"), rows: z.array(taskStatusRowSchema) }),
  z.object({ kind: z.literal("decisions"), rows: z.array(decisionRowSchema) }),
  z.object({ kind: z.literal("runVersions"), rows: z.array(runVersionRowSchema) }),
  z.object({ kind: z.literal("taskVersions"), rows: z.array(taskVersionRowSchema) }),
]);

/** Rows of one table, in the order of their arrival. */
export type Chunk = z.infer<typeof chunkSchema>;
/** Log lines as columns. */
export type LogChunk = z.infer<typeof logChunkSchema>;

/** The number of rows in `chunk`. */
export function rowCountOf(chunk: Chunk): number {
  return chunk.kind === "logs" ? chunk.payloads.length : chunk.rows.length;
}

function isFrom(source: LogSource, row: LogRow): boolean {
  return source.taskRunId === row.taskRunId && source.level === row.level && source.runId === row.runId &&
    source.workflowId === row.workflowId && source.taskName === row.taskName &&
    source.workflowName === row.workflowName;
}

/** A key that two sources share only if they are equal. */
export function keyOf(source: LogSource): string {
  return JSON.stringify([
    source.taskRunId,
    source.level,
    source.runId,
    source.workflowId,
    source.taskName,
    source.workflowName,
  ]);
}

/** Collects log lines into one {@linkcode LogChunk}. */
export class LogChunkBuilder {
  readonly chunk: LogChunk = { kind: "logs", sources: [], sourceIndexes: [], timestampsMs: [], payloads: [] };
  readonly #indexByKey = new Map<string, number>();
  #lastIndex = -1;

  /** Adds one line. */
  add(row: LogRow): void {
    const last = this.chunk.sources[this.#lastIndex];
    if (last === undefined || !isFrom(last, row)) this.#lastIndex = this.#indexOf(row);
    this.chunk.sourceIndexes.push(this.#lastIndex);
    this.chunk.timestampsMs.push(row.timestampMs);
    this.chunk.payloads.push(row.payload);
  }

  #indexOf(row: LogRow): number {
    const { workflowId, workflowName, runId, taskName, taskRunId, level } = row;
    const source = { workflowId, workflowName, runId, taskName, taskRunId, level };
    const key = keyOf(source);
    const known = this.#indexByKey.get(key);
    if (known !== undefined) return known;
    this.#indexByKey.set(key, this.chunk.sources.length);
    return this.chunk.sources.push(source) - 1;
  }
}

/**
 * The lines `from` (inclusive) to `to` (exclusive) of `chunk`, one after the other.
 *
 * @throws RangeError when the columns of `chunk` do not fit together.
 */
export function* linesOf(chunk: LogChunk, from = 0, to = chunk.payloads.length): Generator<LogRow> {
  for (let index = from; index < to; index++) {
    const source = chunk.sources[chunk.sourceIndexes[index] ?? -1];
    const timestampMs = chunk.timestampsMs[index];
    const payload = chunk.payloads[index];
    if (source === undefined || timestampMs === undefined || payload === undefined) {
      throw new RangeError(`a chunk of log lines has no complete line ${index}`);
    }
    yield { ...source, timestampMs, payload };
  }
}
