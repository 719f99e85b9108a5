/** What an error of DuckDB means for us. The binding gives text alone, so text is what decides. */
import { messageOf } from "../core/mod.ts";
import * as z from "zod";

/**
 * - `locked`: another process has the file open.
 * - `unsuitable`: a sound database that is not ours to write to, or made by a newer DuckDB.
 * - `unloadable`: DuckDB's library is not there or cannot be loaded.
 * - `environment`: the machine says no (disk full, permission, memory); the file may be sound.
 * - `rows`: the database is sound and refuses what was written.
 * - `interrupted`: we asked for it.
 * - `invalidated`: DuckDB has given up on the open database; it must be closed and opened again.
 * - `damaged`: the file cannot be read.
 * - `refused`: a query of a user that cannot be answered; the message is a sentence for them.
 * - `tooLarge`: a query of a user whose answer, or the way to it, is too large; the message is a sentence for them.
 */
const failureKinds = [
  "locked",
  "unsuitable",
  "unloadable",
  "environment",
  "rows",
  "interrupted",
  "invalidated",
  "damaged",
  "refused",
  "tooLarge",
] as const;

/** An error of the database, and what it means for us. */
export const failureSchema = z.object({ kind: z.enum(failureKinds), message: z.string() });

/** An error of the database, and what it means for us. */
export type Failure = z.infer<typeof failureSchema>;

/**
 * The first pattern that fits decides, so a fatal error caused by a full disk counts as `invalidated`, and nothing that
 * the machine has to do with counts as the fault of a row.
 */
const patterns: readonly (readonly [RegExp, Failure["kind"]])[] = [
  [/Could not set lock/i, "locked"],
  [/with version number|encrypted/i, "unsuitable"],
  [/^INTERRUPT/i, "interrupted"],
  [/database has been invalidated|^FATAL|^INTERNAL/i, "invalidated"],
  [/Corrupt database|checksum|not a valid DuckDB|Could not read enough bytes|Serialization Error/i, "damaged"],
  [
    /Permission denied|No such file|Is a directory|Not a directory|Read-only|No space left|Too many open files|File too large|Disk quota|Out of Memory|Input\/output error|^PermissionDenied|^NotFound|os error/i,
    "environment",
  ],
  [/^(Catalog|Binder) Error/i, "unsuitable"],
  // The appender leaves out the type of the error. What is not surely the row's fault is not: rows would be lost.
  [/^Failed to append: .*(constraint failed|could not convert|could not cast|out of range)/i, "rows"],
  [/^(Constraint|Conversion|Invalid Input|Out of Range|Invalid type) Error/i, "rows"],
];

/** Says what `error` means, and `fallback` where it is none of the known ones. */
export function failureOf(error: unknown, fallback: Failure["kind"]): Failure {
  // What follows is a stack trace, or advice for users of SQL.
  const message = messageOf(error).split("\n", 1)[0] ?? "";
  const known = patterns.find(([pattern]) => pattern.test(message));
  return { kind: known?.[1] ?? fallback, message };
}
