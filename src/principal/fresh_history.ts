/** Queries of the history that are to find what was handed over just before. */
import { type Clock, sleep } from "../clock/mod.ts";
import type { History } from "../history/mod.ts";

/**
 * How long a query waits for what came before it to be written, in milliseconds. After that it is answered with what is
 * there: clients of the original wait 3 s for the whole.
 */
export const freshnessWaitMaxMs = 1000;

/** Has the history write what it was handed, as far as it can at present. Never throws: the query tells what is wrong. */
export async function writeFresh(
  { history, clock }: { history: Pick<History, "health" | "flush">; clock: Clock },
): Promise<void> {
  // A flush of a history that is broken ends when it is mended, and each one that waits is remembered until then.
  if (history.health.state !== "ok") return;
  const over = new AbortController();
  const flushed = history.flush().catch(() => {});
  await Promise.race([flushed, sleep(clock, freshnessWaitMaxMs, over.signal).catch(() => {})]);
  over.abort();
}
