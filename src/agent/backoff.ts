/** Whether a failed task is tried again, and after which pause. */

import type { Random } from "../clock/mod.ts";
import type { Retry } from "../workflow/mod.ts";

/** What becomes of a task after a failure. */
export type Verdict =
  | { readonly again: true; readonly pauseMs: number }
  /** `why`: a sentence on why there is no further try though some are left; null when none is. */
  | { readonly again: false; readonly why: string | null };

/**
 * Judges a failed try.
 *
 * With a list of exit codes only those are tried again. A task that was ended by a signal, took too long or could not be
 * started has no exit code, and is then not tried again either.
 *
 * @param exitCode `null` when the process did not exit by itself.
 * @param tryNumber The try that failed, from 1.
 */
export function judgeFailure(exitCode: number | null, tryNumber: number, retry: Retry, random: Random): Verdict {
  if (tryNumber > retry.max) return { again: false, why: null };
  const { exitCodes } = retry;
  if (exitCodes !== null && (exitCode === null || !exitCodes.includes(exitCode))) {
    const codes = exitCodes.length === 1 ? `exit code ${exitCodes[0]} is` : `exit codes ${exitCodes.join(", ")} are`;
    return { again: false, why: `only ${codes} tried again` };
  }
  return { again: true, pauseMs: retryPauseMs(retry, tryNumber, random) };
}

/**
 * The pause before a further try, in whole milliseconds: exponential, up to a longest pause, and spread at random so that
 * tasks that failed together do not all come back together.
 *
 * @param retryNumber 1 for the second try of the task.
 */
export function retryPauseMs(retry: Retry, retryNumber: number, random: Random): number {
  const { delayMs, factor, maxDelayMs, jitter } = retry;
  // The power may be beyond all numbers; zero times that would be none.
  const plainMs = delayMs === 0 ? 0 : Math.min(delayMs * factor ** (retryNumber - 1), maxDelayMs);
  return Math.round(plainMs * (1 + jitter * (2 * random.fraction() - 1)));
}
