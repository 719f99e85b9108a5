/** Following all runs under way. */
import { type Clock, sleep } from "../clock/mod.ts";
import { isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import { finalRunStates, isFinal, messageOf, type Run } from "../core/mod.ts";
import { maxPageRuns } from "../wire/mod.ts";

/** How often the runs are looked at. */
const lookMs = 500;
/** How long after a principal did not answer it is asked again. */
const retryMs = 1000;
/** Runs that begin and end between two looks are told if no more than these do. */
const endedMax = 200;

/** What is new: the runs under way, those first that are on an agent, and those that ended since; or silence. */
export type RunsNews =
  | {
    readonly type: "runs";
    readonly underWay: readonly Run[];
    readonly ended: readonly Run[];
    readonly hasMore: boolean;
  }
  | { readonly type: "lost"; readonly why: string };

/**
 * Follows all runs that are under way, and those that begin meanwhile. Tells them after each look.
 *
 * @throws {CdktrError} The principal does not answer the first question. The signal's reason when it aborts.
 */
export async function* watchRuns(
  client: PrincipalClient,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<RunsNews, void> {
  const first = await client.call("RUNS", { limit: 1 }, { signal });
  // Ids of runs grow with the time they were triggered at.
  const newestAtStart = first.runs[0]?.runId ?? "";
  let seen = new Set<string>();
  let told = new Set<string>();
  let isLost = false;
  for (;;) {
    try {
      const active = await client.call(
        "RUNS",
        { states: ["RUNNING", "ASSIGNED", "PENDING"], limit: maxPageRuns },
        { signal },
      );
      const recent = await client.call("RUNS", { states: [...finalRunStates], limit: endedMax }, { signal });
      const ended = recent.runs.filter(({ runId }) => (seen.has(runId) || runId > newestAtStart) && !told.has(runId));
      const underWay = new Set(active.runs.map(({ runId }) => runId));
      const found = new Set(ended.map(({ runId }) => runId));
      for (const runId of seen) {
        if (underWay.has(runId) || found.has(runId) || told.has(runId)) continue;
        const { run } = await client.call("WAITRUN", { run: runId, waitMs: 0 }, { signal });
        if (isFinal(run.state)) ended.push(run);
      }
      // One that was retried is told again when it ends again.
      told = new Set(recent.runs.map(({ runId }) => runId).filter((runId) => !underWay.has(runId)));
      seen = underWay;
      isLost = false;
      yield {
        type: "runs",
        underWay: active.runs.toSorted((a, b) => rankOf(a) - rankOf(b) || (a.runId < b.runId ? -1 : 1)),
        ended: ended.toSorted((a, b) => (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0)),
        hasMore: active.cursor !== null,
      };
      await sleep(clock, lookMs, signal);
    } catch (error) {
      if (signal.aborted || !isWorthAnotherTry(error)) throw error;
      if (!isLost) yield { type: "lost", why: messageOf(error) };
      isLost = true;
      await sleep(clock, retryMs, signal);
    }
  }
}

function rankOf({ state }: Run): number {
  return state === "RUNNING" ? 0 : state === "ASSIGNED" ? 1 : 2;
}
