/** Waiting for the end of a run, and telling it. */
import { systemClock } from "../clock/mod.ts";
import type { PrincipalClient } from "../client/mod.ts";
import { CdktrError, isFinal, type Run } from "../core/mod.ts";
import { printable } from "../paint/mod.ts";
import { maxWaitMs } from "../wire/mod.ts";
import { durationMs, workflowFromJson } from "../workflow/definition.ts";
import { exitCodes } from "./exit_codes.ts";
import { listenForInterrupt } from "./interrupt.ts";
import type { Invocation } from "./invocation.ts";
import { showProgress } from "./run_progress.ts";
import { blockOnStderr } from "./stderr_block.ts";
import { summaryOf } from "./run_view.ts";

const durationForm = "seconds, or a duration such as 90s, 15m or 1h30m";
/** What `--timeout` of a command that waits means. */
export const waitTimeoutText = `give up waiting after this: ${durationForm}`;

/**
 * Reads the flags `--wait` and `--timeout`.
 *
 * @returns How long to wait in milliseconds; null for not at all.
 * @throws {CdktrError} INVALID_ARGUMENT for a timeout that is none, or where nothing waits.
 */
export function waitMsOf({ wait, timeout }: { wait?: true | undefined; timeout?: string | undefined }): number | null {
  if (timeout === undefined) return wait ? Infinity : null;
  if (!wait) {
    throw new CdktrError("INVALID_ARGUMENT", "A --timeout is for waiting, and nothing waits.", { hint: "Add --wait." });
  }
  const timeoutMs = durationMs(timeout);
  if (timeoutMs !== null) return timeoutMs;
  throw new CdktrError("INVALID_ARGUMENT", `The timeout ${JSON.stringify(timeout)} is no duration.`, {
    hint: `Give ${durationForm}.`,
  });
}

/** What is to be said when somebody stops waiting for a run. */
export function goesOn(runId: string): string {
  const id = printable(runId);
  return `It goes on. Look at it with \`cdktr runs show ${id}\`, end it with \`cdktr runs cancel ${id}\`.`;
}

/**
 * Waits until a run has ended. Its progress is shown where stderr is a terminal.
 *
 * @param announce Says which run it is. From then on Ctrl-C is the end of the wait.
 * @throws {CdktrError} TIMED_OUT when `timeoutMs` is over first; `Interrupted` on Ctrl-C. The run goes on after both.
 */
export async function waitForEnd(
  invocation: Invocation,
  client: PrincipalClient,
  runId: string,
  timeoutMs: number,
  announce: () => Promise<void>,
): Promise<Run> {
  using interrupt = listenForInterrupt();
  try {
    await announce();
    const block = blockOnStderr(invocation);
    await using _progress = block === null ? null : showProgress(invocation, client, runId, block);
    return await untilFinal(client, runId, timeoutMs, interrupt.signal);
  } catch (error) {
    if (interrupt.signal.aborted) invocation.stderr.say(goesOn(runId));
    throw error;
  }
}

async function untilFinal(
  client: PrincipalClient,
  runId: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Run> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    const leftMs = deadlineMs - systemClock.monotonicMs();
    const waitMs = Math.ceil(Math.min(Math.max(leftMs, 0), maxWaitMs));
    const { run } = await client.call("WAITRUN", { run: runId, waitMs }, { signal });
    if (isFinal(run.state)) return run;
    if (leftMs > 0) continue;
    throw new CdktrError("TIMED_OUT", `Run ${runId} is still ${run.state} after ${timeoutMs / 1000} s.`, {
      hint: goesOn(runId),
    });
  }
}

/** Tells how a run ended: the tasks on stderr, or the whole run as JSON on stdout. One that did not complete makes exit code 1. */
export async function tellEnd(invocation: Invocation, client: PrincipalClient, run: Run, json: boolean): Promise<void> {
  const { tasks, workflow } = await client.call("SHOWRUN", { run: run.runId });
  if (json) await invocation.stdout.write(`${JSON.stringify({ ...run, tasks })}\n`);
  else invocation.stderr.say(summaryOf(run, tasks, workflowFromJson(workflow)));
  if (run.state !== "COMPLETED") invocation.exitCode = exitCodes.failed.code;
}
