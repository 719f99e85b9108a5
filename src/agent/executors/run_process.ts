/** Runs one process to its end, with everything it started. */

import type { Clock } from "../../clock/mod.ts";
import { defaultMaxLineBytes } from "./line_splitter.ts";
import {
  groupGoneWithin,
  type Grouping,
  killWaitMs,
  type ProcessGroup,
  type ProcessSpec,
  signalGroup,
  spawnGroup,
  systemGrouping,
} from "./process_group.ts";
import { ProcessOutput, type TakeLines } from "./read_output.ts";

/** From TERM to KILL, when a process is told to end. */
export const defaultGraceMs = 10_000;

/** How long the outputs of a process that ended may be held open by processes it left behind. */
export const defaultDrainMs = 1_000;

/** What {@linkcode runProcess} takes besides the process itself. */
export interface RunProcessOptions extends ProcessSpec {
  /** Takes the lines of both outputs; see {@linkcode TakeLines}. When it throws, the process is ended. */
  readonly onLines: TakeLines;
  /** Aborts to end the process. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How long the process may take; `null` for as long as it wants. */
  readonly timeoutMs: number | null;
  /** From TERM to KILL. @default 10_000 */
  readonly graceMs?: number | undefined;
  /** How long outputs may be held open after the end. @default 1_000 */
  readonly drainMs?: number | undefined;
  /** Longest line in one piece, bytes of UTF-8. @default 65_536 */
  readonly maxLineBytes?: number | undefined;
  /** How the process gets its group. @default {@linkcode systemGrouping} */
  readonly grouping?: Grouping | undefined;
}

/** How a process ended. `leftovers`: it left processes behind that held its outputs open, and they were killed. */
export type ProcessOutcome =
  | { readonly kind: "exited"; readonly code: number; readonly leftovers: boolean }
  | { readonly kind: "signalled"; readonly signal: string; readonly leftovers: boolean }
  | { readonly kind: "timed_out" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "not_started"; readonly reason: string };

/**
 * Starts a process, hands its output over line by line, and waits for its end.
 *
 * - Cancelled or timed out, its whole group gets TERM, and KILL after `graceMs` if any of it is still alive. Processes
 *   that the leading one leaves behind have the same time.
 * - Ended by itself, it may leave background processes that write elsewhere; they are left alone. Those that hold its
 *   outputs open are not waited for: after `drainMs` the outputs are closed and the group is killed.
 * - It has ended for the caller when its lines were all taken.
 *
 * @throws What `onLines` threw, once the group was ended.
 */
export async function runProcess(options: RunProcessOptions): Promise<ProcessOutcome> {
  if (options.signal.aborted) return { kind: "cancelled" };
  const group = spawnGroup(options, options.grouping ?? systemGrouping());
  if ("reason" in group) return { kind: "not_started", reason: group.reason };

  const { clock } = options;
  const ending = new Ending(group, clock, options.graceMs ?? defaultGraceMs);
  const output = new ProcessOutput(group, {
    clock,
    maxLineBytes: options.maxLineBytes ?? defaultMaxLineBytes,
    takeLines: options.onLines,
  });
  const finished = output.finished.catch((error: unknown) => {
    ending.begin("cancelled");
    return { error };
  });
  const cancelTimeout = options.timeoutMs === null
    ? () => {}
    : clock.setTimer(options.timeoutMs, () => ending.begin("timed_out"));
  const onAbort = () => ending.begin("cancelled");
  options.signal.addEventListener("abort", onAbort, { once: true });

  const status = await group.status;
  cancelTimeout();
  options.signal.removeEventListener("abort", onAbort);
  const endedBy = ending.cause;
  await ending.over;
  output.drain(options.drainMs ?? defaultDrainMs);
  const read = await finished;
  await ending.over; // taking the last lines may have failed, and so begun it
  if ("error" in read) throw read.error;
  if (read.heldOpen) signalGroup(group, "SIGKILL");

  if (endedBy !== undefined) return { kind: endedBy };
  if (status.signal !== null) return { kind: "signalled", signal: status.signal, leftovers: read.heldOpen };
  return { kind: "exited", code: status.code, leftovers: read.heldOpen };
}

/** Ends a group: TERM, a grace time, KILL. */
class Ending {
  /** Why the group is being ended; `undefined` while it is not. The first cause stands. */
  cause: "cancelled" | "timed_out" | undefined;
  /** Settles when the group is gone; settled while it is not being ended. */
  over: Promise<void> = Promise.resolve();
  readonly #group: ProcessGroup;
  readonly #clock: Clock;
  readonly #graceMs: number;

  constructor(group: ProcessGroup, clock: Clock, graceMs: number) {
    this.#group = group;
    this.#clock = clock;
    this.#graceMs = graceMs;
  }

  begin(cause: "cancelled" | "timed_out"): void {
    if (this.cause !== undefined) return;
    this.cause = cause;
    this.over = this.#end();
  }

  async #end(): Promise<void> {
    signalGroup(this.#group, "SIGTERM");
    if (await this.#goneWithin(this.#graceMs)) return;
    signalGroup(this.#group, "SIGKILL");
    await this.#goneWithin(killWaitMs);
  }

  #goneWithin(waitMs: number): Promise<boolean> {
    return groupGoneWithin(waitMs, this.#group.pid, this.#clock, this.#group.status);
  }
}
