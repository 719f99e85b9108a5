import assert from "node:assert/strict";
import { RowBuffer } from "../../src/history/buffer.ts";
import type { Request } from "../../src/history/protocol.ts";
import { Writer } from "../../src/history/writer.ts";
import { lines } from "./fixtures.ts";
import { FakeClock } from "../fake_clock.ts";

/** A writer whose worker is the test itself. */
function arrange(): { clock: FakeClock; buffer: RowBuffer; posted: Request[]; failures: string[]; writer: Writer } {
  const clock = new FakeClock();
  const buffer = new RowBuffer({ rows: 1_000_000, chars: 2 ** 30, markedRows: 1_000_000, markedChars: 2 ** 30 });
  const posted: Request[] = [];
  const failures: string[] = [];
  const writer = new Writer({
    buffer,
    clock,
    flushIntervalMs: 500,
    post: (request) => posted.push(request),
    onCommitted: () => {},
    onFailed: (failure) => failures.push(failure.message),
  });
  return { clock, buffer, posted, failures, writer };
}

function typesOf(posted: Request[]): string {
  return posted.splice(0).map((request) => request.type).join(" ");
}

const diskFull = { kind: "environment", message: "No space left on device" } as const;

Deno.test("a turn of the main loop sends two chunks; the worker's pace decides on the rest", () => {
  const { buffer, posted, writer } = arrange();
  for (const row of lines(10_000)) buffer.addLog(row);
  writer.flush().catch(() => {});
  assert.equal(typesOf(posted), "rows rows");
  for (let chunk = 0; chunk < 3; chunk++) {
    writer.handle({ type: "accepted", batch: 1 });
    assert.equal(typesOf(posted), "rows");
  }
  writer.handle({ type: "accepted", batch: 1 });
  assert.equal(typesOf(posted), "");
  writer.handle({ type: "accepted", batch: 1 });
  assert.equal(typesOf(posted), "commit");
  writer.stop();
});

Deno.test("a batch that fails is tried again after pauses that grow to ten seconds, and first when it works", async () => {
  const { clock, buffer, posted, failures, writer } = arrange();
  buffer.addLog(lines(1)[0] ?? assert.fail());
  const flushed = writer.flush();
  const pausesMs: number[] = [];
  const assertSendsFirstRow = () => {
    const [request] = posted.splice(0);
    assert.ok(request?.type === "rows" && request.chunk.kind === "logs");
    assert.equal(request.chunk.payloads[0], "line 0");
  };
  for (let batch = 1; batch <= 7; batch++) {
    assertSendsFirstRow();
    writer.handle({ type: "failed", batch, failure: diskFull });
    const [pauseMs = 0] = clock.pendingMs;
    pausesMs.push(pauseMs);
    // Rows that come in meanwhile do not shorten the pause.
    for (const row of lines(70_000)) buffer.addLog(row);
    writer.rowsAdded();
    assert.equal(typesOf(posted), "");
    clock.advance(pauseMs);
  }
  assert.deepEqual(pausesMs, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  assert.equal(failures.length, 7);
  assertSendsFirstRow();
  writer.handle({ type: "committed", batch: 8, refusedRows: 0 });
  await flushed;
  writer.stop();
});

Deno.test("a batch under way when the database was lost is written again only if it was not committed", () => {
  for (const [lastBatch, expectedRows] of [[0, 3], [1, 0]] as const) {
    const { buffer, posted, writer } = arrange();
    for (const row of lines(3)) buffer.addLog(row);
    writer.flush().catch(() => {});
    assert.equal(typesOf(posted), "rows");
    writer.suspend();
    writer.handle({ type: "accepted", batch: 1 });
    writer.handle({ type: "failed", batch: 1, failure: { kind: "invalidated", message: "FATAL Error" } });
    writer.rowsAdded();
    assert.equal(typesOf(posted), "");
    assert.equal(buffer.rows, 3);
    writer.settle(lastBatch);
    assert.equal(buffer.rows, expectedRows);
    writer.resume();
    assert.equal(typesOf(posted), expectedRows === 0 ? "" : "rows");
    writer.stop();
  }
});

Deno.test("a commit that is reported after the database was lost counts", async () => {
  const { buffer, writer } = arrange();
  for (const row of lines(3)) buffer.addLog(row);
  const flushed = writer.flush();
  writer.suspend();
  writer.handle({ type: "committed", batch: 1, refusedRows: 0 });
  await flushed;
  assert.equal(buffer.rows, 0);
  writer.stop();
});

Deno.test("batches are numbered on from what the database committed last", () => {
  const { buffer, posted, writer } = arrange();
  writer.settle(41);
  buffer.addMarked({ stream: "journal", position: 9 }, [], {});
  writer.flush().catch(() => {});
  const [request] = posted.splice(0);
  assert.ok(request?.type === "commit");
  assert.deepEqual([request.batch, request.chunks, request.marks], [42, 0, { streams: ["journal"], positions: [9] }]);
  writer.stop();
});

Deno.test("while paused no batch begins, and the first one afterwards does at once", () => {
  const { clock, buffer, posted, writer } = arrange();
  writer.setPaused(true);
  for (const row of lines(70_000)) buffer.addLog(row);
  writer.rowsAdded();
  writer.flush().catch(() => {});
  clock.advance(60_000);
  assert.equal(typesOf(posted), "");
  writer.setPaused(false);
  assert.equal(typesOf(posted), "rows rows");
  writer.stop();
});

Deno.test("a flush that is waiting when history closes is told so", async () => {
  const { buffer, writer } = arrange();
  for (const row of lines(3)) buffer.addLog(row);
  const flushed = writer.flush();
  writer.stop();
  await assert.rejects(flushed, { code: "SHUTTING_DOWN" });
});
