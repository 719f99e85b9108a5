/** What history tells its owner when something is wrong. It reports and goes on; it does not throw. */

/**
 * - `SET_ASIDE`: a file that could not be used was moved away and a new one made; what it held is no longer queried.
 * - `WRITE_FAILED`: rows could not be written; they are kept and written later. Reported once until it works again.
 * - `READ_FAILED`: a part of the file is damaged and queries that touch it fail. Reported once.
 * - `ARCHIVE`: the archive, or a file in it, cannot be used; the lines in it are not queried.
 * - `PAUSED`: its owner asked that nothing be written for now; rows are kept as after `WRITE_FAILED`.
 * - `RECOVERED`: rows are being written again.
 * - `ROWS_DROPPED`: the buffer was full while nothing could be written; the oldest rows were given up.
 * - `ROWS_REFUSED`: rows that the database cannot hold were left out.
 * - `ROWS_REPAIRED`: rows that the database cannot hold as they were have been changed and kept.
 * - `RESTARTED`: the worker failed and was opened anew; what it had not committed is written again.
 * - `ENDED`: the worker is gone for good; nothing is stored until the process is started anew.
 */
export type HistoryProblemCode =
  | "SET_ASIDE"
  | "WRITE_FAILED"
  | "READ_FAILED"
  | "ARCHIVE"
  | "PAUSED"
  | "RECOVERED"
  | "ROWS_DROPPED"
  | "ROWS_REFUSED"
  | "ROWS_REPAIRED"
  | "RESTARTED"
  | "ENDED";

/** Something that its owner should tell a person. */
export interface HistoryProblem {
  code: HistoryProblemCode;
  /** One sentence: what, where, why. */
  message: string;
  /** How many rows it concerns, where that is known. */
  rows?: number;
}
