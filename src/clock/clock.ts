/** Where time comes from. The only file that reads the system's clock or sets a system timer. */

/** A source of time. Wall time is for people and schedules; durations and deadlines use the monotonic clock. */
export interface Clock {
  /** Wall time in Unix milliseconds. May jump in either direction. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonicMs(): number;
  /**
   * Calls `fire` once after `delayMs`.
   *
   * @param delayMs Delay in milliseconds; values below 0 count as 0, values above 24 days are split.
   * @param fire What to call. It must not throw.
   * @returns Cancels the timer. Calling it again, or after the timer fired, does nothing.
   */
  setTimer(delayMs: number, fire: () => void): () => void;
}

/** The largest delay `setTimeout` takes; a longer one would fire at once. */
const maxTimerDelayMs = 2 ** 31 - 1;

function setSystemTimer(delayMs: number, fire: () => void): () => void {
  let handle: ReturnType<typeof setTimeout> | undefined;
  const arm = (leftMs: number) => {
    const stepMs = Math.min(Math.max(leftMs, 0), maxTimerDelayMs);
    handle = setTimeout(() => leftMs > stepMs ? arm(leftMs - stepMs) : fire(), stepMs);
  };
  arm(delayMs);
  return () => clearTimeout(handle);
}

/** The machine's own clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: setSystemTimer,
};

/**
 * Waits for `durationMs` on `clock`.
 *
 * @throws The signal's reason, when `signal` aborts first.
 */
export function sleep(clock: Clock, durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimer(durationMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
