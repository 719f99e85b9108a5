/** Following what becomes of a run. The one place that knows how the principal is asked for that. */
import { type Clock, sleep } from "../clock/mod.ts";
import { isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import { isFinal, messageOf } from "../core/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";

/** How often a run is looked at. Its end is told at once. */
const lookMs = 250;
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
  let runId = run;
  let told: string | null = null;
  let hasAnswered = false;
  for (;;) {
    try {
      const shown = await client.call("SHOWRUN", { run: runId }, { signal });
      runId = shown.run.runId;
      hasAnswered = true;
      const text = JSON.stringify(shown);
      if (text !== told) yield { type: "shown", shown };
      told = text;
      if (isFinal(shown.run.state)) return;
      await client.call("WAITRUN", { run: runId, waitMs: lookMs }, { signal });
    } catch (error) {
      if (signal.aborted || !hasAnswered || !isWorthAnotherTry(error)) throw error;
      if (told !== null) yield { type: "lost", why: messageOf(error) };
      told = null;
      await sleep(clock, retryMs, signal);
    }
  }
}
