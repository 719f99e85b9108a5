import assert from "node:assert/strict";
import fc from "fast-check";
import { RunQueue } from "../../src/core/queue.ts";

function queueOf(...runIds: string[]): RunQueue {
  const queue = new RunQueue();
  for (const runId of runIds) queue.push(runId);
  return queue;
}

Deno.test("runs leave in the order they came", () => {
  assert.deepEqual([...queueOf("a", "b", "c").ids()], ["a", "b", "c"]);
});

Deno.test("a run leaves from the head, the middle and the end", () => {
  const queue = queueOf("a", "b", "c", "d", "e");
  for (const runId of ["c", "a", "e"]) queue.remove(runId);
  assert.deepEqual([...queue.ids()], ["b", "d"]);
  assert.equal(queue.size, 2);
});

Deno.test("a returned run stands before all others, the last returned first", () => {
  const queue = queueOf("a", "b");
  queue.pushFront("x");
  queue.pushFront("y");
  assert.deepEqual([...queue.ids()], ["y", "x", "a", "b"]);
});

Deno.test("a run that comes back has left its former place", () => {
  const queue = queueOf("a", "b", "c");
  queue.remove("b");
  queue.pushFront("b");
  assert.deepEqual([...queue.ids()], ["b", "a", "c"]);
  queue.remove("b");
  queue.push("b");
  assert.deepEqual([...queue.ids()], ["a", "c", "b"]);
});

Deno.test("removing a run that does not wait changes nothing", () => {
  const queue = queueOf("a");
  queue.remove("b");
  assert.deepEqual([...queue.ids()], ["a"]);
});

Deno.test("whatever is done to it, the queue agrees with a plain list", () => {
  const runId = fc.integer({ min: 0, max: 30 }).map((n) => `r${n}`);
  const step = fc.record({ action: fc.constantFrom("push" as const, "pushFront" as const, "remove" as const), runId });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const queue = new RunQueue();
    const list: string[] = [];
    for (const { action, runId } of steps) {
      const place = list.indexOf(runId);
      if (action === "remove") {
        if (place >= 0) list.splice(place, 1);
        queue.remove(runId);
      } else if (place < 0) {
        list.splice(action === "push" ? list.length : 0, 0, runId);
        queue[action](runId);
      }
      assert.deepEqual([...queue.ids()], list);
      assert.equal(queue.size, list.length);
    }
  }));
});

// The bounds below are some fifty times what is needed; work that grows with the square of the queue takes minutes.

Deno.test("100,000 runs come and go in linear time, by the head, the middle and the end", () => {
  const runIds = Array.from({ length: 100_000 }, (_, i) => `r${i}`);
  const orders = {
    head: runIds,
    middle: [...runIds.slice(50_000), ...runIds.slice(0, 50_000)],
    end: runIds.toReversed(),
  };
  const startedMs = performance.now();
  for (const [name, order] of Object.entries(orders)) {
    const queue = new RunQueue();
    for (const runId of runIds) queue.push(runId);
    for (const runId of order) {
      queue.remove(runId);
      queue.ids().next();
    }
    assert.equal(queue.size, 0, name);
  }
  assert.ok(performance.now() - startedMs < 10_000);
});

Deno.test("runs that come and go behind one that nobody can take leave no trace", () => {
  for (const put of ["push", "pushFront"] as const) {
    const queue = queueOf("stuck");
    if (put === "pushFront") queue.pushFront("stuck too");
    const waiting = [...queue.ids()];
    let previous: string | null = null;
    for (let i = 0; i < 200_000; i++) {
      queue[put](`r${i}`);
      if (previous !== null) queue.remove(previous);
      previous = `r${i}`;
    }
    queue.remove("r199999");
    // One look costs what waits, not what ever waited: 10,000 looks past 200,000 dead places would take a minute.
    const startedMs = performance.now();
    for (let i = 0; i < 10_000; i++) assert.deepEqual([...queue.ids()], waiting);
    assert.ok(performance.now() - startedMs < 5_000, put);
  }
});
