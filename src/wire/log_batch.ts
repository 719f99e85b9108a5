/**
 * Log lines in batches, as our agents send them to our principals: the verb LOG.
 *
 * The lines of an attempt form a stream: they are numbered from 1 in the order in which the agent read them. A request
 * carries chunks, each a stretch of one stream that follows the line `afterSeq`. A chunk's entries are
 *
 * ```
 * [task name, task run id, timestamp ms, level, [payload, ...]]      lines that were read together
 * [timestamp ms, [[task name, task run id, how many], ...]]          a gap: lines that the agent had to give up
 * ```
 *
 * Lines that a task wrote at once share one time and one level, so that a flood costs little more than its text. A gap
 * takes up the numbers of the lines it counts.
 */
import * as z from "zod";
import { encodeText, fieldSeparator } from "./fields.ts";

/** Chunks in one request. */
export const maxLogChunks = 1_000;
/** Entries in one chunk. */
export const maxLogEntries = 20_000;
/** Lines in one entry. */
const maxEntryLines = 65_536;
/** The longest a principal holds the answer to a request for the lines to be committed, in milliseconds. */
const logWaitMaxMs = 30_000;

const name = z.string().max(1024);
const seq = z.int().nonnegative();
const timeMs = z.number().nonnegative();

// A limit on each line would cost three times as much as the check itself; the frame they come in is limited.
const linesEntry = z.tuple([name, name, timeMs, z.string().max(64), z.array(z.string()).min(1).max(maxEntryLines)]);
/** {@linkcode LogGapEntry} as a schema; the spool reads its own entries with it. */
export const gapEntry = z.tuple([timeMs, z.array(z.tuple([name, name, z.int().positive()])).min(1).max(maxLogEntries)]);

const logChunk = z.object({
  runId: name.min(1),
  attempt: z.int().positive(),
  workflowId: name,
  workflowName: name,
  /** The number of the line before the first entry; 0 at the beginning. */
  afterSeq: seq,
  /** Nothing before `afterSeq` is left with the agent: it was acknowledged once. */
  oldest: z.boolean(),
  /** None: only asks whether the lines up to `afterSeq` are committed. */
  entries: z.array(z.union([linesEntry, gapEntry])).max(maxLogEntries),
});

/** What became of a chunk. */
const logOutcomes = [
  /** Committed: the agent may forget it. */
  "stored",
  /** Taken, and not committed within the wait. To be asked again. */
  "taken",
  /** The database takes nothing at present, or has no room. The agent keeps it and tries again. */
  "later",
  /** Lines before it are missing: the principal has them up to `position`. */
  "gap",
  /** The principal knows no such attempt of such a run, and will not take it. */
  "unknown",
] as const;

/** The shape of the request; `flush` asks for a commit without the usual wait for more lines. */
export const logRequest = z.object({
  agentId: name,
  session: name.min(1),
  waitMs: z.int().min(0).max(logWaitMaxMs),
  flush: z.boolean(),
  chunks: z.array(logChunk).max(maxLogChunks),
});

/** The shape of the reply: one outcome for each chunk, in their order. */
export const logReply = z.object({
  chunks: z.array(z.object({ outcome: z.enum(logOutcomes), position: seq })),
});

/** A stretch of a stream, as the principal reads it. */
export type LogChunk = z.output<typeof logChunk>;
/** An entry of a chunk. */
export type LogEntry = LogChunk["entries"][number];
/** An entry that counts missing lines. */
export type LogGapEntry = z.output<typeof gapEntry>;

/** The attempt that lines belong to. */
export interface LogStream {
  readonly runId: string;
  readonly attempt: number;
  readonly workflowId: string;
  readonly workflowName: string;
}

/** A chunk whose entries were encoded when they were spooled. */
export interface EncodedLogChunk {
  readonly stream: LogStream;
  readonly afterSeq: number;
  readonly oldest: boolean;
  /** The JSON of each entry. */
  readonly entries: readonly Uint8Array[];
}

/** How many numbers of the stream an entry takes up. */
export function linesOfEntry(entry: LogEntry): number {
  if (!isGapEntry(entry)) return entry[4].length;
  return entry[1].reduce((sum, [, , count]) => sum + count, 0);
}

/** Whether an entry counts missing lines. */
export function isGapEntry(entry: LogEntry): entry is LogGapEntry {
  return entry.length === 2;
}

/** The body of a LOG request. Bytes that were encoded once, for the spool, are not encoded again. */
export function encodeLogRequest(
  head: Omit<z.output<typeof logRequest>, "chunks">,
  chunks: readonly EncodedLogChunk[],
): Uint8Array<ArrayBuffer> {
  const { agentId, session, waitMs, flush } = head;
  const parts: Uint8Array[] = [];
  let text = `LOG${fieldSeparator}${JSON.stringify({ agentId, session, waitMs, flush }).slice(0, -1)},"chunks":[`;
  chunks.forEach(({ stream, afterSeq, oldest, entries }, index) => {
    const { runId, attempt, workflowId, workflowName } = stream;
    const fields = { runId, attempt, workflowId, workflowName, afterSeq, oldest };
    text += `${index === 0 ? "" : ","}${JSON.stringify(fields).slice(0, -1)},"entries":[`;
    for (const [at, entry] of entries.entries()) {
      parts.push(encodeText(at === 0 ? text : ","), entry);
      text = "";
    }
    text += "]}";
  });
  parts.push(encodeText(`${text}]}`));
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
