import assert from "node:assert/strict";
import { systemRandom } from "../../src/clock/mod.ts";
import { holdUpMaxMs, LogSender } from "../../src/agent/log_sender.ts";
import { PrincipalClient, type PrincipalLink } from "../../src/client/mod.ts";
import { parseLogLine } from "../../src/wire/mod.ts";
import { FakeClock, turn } from "../fake_clock.ts";
import { workflowOf } from "../principal/scene.ts";

/** A sender whose queue has room for as many lines as the test says. */
class Arranged {
  readonly clock = new FakeClock();
  readonly payloads: string[] = [];
  readonly sender: LogSender;
  room = 0;
  #waiting: (() => void)[] = [];

  constructor() {
    const unused = () => assert.fail("not part of this test");
    const link: PrincipalLink = {
      address: "nowhere",
      request: unused,
      subscribeLogs: unused,
      close: () => Promise.resolve(),
      tryPushLog: (frame) => {
        if (this.room === 0) return false;
        this.room--;
        this.#take(frame);
        return true;
      },
      pushLog: (frame, signal) =>
        new Promise((resolve, reject) => {
          this.#waiting.push(() => {
            this.#take(frame);
            resolve();
          });
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    };
    const options = { clock: this.clock, random: systemRandom, version: "1", role: "test", timeoutMs: 1 };
    const assignment = { runId: "r1", attempt: 1, params: {}, workflow: workflowOf("etl") };
    this.sender = new LogSender(assignment, PrincipalClient.overLink(link, options), this.clock);
  }

  send(...payloads: string[]): Promise<void> {
    const ofTask = { taskId: "only", taskName: "Only", taskRunId: "t1", timestampMs: 5, level: "INFO" } as const;
    return this.sender.send(payloads.map((payload) => ({ ...ofTask, payload })));
  }

  /** The queue takes the line that waits longest. */
  takeWaiting(): void {
    this.#waiting.shift()?.();
  }

  #take(frame: Uint8Array): void {
    const parsed = parseLogLine([frame]);
    assert.ok(parsed.ok);
    this.payloads.push(parsed.line.payload);
  }
}

Deno.test("lines that find room go out at once, in order", async () => {
  const arranged = new Arranged();
  arranged.room = 10;
  await arranged.send("a", "b");
  await arranged.send("c");
  assert.deepEqual(arranged.payloads, ["a", "b", "c"]);
  assert.equal(arranged.clock.timerCount, 0);
});

Deno.test("a task waits while its lines find no room", async () => {
  const arranged = new Arranged();
  let isOver = false;
  const sent = arranged.send("a").then(() => isOver = true);
  await turn();
  assert.equal(isOver, false);
  arranged.takeWaiting();
  await sent;
  assert.deepEqual(arranged.payloads, ["a"]);
  assert.equal(arranged.clock.timerCount, 0);
});

Deno.test("a task waits 5 s at most; then its lines are counted, and a line in their place says how many", async () => {
  const arranged = new Arranged();
  const sent = arranged.send("a", "b", "c");
  await turn();
  arranged.clock.advance(holdUpMaxMs);
  await sent;
  await arranged.send("d");
  arranged.room = 10;
  await arranged.send("e");
  assert.deepEqual(arranged.payloads, ["STDERR cdktr: 4 lines left out here, the principal took none", "e"]);
});

Deno.test("lines that two tasks could not send at the same time are all counted", async () => {
  const arranged = new Arranged();
  const first = arranged.send("a");
  const second = arranged.send("b");
  await turn();
  arranged.clock.advance(holdUpMaxMs);
  await Promise.all([first, second]);
  arranged.room = 10;
  await arranged.send("c");
  assert.deepEqual(arranged.payloads, ["STDERR cdktr: 2 lines left out here, the principal took none", "c"]);
});

Deno.test("what was left out at the very end is told when the run has ended", async () => {
  const arranged = new Arranged();
  const sent = arranged.send("a", "b");
  await turn();
  arranged.clock.advance(holdUpMaxMs);
  await sent;
  arranged.sender.end();
  assert.deepEqual(arranged.payloads, [], "there is still no room");
  arranged.room = 1;
  arranged.sender.end();
  arranged.sender.end();
  assert.deepEqual(arranged.payloads, ["STDERR cdktr: 2 lines left out here, the principal took none"]);
});
