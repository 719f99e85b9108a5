/** What a flood may do to others: the limits of memory and of another client's wait, the same for every flood. */
import { ok } from "node:assert/strict";
import { Bystander, type Latency } from "./bystander.ts";
import type { Fleet } from "./fleet.ts";
import { forgetPeak, peakMiB, residentMiB } from "./memory.ts";
import { pause } from "./scenario.ts";

/** How long the quiet before the flood is watched, in milliseconds. */
const quietMs = 2_000;
/** Rest after the flood before memory is read for the last time, in milliseconds. */
const restMs = 1_000;
/** A flood may make another client wait so many times as long as in the quiet, in the median ... */
const waitRatioMax = 40;
/** ... where so many milliseconds are fine in any case: floods, their makers and the rest share the machine. */
const waitFineMs = 2_000;
/** The longest it may take from a trigger until its client has heard of the end of the run. */
const heardMaxMs = 10_000;

/** How much memory the principal may take for a flood. */
export interface Bounds {
  /** At its peak, above what it had before, in MiB. */
  readonly growthMaxMiB: number;
}

/** A flood as others saw it. */
export interface Seen<T> {
  /** What the flood itself brought back. */
  readonly brought: T;
  /** Ready to be printed. */
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Lets a flood go over the principal of a fleet while a bystander works, and compares with the quiet before.
 *
 * @throws When memory or the bystander's waits exceed their limits, with all figures.
 */
export async function watchOthers<T>(
  fleet: Fleet,
  { growthMaxMiB }: Bounds,
  flood: () => Promise<T>,
): Promise<Seen<T>> {
  await using bystander = await Bystander.start(fleet);
  const quietFromMs = Date.now();
  await pause(quietMs);
  const quiet = await bystander.seen(quietFromMs, Date.now());
  const { principal } = fleet;
  await forgetPeak(principal);
  const beforeMiB = await residentMiB(principal);
  const fromMs = Date.now();
  const brought = await flood();
  const meanwhile = await bystander.seen(fromMs, Date.now());
  const peak = await peakMiB(principal);
  await pause(restMs);
  const afterMiB = await residentMiB(principal);
  const figures = {
    ...latencyFigures("quiet", quiet),
    ...latencyFigures("flood", meanwhile),
    rssBeforeMiB: Math.round(beforeMiB),
    rssPeakMiB: Math.round(peak),
    rssAfterMiB: Math.round(afterMiB),
  };
  const told = JSON.stringify(figures);
  // Without /proc there is no figure, and nothing that could be said of it.
  if (!Number.isNaN(peak)) {
    ok(peak - beforeMiB <= growthMaxMiB, `the principal grew by more than ${growthMaxMiB} MiB: ${told}`);
  }
  const waitMaxMs = Math.max(quiet.p50Ms * waitRatioMax, waitFineMs);
  ok(meanwhile.p50Ms <= waitMaxMs, `others waited longer than ${waitMaxMs} ms in the median: ${told}`);
  ok(meanwhile.heardMaxMs <= heardMaxMs, `others heard nothing for longer than ${heardMaxMs} ms: ${told}`);
  return { brought, figures };
}

function latencyFigures(name: string, { samples, p50Ms, p99Ms, heardMaxMs }: Latency): Record<string, number> {
  return {
    [`${name}Samples`]: samples,
    [`${name}P50Ms`]: p50Ms,
    [`${name}P99Ms`]: p99Ms,
    [`${name}HeardMaxMs`]: heardMaxMs,
  };
}
