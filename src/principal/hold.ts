/** How a request is held until there is something to answer. */
import type { Clock } from "../clock/mod.ts";

/** How long, and for whom. */
export interface HoldOptions {
  readonly clock: Clock;
  readonly waitMs: number;
  /** Aborts when the client is gone. */
  readonly gone: AbortSignal;
}

/**
 * Resolves when it is woken, the wait is over, or the client is gone.
 *
 * @param enlist Takes what wakes it, and returns what is to be called once it is awake.
 */
export function hold({ clock, waitMs, gone }: HoldOptions, enlist: (wake: () => void) => () => void): Promise<void> {
  if (gone.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      cancelTimer();
      gone.removeEventListener("abort", wake);
      delist();
      resolve();
    };
    const cancelTimer = clock.setTimer(waitMs, wake);
    gone.addEventListener("abort", wake, { once: true });
    const delist = enlist(wake);
  });
}
