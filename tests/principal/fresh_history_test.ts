import assert from "node:assert/strict";
import type { HistoryHealth } from "../../src/history/mod.ts";
import { freshnessWaitMaxMs, writeFresh } from "../../src/principal/fresh_history.ts";
import { FakeClock, turn } from "../fake_clock.ts";

function historyOf(state: HistoryHealth["state"], flush: () => Promise<void>) {
  const counts = { bufferedRows: 1, committedRows: 0, droppedRows: 0, refusedRows: 0 };
  return { health: { state, reason: undefined, sinceMs: undefined, ...counts }, flush };
}

Deno.test("a query waits until what came before it is written", async () => {
  const clock = new FakeClock();
  const flushed = Promise.withResolvers<void>();
  let isOver = false;
  const written = writeFresh({ history: historyOf("ok", () => flushed.promise), clock }).then(() => isOver = true);
  await turn();
  assert.equal(isOver, false);
  flushed.resolve();
  await written;
  assert.equal(clock.timerCount, 0);
});

Deno.test("a query does not wait for a history that takes too long, nor fail with it", async () => {
  const clock = new FakeClock();
  const flushed = Promise.withResolvers<void>();
  const written = writeFresh({ history: historyOf("ok", () => flushed.promise), clock });
  clock.advance(freshnessWaitMaxMs);
  await written;
  flushed.reject(new Error("closed meanwhile"));
  await turn();
});

Deno.test("a history that is broken is not asked to write, or each query would leave a wait behind", async () => {
  for (const state of ["degraded", "ended", "closed"] as const) {
    const history = historyOf(state, () => assert.fail("asked to write"));
    await writeFresh({ history, clock: new FakeClock() });
  }
});
