/**
 * The cursor of a log query: names a line in a way that survives that lines are deleted and days are archived, which
 * changes the numbers of rows.
 *
 * A line is named by its time, its task run, and how many lines before it share both. The cursor is for queries with any
 * filter, in either direction: what a search found leads on to the lines around it.
 *
 * It also fixes the *horizon*, a day: see log_query.ts. It is the day on which the first page was asked for.
 */
import * as z from "zod";

/** See the top of this file. */
export interface LogCursor {
  readonly horizon: number;
  readonly timestampMs: number;
  readonly taskRunId: string;
  /** 1 for the first of those that share time and task run. */
  readonly ordinal: number;
}

/** The text form: its parts with dots between. The task run is last, since it may hold any text. */
const cursorText = /^v1\.(\d{1,8})\.(-?\d{1,16})\.(\d{1,15})\.(.*)$/s;

/** A cursor as text, parsed. */
export const logCursorSchema = z.string().regex(cursorText, "is not a cursor that an earlier page gave").transform(
  (text): LogCursor => {
    const [, horizon, timestampMs, ordinal, taskRunId = ""] = cursorText.exec(text) ?? [];
    return { horizon: Number(horizon), timestampMs: Number(timestampMs), ordinal: Number(ordinal), taskRunId };
  },
);

/** The text of a cursor. */
export function formatLogCursor({ horizon, timestampMs, ordinal, taskRunId }: LogCursor): string {
  return `v1.${horizon}.${timestampMs}.${ordinal}.${taskRunId}`;
}
