/**
 * The verb that tells what changed, for views that stay open.
 *
 * A place counts for the principal that told it. Within its life the journal has an event at every place, one after the
 * other, so that nothing is missing exactly if the first event behind the place is the next one: compaction removes the
 * oldest events only. Between two lives there may be places without events, or a journal that was put back or made anew and
 * has other events at the same places; therefore `startedAtMs` is compared. Where it is not given, a place that the journal
 * does not go on from is noticed all the same, and another journal that has come to the same place is not.
 */
import { type Run, runIdOf } from "../../core/mod.ts";
import type { ReplyTo, RequestOf } from "../../wire/mod.ts";
import { status } from "./query_verbs.ts";
import type { Services } from "../services.ts";

/** Events that one reply tells of. */
const pageEvents = 1000;
/** Who is more events behind loads anew what it shows, which is less than all of them. */
const eventsBehindMax = 10_000;
/** A reply ends when the parameters of its runs have so many characters: its JSON, escapes included, has to fit a message. */
const pageParamsChars = 4 * 1024 * 1024;

/** What changed since a place. */
type Changes = Pick<ReplyTo<"CHANGES">, "seq" | "runs">;

/** CHANGES */
export async function changes(
  services: Services,
  { afterSeq, startedAtMs, waitMs }: RequestOf<"CHANGES">,
  gone: AbortSignal,
): Promise<ReplyTo<"CHANGES">> {
  const { changeWatch, clock } = services;
  const isOfAnother = startedAtMs !== null && startedAtMs !== services.startedAtMs;
  if (!isOfAnother && afterSeq === changeWatch.committedSeq && waitMs > 0) await changeWatch.wait(waitMs, gone);
  const since = isOfAnother || afterSeq === null ? null : await changesSince(services, afterSeq);
  const { seq, runs } = since ?? { seq: changeWatch.committedSeq, runs: [] };
  return {
    ...{ seq, runs, isReset: since === null, mayHaveMore: seq < changeWatch.committedSeq },
    status: await status(services),
    nowMs: clock.nowMs(),
  };
}

/** The next page of changes behind a place; null when they are not there, or too many. */
async function changesSince({ changeWatch, journal }: Services, afterSeq: number): Promise<Changes | null> {
  const behind = changeWatch.committedSeq - afterSeq;
  if (behind < 0 || behind > eventsBehindMax) return null;
  if (behind === 0) return { seq: afterSeq, runs: [] };
  // Not more than is known to be durable: the place of a later event would be one that is not known yet.
  const events = await journal.eventsAfter(afterSeq, Math.min(behind, pageEvents));
  if (events[0]?.seq !== afterSeq + 1) return null;
  const runs = new Map<string, Run | undefined>();
  let seq = afterSeq;
  let paramsChars = 0;
  for (const { seq: eventSeq, event } of events) {
    const runId = runIdOf(event);
    if (runId !== null) {
      const isFirst = !runs.has(runId);
      // Compaction may have removed it.
      const run = isFirst ? await journal.run(runId) : runs.get(runId);
      if (isFirst) paramsChars += charsOfParams(run);
      if (paramsChars > pageParamsChars && runs.size > 0) break;
      runs.delete(runId);
      runs.set(runId, run);
    }
    seq = eventSeq;
  }
  return { seq, runs: [...runs.values()].filter((run) => run !== undefined) };
}

function charsOfParams(run: Run | undefined): number {
  return Object.values(run?.params ?? {}).reduce((chars, value) => chars + value.length, 0);
}
