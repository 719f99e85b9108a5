/** Ctrl-C and the request to terminate, for commands that have something to end in good order. The others just die of them. */

/** The reason of an {@linkcode Interrupt}'s signal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor(readonly signal: Deno.Signal, readonly exitCode: number) {
    super(`Ended by ${signal}.`);
  }
}

/** Signals that ask a process to end, with the exit code a shell expects after them: 128 and the signal's number. */
const exitCodesBySignal: readonly (readonly [Deno.Signal, number])[] = [
  ["SIGINT", 130],
  // On Windows Deno knows SIGINT only, and SIGBREAK.
  ...Deno.build.os === "windows" ? [] : [["SIGTERM", 143], ["SIGHUP", 129]] as const,
];

/** What else signals do. */
export interface InterruptOptions {
  /** Called at the second signal; then only the third ends the process at once. @default the second one does */
  readonly onSecond?: () => void;
  /** Called at each SIGHUP, which then asks for no end. @default SIGHUP is one of the signals */
  readonly onHangUp?: (() => void) | null;
}

/**
 * From now until disposed, the first such signal aborts the returned one, with an {@linkcode Interrupted} as its reason; the next
 * ends the process at once.
 */
export function listenForInterrupt(
  { onSecond, onHangUp }: InterruptOptions = {},
): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  let count = 0;
  const listeners = exitCodesBySignal.map(([signal, exitCode]) => {
    const listener = () => {
      if (signal === "SIGHUP" && onHangUp) return onHangUp();
      count++;
      if (count === 1) controller.abort(new Interrupted(signal, exitCode));
      else if (count === 2 && onSecond !== undefined) onSecond();
      else Deno.exit(exitCode);
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => listeners.forEach((remove) => remove()),
  };
}

/** Acts at the abort of `signal`, also at one that came while the parts were being started. */
export function onAbort(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener("abort", act, { once: true });
}
