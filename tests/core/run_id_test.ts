import assert from "node:assert/strict";
import fc from "fast-check";
import { makeRunId, runIdLowerBound, RunIds } from "../../src/core/mod.ts";

const timeMs = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const randomness = fc.uint8Array({ minLength: 10, maxLength: 10 });

Deno.test("a run id is laid out as RFC 9562, section 5.7 says", () => {
  // The example of its appendix A.6.
  const bytes = Uint8Array.from([0xcc, 0x31, 0x8c, 0x4d, 0xc0, 0xc0, 0xc0, 0x73, 0x98, 0xf0]);
  assert.equal(makeRunId(0x017f22e279b0, bytes), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

Deno.test("every run id is a UUID of version 7 with its time in front", () => {
  fc.assert(fc.property(timeMs, randomness, (atMs, bytes) => {
    const id = makeRunId(atMs, bytes);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(parseInt(id.slice(0, 13).replace("-", ""), 16), atMs);
  }));
});

Deno.test("all 74 random bits count", () => {
  const bits = (id: string) => BigInt(`0x${id.slice(13).replaceAll("-", "")}`);
  const variable = bits(makeRunId(0, new Uint8Array(10).fill(0))) ^ bits(makeRunId(0, new Uint8Array(10).fill(255)));
  assert.equal(variable.toString(2).replaceAll("0", "").length, 74);
});

Deno.test("ids sort by time, and the lower bound stands between what is older and what is not", () => {
  fc.assert(fc.property(timeMs, timeMs, randomness, randomness, (aMs, bMs, aBytes, bBytes) => {
    const a = makeRunId(aMs, aBytes);
    const b = makeRunId(bMs, bBytes);
    if (aMs < bMs) assert.ok(a < b);
    assert.equal(a >= runIdLowerBound(bMs), aMs >= bMs);
  }));
});

Deno.test("a bound outside the range of the ids is moved to its edge", () => {
  assert.equal(runIdLowerBound(-5), "00000000-0000");
  assert.equal(runIdLowerBound(2 ** 60), "ffffffff-ffff");
  assert.equal(runIdLowerBound(1.9), runIdLowerBound(1));
});

Deno.test("ids sort in the order they were made, within a millisecond and while the clock goes back", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 50 }), randomness, (steps, bytes) => {
    const runIds = new RunIds();
    let nowMs = 1_800_000_000_000;
    const ids = steps.map((step) => runIds.next(nowMs += step, bytes));
    assert.deepEqual(ids, ids.toSorted());
    assert.equal(new Set(ids).size, ids.length);
  }));
});

Deno.test("ids sort after the newest of another process, although the clock was put back since", () => {
  fc.assert(fc.property(fc.integer({ min: -3_600_000, max: 3_600_000 }), randomness, (step, bytes) => {
    const before = new RunIds();
    before.next(1_800_000_000_000, bytes);
    const newest = before.next(1_800_000_000_000, bytes);
    assert.ok(new RunIds(newest).next(1_800_000_000_000 + step, bytes) > newest);
  }));
});

Deno.test("more ids than a millisecond has room for borrow from the next one", () => {
  const runIds = new RunIds();
  const ids = Array.from({ length: 10_000 }, () => runIds.next(1_800_000_000_000, new Uint8Array(10).fill(255)));
  assert.deepEqual(ids, ids.toSorted());
  assert.equal(new Set(ids).size, ids.length);
});
