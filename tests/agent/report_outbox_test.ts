import assert from "node:assert/strict";
import { systemRandom } from "../../src/clock/mod.ts";
import { Patience } from "../../src/agent/patience.ts";
import { ReportOutbox } from "../../src/agent/report_outbox.ts";
import { CdktrError, type Report } from "../../src/core/mod.ts";
import { FakeClock, turn } from "../fake_clock.ts";
import { runReport } from "../core/scene.ts";

const away = new CdktrError("UNREACHABLE", "away");
const refusal = new CdktrError("INVALID_ARGUMENT", "reason: Too big");

class Arranged {
  readonly clock = new FakeClock();
  /** Run ids of each try, in order. */
  readonly tries: string[] = [];
  readonly taken: string[] = [];
  readonly errors: string[] = [];
  /** Decides on a try; throwing fails it. */
  answer: (reports: readonly Report[]) => void | Promise<void> = () => {};
  readonly outbox: ReportOutbox;

  constructor(batchMax = 100) {
    const random = { ...systemRandom, fraction: () => 1 };
    this.outbox = new ReportOutbox({
      clock: this.clock,
      batchMax,
      patience: new Patience({ clock: this.clock, random, attempts: 3, timeoutMs: 1000 }),
      log: { info: () => {}, warn: () => {}, error: (sentence) => void this.errors.push(sentence) },
      send: async (reports) => {
        const ids = reports.map(({ runId }) => runId);
        this.tries.push(ids.join(" "));
        await this.answer(reports);
        this.taken.push(...ids);
      },
    });
  }

  add(...runIds: string[]): void {
    for (const runId of runIds) this.outbox.add(runReport(runId, "RUNNING"));
  }
}

Deno.test("what is reported together is sent together, in order, in batches of a limit", async () => {
  const arranged = new Arranged(2);
  arranged.add("a", "b", "c");
  assert.deepEqual(arranged.tries, [], "not before the turn is over");
  await arranged.outbox.settled();
  assert.deepEqual(arranged.tries, ["a b", "c"]);
  assert.deepEqual(arranged.outbox.waiting, []);
});

Deno.test("reports with large outputs are not all sent together", async () => {
  const arranged = new Arranged();
  const outputs = { text: "x".repeat(60_000) };
  const count = 200;
  for (let index = 0; index < count; index++) {
    arranged.outbox.add({
      ...{ kind: "task", runId: "a", attempt: 1, taskId: `t${index}`, taskRunId: `r${index}`, tryNumber: 1 },
      ...{ state: "COMPLETED", happenedAtMs: 0, exitCode: 0, reason: null, outputs },
    });
  }
  await arranged.outbox.settled();
  const sizes = arranged.tries.map((ids) => ids.split(" ").length);
  assert.equal(sizes.reduce((sum, size) => sum + size, 0), count);
  for (const size of sizes) assert.ok(size * 60_000 <= 4 * 1024 * 1024 && size > 0, String(sizes));
});

Deno.test("what is reported while a batch is under way follows it", async () => {
  const arranged = new Arranged();
  const taking = Promise.withResolvers<void>();
  arranged.answer = () => taking.promise;
  arranged.add("a");
  await turn();
  arranged.add("b", "c");
  taking.resolve();
  await arranged.outbox.settled();
  assert.deepEqual(arranged.tries, ["a", "b c"]);
});

Deno.test("a report that is added in the very moment the last one was taken is sent", async () => {
  for (let microtasks = 0; microtasks < 12; microtasks++) {
    const arranged = new Arranged();
    arranged.answer = async ([first]) => {
      if (first?.runId !== "a") return;
      queueMicrotask(async function later() {
        for (let count = 0; count < microtasks; count++) await Promise.resolve();
        arranged.add("b");
      });
      await Promise.resolve();
    };
    arranged.add("a");
    await turn();
    assert.deepEqual(arranged.taken, ["a", "b"], `${microtasks} microtasks after the answer`);
  }
});

Deno.test("a report is kept until it was taken, and its run is owed until then", async () => {
  const arranged = new Arranged();
  arranged.answer = () => {
    throw away;
  };
  arranged.add("a", "a", "b");
  await turn();
  assert.ok(arranged.outbox.has("a") && arranged.outbox.has("b"));
  assert.equal(arranged.outbox.waiting.length, 3);
  arranged.answer = () => {};
  arranged.clock.advance(50);
  await arranged.outbox.settled();
  assert.deepEqual(arranged.taken, ["a", "a", "b"]);
  assert.equal(arranged.outbox.has("a"), false);
});

Deno.test("when the patience is at its end the reports are still there, and are tried with the next one", async () => {
  const arranged = new Arranged();
  arranged.answer = () => {
    throw away;
  };
  arranged.add("a");
  const settled = arranged.outbox.settled();
  await arranged.clock.pass(10_000, 100);
  await settled;
  const { length } = arranged.tries;
  await arranged.clock.pass(60_000);
  assert.equal(arranged.tries.length, length, "given up");
  assert.deepEqual(arranged.outbox.waiting.map(({ runId }) => runId), ["a"]);
  arranged.answer = () => {};
  arranged.add("b");
  await arranged.outbox.settled();
  assert.deepEqual(arranged.taken, ["a", "b"]);
});

Deno.test("a report that the principal refuses does not take others along", async () => {
  const arranged = new Arranged();
  arranged.answer = (reports) => {
    if (reports.some(({ runId }) => runId === "bad")) throw refusal;
  };
  arranged.add("a", "bad", "b", "c");
  await turn();
  arranged.add("d", "e");
  await arranged.outbox.settled();
  assert.deepEqual(arranged.taken, ["a", "b", "c", "d", "e"]);
  assert.deepEqual(arranged.tries, ["a bad b c", "a", "bad", "b", "c", "d e"]);
  assert.deepEqual(arranged.errors, ["the principal refused a report about run bad: reason: Too big"]);
  assert.equal(arranged.outbox.has("bad"), false);
});
