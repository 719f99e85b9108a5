/** Giving up a wait. */

/**
 * Waits for `promise`, which goes on by itself when `signal` aborts the wait. What becomes of it then is nobody's concern:
 * its rejection is not left unhandled.
 *
 * @throws The signal's reason, when `signal` aborts first.
 */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
