/** What changes at a principal, as an asynchronous sequence. */
import { type Clock, sleep } from "../clock/mod.ts";
import type { ReplyTo } from "../wire/mod.ts";
import type { PrincipalClient } from "./client.ts";

/** The longest time between two replies, in milliseconds: a principal without news answers after it. */
const signOfLifeMs = 2000;
/** The least time between two questions, in milliseconds: what happens within it is told at once. */
const gatherMs = 100;

/**
 * Asks again and again what changed: with the first reply, and with each that says so, everything may have.
 *
 * @returns Ends by throwing only.
 * @throws {CdktrError} UNREACHABLE, TIMED_OUT or UNSUPPORTED; the signal's reason when it aborts.
 */
export async function* followChanges(
  client: PrincipalClient,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<ReplyTo<"CHANGES">, never> {
  let afterSeq: number | null = null;
  let startedAtMs: number | null = null;
  for (;;) {
    const request = { afterSeq, startedAtMs, waitMs: signOfLifeMs };
    const news: ReplyTo<"CHANGES"> = await client.call("CHANGES", request, { signal });
    afterSeq = news.seq;
    startedAtMs = news.status.startedAtMs;
    yield news;
    if (!news.mayHaveMore) await sleep(clock, gatherMs, signal);
  }
}
