/** Following what becomes of a run. */
import { type Clock, sleep } from "../clock/mod.ts";
import { followChanges, isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import { isFinal, messageOf } from "../core/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";

/** How long after a principal did not answer it is asked again. */
const retryMs = 1000;

/** What is new about a run: how it stands, or that its principal does not answer for now. */
export type RunNews =
  | { readonly type: "shown"; readonly shown: ReplyTo<"SHOWRUN"> }
  | { readonly type: "lost"; readonly why: string };

/**
 * Follows a run until it has ended: how it stands, and again whenever that changed, at most ten times a second.
 *
 * @param run Its id, or a unique beginning of it.
 * @throws {CdktrError} The principal's refusal, or that it does not answer the first question. If it falls silent later that
 * is news, and it is waited for. The signal's reason when it aborts.
 */
export async function* watchRun(
  client: PrincipalClient,
  clock: Clock,
  run: string,
  signal: AbortSignal,
): AsyncGenerator<RunNews, void> {
  let runId: string | null = null;
  let isLost = false;
  for (;;) {
    try {
      for await (const { isReset, runs } of followChanges(client, clock, signal)) {
        if (!isReset && !runs.some((changed) => changed.runId === runId)) continue;
        const shown: ReplyTo<"SHOWRUN"> = await client.call("SHOWRUN", { run: runId ?? run }, { signal });
        runId = shown.run.runId;
        isLost = false;
        yield { type: "shown", shown };
        if (isFinal(shown.run.state)) return;
      }
    } catch (error) {
      if (signal.aborted || runId === null || !isWorthAnotherTry(error)) throw error;
      if (!isLost) yield { type: "lost", why: messageOf(error) };
      isLost = true;
      await sleep(clock, retryMs, signal);
    }
  }
}
