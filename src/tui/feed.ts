/** What keeps a board current, until the principal is lost. */
import type { Clock } from "../clock/mod.ts";
import type { PrincipalClient } from "../client/mod.ts";
import type { Board } from "./board.ts";

/** What a feed needs. */
export interface FeedOptions {
  readonly client: PrincipalClient;
  readonly clock: Clock;
  readonly board: Board;
  /** How often a principal that tells no changes is asked, in milliseconds. */
  readonly pollMs: number;
  /** Ends the feed. */
  readonly signal: AbortSignal;
}

/**
 * Writes to the board what the principal tells, again and again.
 *
 * @throws {CdktrError} UNREACHABLE or TIMED_OUT when the principal is lost, UNSUPPORTED when it cannot be followed; the
 * signal's reason when that aborts.
 */
export type Feed = (options: FeedOptions) => Promise<never>;
