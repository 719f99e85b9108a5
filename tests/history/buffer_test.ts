import assert from "node:assert/strict";
import { batchRows, type BufferLimits, RowBuffer } from "../../src/history/buffer.ts";
import { type Chunk, linesOf } from "../../src/history/chunk.ts";
import { chunkRows } from "../../src/history/collector.ts";
import type { LogRow } from "../../src/history/mod.ts";
import { line, lines } from "./fixtures.ts";

const roomy: BufferLimits = { rows: 1_000_000, chars: 2 ** 30, markedRows: 1_000_000, markedChars: 2 ** 30 };

function logsOf(chunks: readonly Chunk[]): LogRow[] {
  return chunks.flatMap((chunk) => chunk.kind === "logs" ? [...linesOf(chunk)] : []);
}

function fill(buffer: RowBuffer, rows: readonly LogRow[]): void {
  for (const row of rows) buffer.addLog(row);
}

Deno.test("rows are taken in order, again after a release, and not again once settled", () => {
  const buffer = new RowBuffer(roomy);
  fill(buffer, lines(5_000));
  const first = buffer.take();
  assert.deepEqual(logsOf(first.chunks), lines(5_000));
  buffer.release();
  fill(buffer, [line("later")]);
  assert.deepEqual(logsOf(buffer.take().chunks), [...lines(5_000), line("later")]);
  buffer.settle();
  assert.equal(buffer.rows, 0);
  assert.equal(buffer.chars, 0);
  assert.ok(buffer.isEmpty);
});

Deno.test("a batch has its limit in rows and in text", () => {
  const buffer = new RowBuffer(roomy);
  fill(buffer, lines(batchRows + 10_000));
  assert.equal(buffer.take().rows, batchRows);
  buffer.settle();
  assert.equal(buffer.take().rows, 10_000);
  buffer.settle();
  fill(buffer, Array.from({ length: 40 }, () => line("x".repeat(2 ** 20))));
  assert.equal(buffer.take().rows, 16);
});

Deno.test("a full buffer gives up the oldest log lines, and a line in their place counts them by task run", () => {
  const buffer = new RowBuffer({ ...roomy, rows: 2 * chunkRows });
  fill(buffer, lines(chunkRows - 3));
  fill(buffer, [1, 2, 3].map((n) => line(`other ${n}`, { taskRunId: "task-run-2", timestampMs: n })));
  fill(buffer, lines(2 * chunkRows));
  buffer.add({ runStatuses: [{ workflowId: "w", runId: "r", status: "FAILED", timestampMs: 1 }] });
  assert.equal(buffer.enforceLimits(), 2 * chunkRows);
  assert.equal(buffer.droppedRows, 2 * chunkRows);
  const batch = buffer.take();
  assert.equal(batch.rows, chunkRows + 1);
  const [gap, otherGap, next] = logsOf(batch.chunks);
  assert.match(gap?.payload ?? "", new RegExp(`${2 * chunkRows - 3} lines are missing`));
  assert.deepEqual([gap?.level, gap?.taskRunId], ["WARNING", "task-run-1"]);
  assert.match(otherGap?.payload ?? "", /3 lines are missing/);
  assert.equal(otherGap?.taskRunId, "task-run-2");
  assert.equal(next?.payload, `line ${chunkRows}`);
  assert.ok(batch.chunks.some((chunk) => chunk.kind === "runStatuses"));
});

Deno.test("gaps of a batch that failed are counted together with those that came after", () => {
  const buffer = new RowBuffer({ ...roomy, rows: 10 });
  fill(buffer, lines(12));
  buffer.enforceLimits();
  assert.equal(buffer.take().rows, 0);
  fill(buffer, lines(11));
  buffer.enforceLimits();
  buffer.release();
  const [gap, ...rest] = logsOf(buffer.take().chunks);
  assert.match(gap?.payload ?? "", /23 lines are missing/);
  assert.equal(rest.length, 0);
  buffer.settle();
  assert.ok(buffer.isEmpty);
});

Deno.test("what is being written is not given up", () => {
  const buffer = new RowBuffer({ ...roomy, rows: 10 });
  fill(buffer, lines(10));
  buffer.take();
  fill(buffer, lines(5));
  assert.equal(buffer.enforceLimits(), 5);
  buffer.settle();
  assert.equal(buffer.rows, 0);
});

Deno.test("a place is past when everything before it has left, whatever came after", () => {
  const buffer = new RowBuffer(roomy);
  fill(buffer, lines(3));
  const place = buffer.place();
  assert.ok(!buffer.isPast(place));
  buffer.take();
  fill(buffer, lines(3));
  buffer.settle();
  assert.ok(buffer.isPast(place));
  assert.equal(buffer.rows, 3);
});

Deno.test("marked rows are never given up, whatever others come, and there is room for them up to their own limit", () => {
  const buffer = new RowBuffer({ ...roomy, rows: 1_000, markedRows: 300 });
  buffer.addMarked({ stream: "log:a:1", position: 200 }, lines(200), {});
  assert.ok(buffer.hasRoom);
  buffer.addMarked({ stream: "log:b:1", position: 200 }, lines(200), {});
  assert.ok(!buffer.hasRoom);
  fill(buffer, lines(5_000));
  buffer.enforceLimits();
  const batch = buffer.take();
  assert.deepEqual([...batch.marks], [["log:a:1", 200], ["log:b:1", 200]]);
  assert.equal(logsOf(batch.chunks).filter(({ level }) => level === "INFO").length, buffer.rows);
  assert.ok(buffer.rows >= 400 && buffer.rows <= 1_000, String(buffer.rows));
  buffer.settle();
  assert.ok(buffer.isEmpty && buffer.hasRoom);
});

Deno.test("what one call hands over is in one batch, and the mark with it", () => {
  const buffer = new RowBuffer(roomy);
  for (let position = 1; position <= 40; position++) {
    buffer.addMarked({ stream: "log:a:1", position }, lines(5_000), {});
  }
  let rows = 0;
  while (!buffer.isEmpty) {
    const batch = buffer.take();
    rows += batch.rows;
    assert.equal(batch.marks.get("log:a:1"), rows / 5_000);
    buffer.settle();
  }
  assert.equal(rows, 200_000);
});

Deno.test("a mark without rows is something to write", () => {
  const buffer = new RowBuffer(roomy);
  buffer.addMarked({ stream: "journal", position: 7 }, [], {});
  assert.ok(!buffer.isEmpty);
  assert.deepEqual([...buffer.take().marks], [["journal", 7]]);
  buffer.settle();
  assert.ok(buffer.isEmpty);
});

Deno.test("marked rows that are given up all at once leave the others where they were", () => {
  const buffer = new RowBuffer(roomy);
  fill(buffer, [line("a")]);
  buffer.addMarked({ stream: "log:a:1", position: 3 }, lines(3), {});
  fill(buffer, [line("b")]);
  const place = buffer.place();
  buffer.addMarked({ stream: "log:a:1", position: 4 }, lines(1), {});
  buffer.giveUpMarked();
  const batch = buffer.take();
  assert.deepEqual(logsOf(batch.chunks).map(({ payload }) => payload), ["a", "b"]);
  assert.equal(batch.marks.size, 0);
  buffer.settle();
  assert.ok(buffer.isEmpty && buffer.isPast(place));
  assert.equal(buffer.rows, 0);
});
