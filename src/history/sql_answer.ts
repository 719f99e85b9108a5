/** What an answer to SQL looks like, to those who ask and on its way to them. */
import * as z from "zod";

/** A value in an answer to SQL: whatever JSON can hold. */
export type SqlValue = z.infer<ReturnType<typeof z.json>>;

/** What a {@linkcode SqlColumn} must look like. */
export const sqlColumnSchema = z.object({
  name: z.string(),
  /** As DuckDB calls it, for example `TIMESTAMP WITH TIME ZONE`. */
  type: z.string(),
});
/** A column of an answer. */
export type SqlColumn = z.infer<typeof sqlColumnSchema>;

/** What a query found. */
export interface SqlAnswer {
  columns: SqlColumn[];
  rows: SqlValue[][];
  /** Whether rows were left out, because there are more than were asked for or than are sent. */
  truncated: boolean;
}

/** How SQL is answered. */
export interface SqlOptions {
  /** How long it may take, in milliseconds. @default 30_000 */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Rows of an answer at most, unless fewer or more are asked for. */
export const defaultSqlRows = 10_000;
/** The most rows that can be asked for. */
export const maxSqlRows = 1_000_000;
/** The longest SQL that is looked at, in UTF-16 units. */
export const maxSqlChars = 100_000;
