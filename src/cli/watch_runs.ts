/** Following all runs under way. */
import { type Clock, sleep } from "../clock/mod.ts";
import { followChanges, isWorthAnotherTry, type PrincipalClient } from "../client/mod.ts";
import { CdktrError, isFinal, messageOf, type Run } from "../core/mod.ts";
import { maxPageRuns } from "../wire/mod.ts";

/** How long after a principal did not answer it is asked again. */
const retryMs = 1000;

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
 * Follows all runs that are under way, and those that begin meanwhile. Tells them at first and after each change.
 *
 * @throws {CdktrError} The principal does not answer the first question. The signal's reason when it aborts.
 */
export async function* watchRuns(
  client: PrincipalClient,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<RunsNews, void> {
  let known = new Map<string, Run>();
  let hasMore = false;
  let hasAnswered = false;
  let isLost = false;
  for (;;) {
    try {
      for await (const { isReset, runs } of followChanges(client, clock, signal)) {
        hasAnswered = true;
        isLost = false;
        const ended = runs.filter(({ state }) => isFinal(state));
        if (isReset) {
          const page = await client.call(
            "RUNS",
            { states: ["RUNNING", "ASSIGNED", "PENDING"], limit: maxPageRuns },
            { signal },
          );
          const underWay = new Map(page.runs.map((run) => [run.runId, run]));
          ended.push(...await endOf([...known.keys()].filter((runId) => !underWay.has(runId)), client, signal));
          known = underWay;
          hasMore = page.cursor !== null;
        } else if (runs.length === 0) continue;
        for (const run of runs) {
          if (isFinal(run.state)) known.delete(run.runId);
          else known.set(run.runId, run);
        }
        const underWay = [...known.values()].sort((a, b) => rankOf(a) - rankOf(b) || (a.runId < b.runId ? -1 : 1));
        yield { type: "runs", underWay, ended, hasMore };
      }
    } catch (error) {
      if (signal.aborted || !hasAnswered || !isWorthAnotherTry(error)) throw error;
      if (!isLost) yield { type: "lost", why: messageOf(error) };
      isLost = true;
      await sleep(clock, retryMs, signal);
    }
  }
}

/** What became of runs that ended while nothing was heard of the principal; a run that it has no more is passed over. */
async function endOf(runIds: readonly string[], client: PrincipalClient, signal: AbortSignal): Promise<Run[]> {
  const runs: Run[] = [];
  for (const run of runIds) {
    try {
      runs.push((await client.call("WAITRUN", { run, waitMs: 0 }, { signal })).run);
    } catch (error) {
      // It may have come back with another journal, or without its oldest runs.
      if (!(error instanceof CdktrError) || error.code !== "NOT_FOUND") throw error;
    }
  }
  return runs.filter(({ state }) => isFinal(state)).sort((a, b) => (a.finishedAtMs ?? 0) - (b.finishedAtMs ?? 0));
}

function rankOf({ state }: Run): number {
  return state === "RUNNING" ? 0 : state === "ASSIGNED" ? 1 : 2;
}
