import assert from "node:assert/strict";
import fc from "fast-check";
import { RunQueue } from "../../src/core/queue.ts";

/** A waiting run; of ordinary priority and with no needs unless told otherwise. */
function waiting(runId: string, change: { priority?: number; requires?: readonly string[] } = {}) {
  return { runId, priority: 0, requires: [], ...change };
}

function queueOf(...runIds: string[]): RunQueue {
  const queue = new RunQueue();
  for (const runId of runIds) queue.add(waiting(runId));
  return queue;
}

Deno.test("the older run comes first, whenever it was added", () => {
  assert.deepEqual([...queueOf("b", "c", "a").ids()], ["a", "b", "c"]);
});

Deno.test("higher priority comes first, negative priority last", () => {
  const queue = queueOf("a", "b");
  queue.add(waiting("c", { priority: 5 }));
  queue.add(waiting("d", { priority: -5 }));
  queue.add(waiting("e", { priority: 5 }));
  assert.deepEqual([...queue.ids()], ["c", "e", "a", "b", "d"]);
});

Deno.test("a run leaves from the head, the middle and the end", () => {
  const queue = queueOf("a", "b", "c", "d", "e");
  for (const runId of ["c", "a", "e"]) queue.remove(runId);
  assert.deepEqual([...queue.ids()], ["b", "d"]);
  assert.equal(queue.size, 2);
});

Deno.test("a run that comes back finds its old place", () => {
  const queue = queueOf("a", "b", "c");
  queue.remove("b");
  assert.equal(queue.has("b"), false);
  queue.add(waiting("b"));
  assert.deepEqual([...queue.ids()], ["a", "b", "c"]);
});

Deno.test("removing a run that does not wait changes nothing", () => {
  const queue = queueOf("a");
  queue.remove("b");
  assert.deepEqual([...queue.ids()], ["a"]);
});

Deno.test("an agent is offered what needs nothing that it has not", () => {
  const queue = queueOf("plain");
  queue.add(waiting("gpu", { requires: ["gpu"], priority: 1 }));
  queue.add(waiting("both", { requires: ["gpu", "eu"] }));
  assert.deepEqual([...queue.idsFor([])], ["plain"]);
  assert.deepEqual([...queue.idsFor(["gpu"])], ["gpu", "plain"]);
  assert.deepEqual([...queue.idsFor(["eu", "gpu"])], ["gpu", "both", "plain"]);
});

Deno.test("whatever is done to it, the queue agrees with a sorted list", () => {
  const run = fc.record({
    runId: fc.integer({ min: 0, max: 30 }).map((n) => `r${String(n).padStart(2, "0")}`),
    priority: fc.constantFrom(0, 0, 0, 1, -1),
    requires: fc.subarray(["gpu", "eu"]),
  });
  const step = fc.record({ action: fc.constantFrom("add" as const, "add" as const, "remove" as const), run });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.subarray(["gpu", "eu"]), (steps, offers) => {
    const queue = new RunQueue();
    const model = new Map<string, typeof run extends fc.Arbitrary<infer T> ? T : never>();
    for (const { action, run } of steps) {
      if (action === "remove") {
        model.delete(run.runId);
        queue.remove(run.runId);
      } else if (!model.has(run.runId)) {
        model.set(run.runId, run);
        queue.add(run);
      }
      const sorted = [...model.values()].sort((a, b) => b.priority - a.priority || (a.runId < b.runId ? -1 : 1));
      assert.deepEqual([...queue.ids()], sorted.map(({ runId }) => runId));
      const fitting = sorted.filter(({ requires }) => requires.every((need) => offers.includes(need)));
      assert.deepEqual([...queue.idsFor(offers)], fitting.map(({ runId }) => runId));
      assert.equal(queue.size, model.size);
    }
  }));
});

// The bounds below are some fifty times what is needed; work that grows with the square of the queue takes minutes.

Deno.test("100,000 runs come and go in linear time, by the head, the middle and the end", () => {
  const runIds = Array.from({ length: 100_000 }, (_, i) => `r${String(i).padStart(6, "0")}`);
  const orders = {
    head: runIds,
    middle: [...runIds.slice(50_000), ...runIds.slice(0, 50_000)],
    end: runIds.toReversed(),
  };
  const startedMs = performance.now();
  for (const [name, order] of Object.entries(orders)) {
    const queue = queueOf(...runIds);
    for (const runId of order) {
      queue.remove(runId);
      queue.ids().next();
    }
    assert.equal(queue.size, 0, name);
  }
  assert.ok(performance.now() - startedMs < 10_000);
});

Deno.test("100,000 runs that an agent cannot do cost it nothing", () => {
  const queue = new RunQueue();
  for (let i = 0; i < 100_000; i++) queue.add(waiting(`r${i}`, { requires: ["gpu"] }));
  queue.add(waiting("z"));
  const startedMs = performance.now();
  for (let i = 0; i < 100_000; i++) assert.equal(queue.idsFor([]).next().value, "z");
  assert.ok(performance.now() - startedMs < 5_000);
});

Deno.test("runs that come and go behind one that nobody can take leave no trace", () => {
  const queue = queueOf("a stuck one");
  let previous: string | null = null;
  for (let i = 0; i < 200_000; i++) {
    queue.add(waiting(`r${String(i).padStart(6, "0")}`));
    if (previous !== null) queue.remove(previous);
    previous = `r${String(i).padStart(6, "0")}`;
  }
  queue.remove("r199999");
  // One look costs what waits, not what ever waited: 10,000 looks past 200,000 dead places would take a minute.
  const startedMs = performance.now();
  for (let i = 0; i < 10_000; i++) assert.deepEqual([...queue.ids()], ["a stuck one"]);
  assert.ok(performance.now() - startedMs < 5_000);
});
