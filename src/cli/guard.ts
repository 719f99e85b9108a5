/** Whatever goes wrong while a command runs ends in a sentence and an exit code, never in a stack trace. */
import type { Invocation } from "./invocation.ts";

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
    if (invocation.onStrayError !== null) return invocation.onStrayError(error);
    // What goes wrong from here on is the runtime's: it must not come back to here.
    ignoreStrayErrors();
    void report(error, invocation).then(Deno.exit);
  };
  const ignoreStrayErrors = () => {
    globalThis.removeEventListener("error", onStrayError);
    globalThis.removeEventListener("unhandledrejection", onStrayError);
  };
  globalThis.addEventListener("error", onStrayError);
  globalThis.addEventListener("unhandledrejection", onStrayError);
  try {
    await act();
    return invocation.exitCode;
  } catch (error) {
    return await report(error, invocation);
  } finally {
    ignoreStrayErrors();
  }
}

/** Loaded only when there is something to report. */
async function report(error: unknown, invocation: Invocation): Promise<number> {
  const { reportError } = await import("./report_error.ts");
  return reportError(error, invocation);
}
