/** Whatever goes wrong while a command runs ends in a sentence and an exit code, never in a stack trace. */
import type { Invocation } from "./invocation.ts";
import { reportError } from "./report_error.ts";

/**
 * Runs `act`.
 *
 * @returns The invocation's exit code, or that of the error `act` throws. An error that nothing waits for ends the
 * process, unless the command takes it.
 */
export async function guard(invocation: Invocation, act: () => Promise<void>): Promise<number> {
  const onStrayError = (event: ErrorEvent | PromiseRejectionEvent) => {
    event.preventDefault();
    const error: unknown = "reason" in event ? event.reason : event.error;
    if (invocation.onStrayError !== null) invocation.onStrayError(error);
    else Deno.exit(reportError(error, invocation));
  };
  globalThis.addEventListener("error", onStrayError);
  globalThis.addEventListener("unhandledrejection", onStrayError);
  try {
    await act();
    return invocation.exitCode;
  } catch (error) {
    return reportError(error, invocation);
  } finally {
    globalThis.removeEventListener("error", onStrayError);
    globalThis.removeEventListener("unhandledrejection", onStrayError);
  }
}
