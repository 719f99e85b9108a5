import assert from "node:assert/strict";
import { Lane, type Owed } from "../../src/scheduler/lane.ts";

const owed = (...times: number[]): Owed[] => times.map((dueMs) => ({ dueMs, isMissed: false }));
const times = (some: readonly Owed[]) => some.map(({ dueMs }) => dueMs);

/** Takes out all that is owed, as the principal would. */
function drain(lane: Lane): number[] {
  const taken: number[] = [];
  for (let first = lane.first; first !== undefined; first = lane.first) {
    taken.push(first.dueMs);
    lane.settle(first);
  }
  return taken;
}

Deno.test("due times come out oldest first, each once", () => {
  const lane = new Lane("a");
  assert.deepEqual(lane.add(owed(30, 40), 0), []);
  assert.deepEqual(lane.add(owed(10, 20, 30), 0), []);
  assert.equal(lane.size, 4);
  assert.deepEqual(drain(lane), [10, 20, 30, 40]);
});

Deno.test("without catchup the first is kept while the principal takes nothing", () => {
  const lane = new Lane("a");
  lane.add(owed(10, 20), 0);
  assert.deepEqual(times(lane.fail()), [20]);
  assert.deepEqual(times(lane.add(owed(30), 0)), [30]);
  assert.deepEqual(drain(lane), [10]);
  assert.deepEqual(lane.add(owed(40, 50), 0), [], "once one was taken, the others come as they are due");
});

Deno.test("with catchup the newest are kept while the principal takes nothing", () => {
  const lane = new Lane("a");
  lane.add(owed(10), 2);
  assert.deepEqual(lane.fail(), []);
  assert.deepEqual(lane.add(owed(20), 2), []);
  assert.deepEqual(times(lane.add(owed(30), 2)), [10]);
  lane.settle({ dueMs: 10, isMissed: false }); // It was under way when it was given up.
  assert.deepEqual(drain(lane), [20, 30]);
});

Deno.test("a principal that is only slow loses no due time, within the limit", () => {
  const lane = new Lane("a");
  for (let dueMs = 1; dueMs <= 2_000; dueMs++) assert.deepEqual(lane.add(owed(dueMs), 0), []);
  assert.deepEqual(times(lane.add(owed(2_001), 0)), [1]);
  assert.equal(lane.size, 2_000);
});

Deno.test("of a workflow whose schedule is gone nothing is owed", () => {
  const lane = new Lane("a");
  lane.add(owed(10, 20), 5);
  lane.clear();
  assert.equal(lane.first, undefined);
});
