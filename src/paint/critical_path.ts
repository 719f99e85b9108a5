/**
 * Which tasks determined the end of a run, and how much later the others could have ended: the critical path method
 * (Kelley and Walker, 1959) on the durations that were.
 */
import { cleanGraph, type Node } from "./graph.ts";

/** When a task ran, in milliseconds on any clock that all tasks share. */
export interface TimedTask extends Node {
  /** Null for a task that did not run; then so is its end. */
  readonly startMs: number | null;
  /** Of a task that runs: now. */
  readonly endMs: number | null;
}

/** What is critical about a run. */
export interface CriticalPath {
  /** From the first to the one that ended last: before each stands the one of its dependencies that ended last. */
  readonly criticalIds: readonly string[];
  /** How much later each task could have ended without the run ending later; at least 0. Of tasks that ran. */
  readonly slackMs: ReadonlyMap<string, number>;
}

/** Finds the critical path. Times that go back, as of clocks that were put back, count as none passing. */
export function criticalPathOf(tasks: readonly TimedTask[]): CriticalPath {
  const { order, before, after } = cleanGraph(tasks);
  const ran = new Map(
    order.flatMap(({ id, startMs, endMs }) =>
      startMs === null || endMs === null ? [] : [[id, { startMs, endMs: Math.max(startMs, endMs) }]]
    ),
  );
  const lastOf = (ids: Iterable<string>): string | undefined => {
    let last: string | undefined;
    for (const id of ids) {
      const endMs = ran.get(id)?.endMs;
      if (endMs !== undefined && (last === undefined || endMs > (ran.get(last)?.endMs ?? endMs))) last = id;
    }
    return last;
  };
  const criticalIds: string[] = [];
  const last = lastOf(ran.keys());
  for (let id = last; id !== undefined; id = lastOf(before.get(id) ?? [])) criticalIds.unshift(id);

  const endOfRunMs = last === undefined ? 0 : ran.get(last)?.endMs ?? 0;
  const latestStartMs = new Map<string, number>();
  const slackMs = new Map<string, number>();
  for (const { id } of order.toReversed()) {
    const times = ran.get(id);
    if (times === undefined) continue;
    const { startMs, endMs } = times;
    const limitMs = (after.get(id) ?? []).reduce(
      (least, other) => Math.min(least, latestStartMs.get(other) ?? Infinity),
      endOfRunMs,
    );
    // A dependent that began before this one ended, by clocks that were put back, would make it negative.
    const latestMs = Math.max(limitMs, endMs);
    slackMs.set(id, latestMs - endMs);
    latestStartMs.set(id, latestMs - (endMs - startMs));
  }
  return { criticalIds, slackMs };
}
