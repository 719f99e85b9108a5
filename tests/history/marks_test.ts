import assert from "node:assert/strict";
import { logMarkLifetimeMs, logMarksMax, logStreamOf } from "../../src/history/mod.ts";
import { Marks } from "../../src/history/marks.ts";

const none = { streams: [], positions: [], atMs: [] };

Deno.test("a stream is at what was handed over, committed at what was committed", () => {
  const marks = new Marks();
  marks.reset({ streams: ["journal"], positions: [5], atMs: [1] });
  assert.deepEqual([marks.positionOf("journal"), marks.committedPositionOf("journal")], [5, 5]);
  marks.handOver({ stream: "journal", position: 6 });
  marks.handOver({ stream: "journal", position: 9 });
  assert.deepEqual([marks.positionOf("journal"), marks.committedPositionOf("journal")], [9, 5]);
  marks.commit(new Map([["journal", 6]]), 2);
  assert.deepEqual([marks.positionOf("journal"), marks.committedPositionOf("journal")], [9, 6]);
  marks.commit(new Map([["journal", 9]]), 3);
  assert.deepEqual([marks.positionOf("journal"), marks.committedPositionOf("journal")], [9, 9]);
  assert.equal(marks.positionOf("other"), 0);
});

Deno.test("a wait ends when its position is committed, fails, or its signal is aborted; one for the past at once", async () => {
  const marks = new Marks();
  const order: string[] = [];
  const aborted = new AbortController();
  const waits = [
    marks.whenCommitted("a", 2).then(() => order.push("a2")),
    marks.whenCommitted("a", 1).then(() => order.push("a1")),
    assert.rejects(marks.whenCommitted("a", 4, aborted.signal), /gone/),
    assert.rejects(marks.whenCommitted("b", 1), /lost/),
  ];
  marks.commit(new Map([["a", 1]]), 0);
  await Promise.resolve();
  marks.commit(new Map([["a", 3]]), 0);
  await marks.whenCommitted("a", 3);
  aborted.abort(new Error("gone"));
  marks.failAll(new Error("lost"));
  await Promise.all(waits);
  assert.deepEqual(order, ["a1", "a2"]);
});

Deno.test("log streams that had no line for long are forgotten, others and younger ones are not", () => {
  const marks = new Marks();
  const [old, young] = [logStreamOf("r1", 1), logStreamOf("r2", 1)];
  marks.reset({ streams: ["journal", old, young], positions: [1, 2, 3], atMs: [0, 0, logMarkLifetimeMs] });
  marks.commit(new Map([["history:batch", 8]]), logMarkLifetimeMs + 1);
  assert.deepEqual(["journal", old, young].map((stream) => marks.positionOf(stream)), [1, 0, 3]);
});

Deno.test("of more log streams than are remembered the ones written longest ago are forgotten", () => {
  const marks = new Marks();
  marks.reset(none);
  for (let run = 0; run < logMarksMax; run++) marks.commit(new Map([[logStreamOf(String(run), 1), 7]]), 0);
  marks.commit(new Map([[logStreamOf("0", 1), 8]]), 0);
  marks.commit(new Map([[logStreamOf("one more", 1), 1]]), 0);
  assert.equal(marks.positionOf(logStreamOf("0", 1)), 8);
  assert.equal(marks.positionOf(logStreamOf("1", 1)), 0);
  assert.equal(marks.positionOf(logStreamOf("2", 1)), 7);
  assert.equal(marks.positionOf(logStreamOf("one more", 1)), 1);
});
