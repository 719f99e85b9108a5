/** Log lines as the principal formats them for QUERYLOGS, and the payload that carries them. */
import * as z from "zod";
import type { LogLine } from "./log_line.ts";
import { parsePayload } from "./payload.ts";

/** The largest distance from 1970 a `Date` can hold (ECMA-262, 21.4.1.1). */
const maxDateMs = 8_640_000_000_000_000;

/**
 * RFC 3339 in UTC with the suffix `+00:00` and milliseconds, which are left out when they are 000. Years after 9999 get a
 * sign, as the original writes them.
 *
 * @param timeMs Unix milliseconds. What no calendar date can be found for is written as the number it is.
 */
export function formatLogTime(timeMs: number): string {
  if (!(Math.abs(timeMs) <= maxDateMs)) return String(timeMs);
  const iso = new Date(timeMs).toISOString();
  const withoutZone = iso.slice(0, iso.endsWith(".000Z") ? -5 : -1);
  // A Date pads such a year to six digits.
  return `${withoutZone.replace(/^\+0/, "+")}+00:00`;
}

/**
 * One line of a QUERYLOGS reply: `[time LEVEL] [instance/task instance] payload`, or with `verbose`
 * `[time LEVEL] [workflow name=instance / task name=task instance] payload`.
 */
export function formatLogLine(line: LogLine, verbose: boolean): string {
  const source = verbose
    ? `${line.workflowName}=${line.workflowInstanceId} / ${line.taskName}=${line.taskInstanceId}`
    : `${line.workflowInstanceId}/${line.taskInstanceId}`;
  return `[${formatLogTime(line.timeMs)} ${line.level}] [${source}] ${line.payload}`;
}

/** The payload of a QUERYLOGS reply: a JSON array of formatted lines. */
export function encodeFormattedLines(lines: readonly string[]): string {
  return JSON.stringify(lines);
}

/**
 * Reads the payload of a QUERYLOGS reply.
 *
 * @throws {CdktrError} UNSUPPORTED when it is not a JSON array of strings.
 */
export function parseFormattedLines(payload: string): string[] {
  return parsePayload(z.array(z.string()), payload, "the log lines");
}
