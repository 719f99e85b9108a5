/** A line of a task's output on its way from the agent to the principal and on to subscribers: eight fields, one frame. */
import { decodeText, encodeText, fieldSeparator, fieldSeparatorByte } from "./fields.ts";

/** What a line of output is called on the wire: `INFO` for standard output, `ERROR` for standard error. */
export type LogLevel = "INFO" | "ERROR" | "WARNING";

/** A line of a task's output, in the order of its fields. */
export interface LogLine {
  /** First, so that it is the topic subscribers choose by. */
  readonly workflowId: string;
  readonly workflowName: string;
  readonly workflowInstanceId: string;
  /** The task's name, not its id. */
  readonly taskName: string;
  readonly taskInstanceId: string;
  /** Unix milliseconds, whole, from 0 to {@linkcode maxLogTimeMs}. */
  readonly timeMs: number;
  /** A {@linkcode LogLevel} from any sender that keeps to the format; nobody checks it. */
  readonly level: string;
  /** `STDOUT ` or `STDERR ` and the line without its end; see {@linkcode logPayload}. */
  readonly payload: string;
  /** Fields from the ninth on, which readers of the original ignore. At most {@linkcode maxExtraLogFields} are read. */
  readonly extra: readonly string[];
}

/** Fields every line has. */
const logFieldCount = 8;
/** Further fields that are read; what comes after them is dropped. */
export const maxExtraLogFields = 16;

/**
 * The largest time a line may carry: the last millisecond of the year 262142, the end of the calendar that the original's
 * readers format times with. They do not survive a larger one, nor does the original's store.
 */
export const maxLogTimeMs = 8_210_266_876_799_999;

/** Why a line was not taken. */
export type LogLineRejection =
  /** A line is one frame. */
  | "not-one-frame"
  | "not-utf8"
  | "too-few-fields"
  /** The sixth field is not an unsigned decimal number. */
  | "bad-time"
  /** The sixth field is above {@linkcode maxLogTimeMs}. */
  | "time-out-of-range";

/** A line that was read, or why it was not. */
export type ParsedLogLine =
  | {
    readonly ok: true;
    readonly line: LogLine;
    /**
     * What subscribers get: the eight fields without the extra ones. A view of the frame, not a copy, unless the sender
     * wrote the time in an unusual way (`+5`, `007`), which the original normalises when it passes a line on.
     */
    readonly published: Uint8Array;
  }
  | { readonly ok: false; readonly reason: LogLineRejection };

const noExtra: readonly string[] = [];
const timePattern = /^\+?[0-9]+$/;

/** Reads a message of the log channel. Never throws. */
export function parseLogLine(frames: readonly Uint8Array[]): ParsedLogLine {
  const [frame] = frames;
  if (frame === undefined || frames.length !== 1) return { ok: false, reason: "not-one-frame" };
  const text = decodeText(frame);
  if (text === undefined) return { ok: false, reason: "not-utf8" };

  const cursor = new FieldCursor(text);
  const workflowId = cursor.next();
  const workflowName = cursor.next();
  const workflowInstanceId = cursor.next();
  const taskName = cursor.next();
  const taskInstanceId = cursor.next();
  const time = cursor.next();
  const level = cursor.next();
  if (cursor.ended) return { ok: false, reason: "too-few-fields" };
  const payload = cursor.next();

  if (!timePattern.test(time)) return { ok: false, reason: "bad-time" };
  const timeMs = Number(time);
  if (timeMs > maxLogTimeMs) return { ok: false, reason: "time-out-of-range" };

  const extra = cursor.ended ? noExtra : cursor.rest().split(fieldSeparator, maxExtraLogFields);
  const line: LogLine = {
    workflowId,
    workflowName,
    workflowInstanceId,
    taskName,
    taskInstanceId,
    timeMs,
    level,
    payload,
    extra,
  };
  if (!isPlainNumber(time)) return { ok: true, line, published: encodeLogLine({ ...line, extra: noExtra }) };
  return { ok: true, line, published: cursor.ended ? frame : frame.subarray(0, endOfLogFields(frame)) };
}

/** Takes field after field from a message. `split` takes half as long again, which counts at 100,000 lines a second. */
class FieldCursor {
  readonly #text: string;
  #at = 0;
  /** Whether the field taken last was the last one. */
  ended = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next field; empty when there is none. */
  next(): string {
    if (this.ended) return "";
    const start = this.#at;
    const end = this.#text.indexOf(fieldSeparator, start);
    if (end === -1) {
      this.ended = true;
      return this.#text.slice(start);
    }
    this.#at = end + 1;
    return this.#text.slice(start, end);
  }

  /** Everything after the field taken last. */
  rest(): string {
    return this.#text.slice(this.#at);
  }
}

/** Whether digits are written as the number itself would be: no sign, no leading zero. */
function isPlainNumber(digits: string): boolean {
  return digits === "0" || (digits[0] !== "+" && digits[0] !== "0");
}

/** Where the eighth field ends in a frame that has more. The plain loop takes half the time of eight calls of `indexOf`. */
function endOfLogFields(frame: Uint8Array): number {
  let separators = 0;
  let end = 0;
  while (frame[end] !== fieldSeparatorByte || ++separators < logFieldCount) end++;
  return end;
}

/**
 * The frame of a line. What the format cannot carry is made visible instead: U+0001 becomes U+2401 (␁) and a line feed U+240A (␊),
 * in any field. A time outside the allowed range is moved to its nearest end, for one odd clock must not end an original
 * principal's log store.
 */
export function encodeLogLine(line: LogLine): Uint8Array<ArrayBuffer> {
  let text = visible(line.workflowId) + fieldSeparator + visible(line.workflowName) + fieldSeparator +
    visible(line.workflowInstanceId) + fieldSeparator + visible(line.taskName) + fieldSeparator +
    visible(line.taskInstanceId) + fieldSeparator + wireTimeMs(line.timeMs) + fieldSeparator +
    visible(line.level) + fieldSeparator + visible(line.payload);
  for (const field of line.extra) text += fieldSeparator + visible(field);
  return encodeText(text);
}

function visible(field: string): string {
  if (!field.includes(fieldSeparator) && !field.includes("\n")) return field;
  return field.replaceAll(fieldSeparator, "\u2401").replaceAll("\n", "\u240a");
}

function wireTimeMs(timeMs: number): number {
  return Math.min(Math.max(Math.trunc(timeMs) || 0, 0), maxLogTimeMs);
}

/** Level and payload of a line a task wrote, as the original's agent sends them. */
export function logPayload(stream: "stdout" | "stderr", text: string): { level: LogLevel; payload: string } {
  return stream === "stdout"
    ? { level: "INFO", payload: `STDOUT ${text}` }
    : { level: "ERROR", payload: `STDERR ${text}` };
}

/**
 * The topic of exactly one workflow. Topics are byte prefixes of the whole frame, so the bare id would match the lines of
 * every workflow whose id begins with it.
 */
export function workflowTopic(workflowId: string): Uint8Array<ArrayBuffer> {
  return encodeText(workflowId + fieldSeparator);
}
