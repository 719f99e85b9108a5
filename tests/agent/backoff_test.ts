import assert from "node:assert/strict";
import fc from "fast-check";
import { judgeFailure, retryPauseMs } from "../../src/agent/backoff.ts";
import type { Random } from "../../src/clock/mod.ts";
import { noRetry } from "../../src/workflow/mod.ts";

/** A random source that always gives this fraction. */
function always(fraction: number): Random {
  return { fraction: () => fraction, bytes: (count) => new Uint8Array(count) };
}

const middle = always(0.5);

Deno.test("the pause between tries grows by the factor up to the longest pause", () => {
  const pauses = (retry: Partial<typeof noRetry>, numbers: number[]) =>
    numbers.map((number) => retryPauseMs({ ...noRetry, ...retry }, number, middle));
  assert.deepEqual(pauses({}, [1, 2, 3, 6, 7, 8, 1000]), [1e3, 2e3, 4e3, 32e3, 60e3, 60e3, 60e3]);
  assert.deepEqual(pauses({ factor: 1, delayMs: 250 }, [1, 2, 50]), [250, 250, 250]);
  assert.deepEqual(pauses({ factor: 1.5, delayMs: 100, maxDelayMs: 200 }, [1, 2, 3]), [100, 150, 200]);
  assert.deepEqual(pauses({ delayMs: 0, factor: 100 }, [1, 1000]), [0, 0], "and zero stays zero");
});

Deno.test("jitter adds or takes away up to its fraction of the pause", () => {
  const pause = (jitter: number, fraction: number) =>
    retryPauseMs({ ...noRetry, delayMs: 10_000, jitter }, 1, always(fraction));
  assert.deepEqual([pause(0.2, 0), pause(0.2, 0.5), pause(0.2, 0.75)], [8_000, 10_000, 11_000]);
  assert.deepEqual([pause(0, 0), pause(0, 0.999)], [10_000, 10_000]);
  assert.equal(pause(1, 0), 0);
});

Deno.test("a pause is a whole number of milliseconds, never negative, and within the jitter of the plain one", () => {
  fc.assert(fc.property(
    fc.record({
      delayMs: fc.integer({ min: 0, max: 100_000 }),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      maxDelayMs: fc.integer({ min: 0, max: 1_000_000 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.integer({ min: 1, max: 1000 }),
    fc.double({ min: 0, max: 0.999999, noNaN: true }),
    (retry, number, fraction) => {
      const pauseMs = retryPauseMs({ ...noRetry, ...retry }, number, always(fraction));
      assert.ok(Number.isSafeInteger(pauseMs) && pauseMs >= 0, String(pauseMs));
      assert.ok(pauseMs <= Math.ceil(retry.maxDelayMs * (1 + retry.jitter)));
    },
  ));
});

Deno.test("with a list of exit codes any other failure is final, and says why", () => {
  const retry = { ...noRetry, max: 2, exitCodes: [75, 111] };
  assert.deepEqual(judgeFailure(75, 1, retry, middle), { again: true, pauseMs: 1_000 });
  assert.deepEqual(judgeFailure(111, 2, retry, middle), { again: true, pauseMs: 2_000 });
  const why = "only exit codes 75, 111 are tried again";
  assert.deepEqual(judgeFailure(1, 1, retry, middle), { again: false, why });
  assert.deepEqual(judgeFailure(null, 1, retry, middle), { again: false, why }, "a signal, a timeout, no start");
  assert.deepEqual(judgeFailure(1, 1, { ...retry, exitCodes: [75] }, middle), {
    again: false,
    why: "only exit code 75 is tried again",
  });
});

Deno.test("without a list every failure is tried again, until the tries are used up", () => {
  const retry = { ...noRetry, max: 1 };
  assert.deepEqual(judgeFailure(null, 1, retry, middle), { again: true, pauseMs: 1_000 });
  assert.deepEqual(judgeFailure(1, 2, retry, middle), { again: false, why: null });
  assert.deepEqual(judgeFailure(1, 1, noRetry, middle), { again: false, why: null });
});
