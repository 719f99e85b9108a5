import assert from "node:assert/strict";
import { holdUpMaxMs } from "../../src/agent/log_sender.ts";
import {
  drainSilenceMaxMs,
  holdUpBytes,
  LogShipper,
  recoverEveryMs,
  tellSilenceAfterMs,
} from "../../src/agent/log_shipper.ts";
import type { Stream } from "../../src/agent/spool/streams.ts";
import { systemRandom } from "../../src/clock/mod.ts";
import { PrincipalClient, type PrincipalLink } from "../../src/client/mod.ts";
import { CdktrError } from "../../src/core/mod.ts";
import {
  encodeVerbError,
  encodeVerbReply,
  parseVerbRequest,
  type ReplyTo,
  type RequestOf,
} from "../../src/wire/mod.ts";
import { turn } from "../fake_clock.ts";
import { numbered, SpoolScene } from "./spool/scene.ts";

/** A request that waits for what the test makes of it. */
interface Asked {
  readonly request: RequestOf<"LOG">;
  readonly answer: (reply: ReplyTo<"LOG">) => void;
  readonly fail: (error: CdktrError) => void;
}

/** A shipper whose principal answers when the test says so; lines are taken as the contract says unless it says otherwise. */
class Arranged {
  readonly scene: SpoolScene;
  readonly shipper: LogShipper;
  readonly stream: Stream;
  asked: Asked[] = [];
  /** All requests so far. */
  count = 0;

  constructor(scene = new SpoolScene({ maxBytes: 2 ** 30 })) {
    this.scene = scene;
    const { clock } = scene;
    const unused = () => assert.fail("not part of this test");
    const link: PrincipalLink = {
      address: "nowhere",
      ...{ tryPushLog: unused, pushLog: unused, subscribeLogs: unused, close: () => Promise.resolve() },
      request: async (body, { timeoutMs, signal }) => {
        const [verb = "", argument] = new TextDecoder().decode(body).split("\x01");
        if (verb === "HELLO") {
          const hello = { version: "1", protocol: 1, verbs: [], agentTimeoutMs: 1 };
          return encodeVerbReply("HELLO", { product: "cdktr", ...hello });
        }
        this.count++;
        const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
        const late = new CdktrError("TIMED_OUT", "The principal did not answer in time.");
        const asked: Asked = {
          request: parseVerbRequest("LOG", argument),
          answer: (reply) => resolve(encodeVerbReply("LOG", reply)),
          fail: (error) => resolve(encodeVerbError(error)),
        };
        clock.setTimer(timeoutMs, () => {
          this.asked = this.asked.filter((each) => each !== asked);
          reject(late);
        });
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        this.asked.push(asked);
        return await promise;
      },
    };
    const tell = (sentence: string) => void scene.told.push(sentence);
    const sources = { clock, random: systemRandom };
    this.shipper = new LogShipper({
      ...{ agentId: "ann", session: "s1", ...sources, log: { info: tell, warn: tell, error: tell } },
      client: PrincipalClient.overLink(link, { ...sources, version: "1", role: "agent", timeoutMs: 3000 }),
      ...{ spool: scene.spool, directory: "/spool" },
    });
    this.stream = scene.begin();
  }

  write(...payloads: string[]): void {
    this.scene.write(this.stream, payloads);
    this.shipper.wake();
  }

  /** The requests that wait, once everything had its turn. */
  async waiting(): Promise<Asked[]> {
    await turn();
    return this.asked;
  }

  /** Answers the oldest request that waits as a principal does. */
  take({ outcome = "stored" }: { outcome?: "stored" | "taken" } = {}): void {
    const [first] = this.asked.splice(0, 1);
    assert.ok(first, "no request waits");
    const chunks = first.request.chunks.map((chunk) => {
      const taken = this.scene.received.take(chunk);
      const position = this.scene.received.position(chunk.runId);
      return { outcome: taken === "stored" ? outcome : taken, position };
    });
    first.answer({ chunks });
  }

  /** Answers whatever comes until nothing does. */
  async takeAll(): Promise<void> {
    while ((await this.waiting()).length > 0) this.take();
  }

  /** Refuses the oldest request that waits. */
  refuse(outcome: "later" | "unknown"): void {
    const [first] = this.asked.splice(0, 1);
    assert.ok(first, "no request waits");
    first.answer({
      chunks: first.request.chunks.map(({ runId }) => ({ outcome, position: this.scene.received.position(runId) })),
    });
  }
}

const unreachable = new CdktrError("UNREACHABLE", "The principal does not answer.");

Deno.test("lines leave at once, without waiting for the answer to those before them", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  arranged.write("b");
  assert.equal((await arranged.waiting()).length, 2);
  arranged.take();
  arranged.take();
  await turn();
  assert.deepEqual(arranged.scene.received.of(), ["a", "b"]);
  assert.equal(arranged.scene.spool.unackedBytes, 0);
  assert.deepEqual(arranged.scene.segments(), []);
});

Deno.test("with many requests under way lines wait a moment for others to go along", async () => {
  const arranged = new Arranged();
  for (let line = 0; line < 100; line++) arranged.write(`${line}`);
  assert.equal((await arranged.waiting()).length, 16);
  arranged.scene.clock.advance(10);
  assert.equal((await arranged.waiting()).length, 17);
  await arranged.takeAll();
  assert.equal(arranged.scene.received.position(), 100);
});

Deno.test("no more is under way than the window allows, and each answer lets more follow", async () => {
  const arranged = new Arranged();
  for (let round = 0; round < 200; round++) arranged.write(...numbered(round * 1000 + 1, round * 1000 + 1000));
  arranged.scene.clock.advance(10);
  const waiting = await arranged.waiting();
  const lines = waiting.flatMap(({ request }) => request.chunks).flatMap(({ entries }) => entries)
    .reduce((sum, entry) => sum + (entry.length === 5 ? entry[4].length : 0), 0);
  assert.ok(lines > 50_000 && lines < 100_000, `${lines} lines`);
  arranged.take();
  assert.equal((await arranged.waiting()).length, waiting.length);
  await arranged.takeAll();
  assert.equal(arranged.scene.received.position(), 200_000);
});

Deno.test("what the principal cannot take now is sent again from there, after a pause that grows", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  arranged.write("b");
  await turn();
  arranged.refuse("later");
  arranged.take(); // Says that "a" is missing before it.
  await turn();
  assert.equal((await arranged.waiting()).length, 0);
  arranged.scene.clock.advance(50);
  assert.equal((await arranged.waiting()).length, 1, "both in one");
  const pauses: number[] = [];
  for (let round = 0; round < 10; round++) {
    arranged.refuse("later");
    await turn();
    let waitedMs = 0;
    for (; arranged.asked.length === 0; waitedMs += 25) {
      arranged.scene.clock.advance(25);
      await turn();
    }
    pauses.push(waitedMs);
  }
  assert.ok((pauses[0] ?? 0) <= 100 && (pauses.at(-1) ?? 0) >= 2500 && Math.max(...pauses) <= 5025, pauses.join(" "));
  await arranged.takeAll();
  assert.deepEqual(arranged.scene.received.of(), ["a", "b"]);
});

Deno.test("a lost connection costs nothing: what was under way is sent again, doubles are the principal's to find", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  arranged.write("b");
  await turn();
  // Both arrive, and the answers are lost.
  for (const { request: { chunks } } of arranged.asked) for (const chunk of chunks) arranged.scene.received.take(chunk);
  for (const { fail } of arranged.asked.splice(0)) fail(unreachable);
  await turn();
  arranged.write("c");
  await arranged.scene.clock.pass(100, 10);
  await arranged.takeAll();
  assert.deepEqual(arranged.scene.received.of(), ["a", "b", "c"]);
  assert.equal(arranged.scene.spool.unackedBytes, 0);
});

Deno.test("lines that the principal has and has not committed in time are asked for again without being sent", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  await turn();
  arranged.take({ outcome: "taken" });
  const [again] = await arranged.waiting();
  assert.deepEqual(again?.request.chunks.map(({ afterSeq, entries }) => [afterSeq, entries]), [[1, []]]);
  assert.ok(arranged.scene.spool.unackedBytes > 0);
  arranged.take();
  await turn();
  assert.equal(arranged.scene.spool.unackedBytes, 0);
});

Deno.test("when the principal's database is lost before the commit, what it had taken is sent again", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  await turn();
  const [lost] = arranged.asked.splice(0);
  lost?.answer({ chunks: [{ outcome: "taken", position: 1 }] });
  await turn();
  arranged.take(); // It asks about line 1, of which this principal knows nothing.
  await arranged.scene.clock.pass(100, 10);
  await arranged.takeAll();
  assert.deepEqual(arranged.scene.received.of(), ["a"]);
});

Deno.test("the lines of a run that the principal does not know do not hold up others", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  await turn();
  arranged.refuse("unknown");
  await turn();
  const other = arranged.scene.begin("r2");
  arranged.write("b");
  arranged.scene.write(other, ["c"]);
  arranged.shipper.wake();
  await arranged.takeAll();
  assert.deepEqual([arranged.scene.received.of("r1"), arranged.scene.received.of("r2")], [[], ["c"]]);
  assert.match(arranged.scene.told[0] ?? "", /does not know run r1: its log lines stay in the spool/);
});

const notUnderstood = new CdktrError("INVALID_ARGUMENT", "Cannot read the chunk.");

Deno.test("lines that the principal refuses for good hold up no others, and it is told once whose they are", async () => {
  const arranged = new Arranged();
  const other = arranged.scene.begin("r2");
  const bad = arranged.scene.begin("r3");
  for (let round = 1; round <= 3; round++) {
    for (const stream of [arranged.stream, bad, other]) arranged.scene.write(stream, [`${round}`]);
  }
  arranged.shipper.wake();
  let refusals = 0;
  while ((await arranged.waiting()).length > 0) {
    if (!arranged.asked[0]?.request.chunks.some(({ runId }) => runId === "r3")) arranged.take();
    else {
      arranged.asked.shift()?.fail(notUnderstood);
      assert.ok(++refusals < 20, "it goes on and on");
    }
  }
  const { received, told } = arranged.scene;
  assert.deepEqual([received.of("r1"), received.of("r2"), received.of("r3")], [["1", "2", "3"], ["1", "2", "3"], []]);
  assert.deepEqual(told, [
    "the principal refuses the log lines of run r3, which stay in the spool: Cannot read the chunk.",
  ]);
  for (const stream of [arranged.stream, other]) arranged.scene.write(stream, ["more"]);
  arranged.shipper.wake();
  assert.equal((await arranged.waiting())[0]?.request.chunks.length, 2, "again together");
});

Deno.test("a principal that cannot take lines at all is asked again, and no run is blamed for it", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  for (let round = 0; round < 3; round++) {
    for (const { fail } of (await arranged.waiting()).splice(0)) fail(new CdktrError("UNSUPPORTED", "Unknown verb."));
    await arranged.scene.clock.pass(5000);
  }
  await arranged.takeAll();
  assert.deepEqual(arranged.scene.received.of(), ["a"]);
  assert.deepEqual(arranged.scene.told, ["the principal refuses log lines, which stay in the spool: Unknown verb."]);
});

Deno.test("it never gives up, and says once that the principal is silent, and once that it is not any more", async () => {
  const arranged = new Arranged();
  arranged.write("a", "b");
  for (let passedMs = 0; passedMs < 4 * tellSilenceAfterMs; passedMs += 500) {
    for (const { fail } of (await arranged.waiting()).splice(0)) fail(unreachable);
    await arranged.scene.clock.pass(500, 500);
  }
  assert.match(
    arranged.scene.told.join("\n"),
    /^the principal has acknowledged no log lines for 3\d s; 2 wait in \/spool/,
  );
  assert.equal(arranged.scene.told.length, 1);
  await arranged.scene.clock.pass(5000);
  await arranged.takeAll();
  assert.equal(arranged.scene.told[1], "the principal takes log lines again");
  assert.deepEqual(arranged.scene.received.of(), ["a", "b"]);
});

Deno.test("a flood is slowed down while the principal takes lines, but not for one that is away", async () => {
  const arranged = new Arranged();
  let isHeld = true;
  const line = "x".repeat(60_000);
  for (let bytes = 0; bytes <= holdUpBytes; bytes += line.length) arranged.write(line);
  const source = arranged.scene.spool.append(arranged.stream, {
    ...{ taskName: "only", taskRunId: "id of only", timestampMs: 1, level: "INFO", payloads: ["last"] },
  });
  void arranged.shipper.room(source).then(() => isHeld = false);
  await turn();
  arranged.take();
  await arranged.scene.clock.pass(holdUpMaxMs - 1000);
  assert.ok(isHeld, "the principal took something just now");
  await arranged.scene.clock.pass(2000);
  assert.ok(!isHeld, "the principal is away");
  await arranged.shipper.room(source);
});

Deno.test("lines that the principal does not want slow nobody down", async () => {
  const arranged = new Arranged();
  const line = "x".repeat(60_000);
  const unknown = arranged.scene.begin("nobody's");
  for (let bytes = 0; bytes <= 2 * holdUpBytes; bytes += line.length) arranged.scene.write(unknown, [line]);
  arranged.shipper.wake();
  await turn();
  arranged.refuse("unknown");
  await turn();
  arranged.scene.write(unknown, [line], "one that begins later");
  assert.equal(arranged.scene.spool.unackedBytes, 0);
  const source = arranged.scene.spool.append(arranged.stream, {
    ...{ taskName: "only", taskRunId: "id of only", timestampMs: 1, level: "INFO" },
    payloads: Array<string>(40).fill(line),
  });
  await arranged.shipper.room(source);
});

Deno.test("a quiet task is not held up by a loud one", async () => {
  const arranged = new Arranged();
  const line = "x".repeat(60_000);
  for (let bytes = 0; bytes <= holdUpBytes; bytes += line.length) arranged.write(line);
  const quiet = arranged.scene.spool.append(arranged.stream, {
    ...{ taskName: "quiet", taskRunId: "q", timestampMs: 1, level: "INFO", payloads: ["hello"] },
  });
  await arranged.shipper.room(quiet);
});

Deno.test("the end of a run waits until its lines are on their way, not for their acknowledgement", async () => {
  const arranged = new Arranged();
  let isSent = false;
  for (let round = 0; round < 200; round++) arranged.write(...numbered(1, 1000));
  void arranged.shipper.sent(arranged.stream).then(() => isSent = true);
  await turn();
  assert.ok(!isSent);
  while (arranged.stream.sent < arranged.stream.lastSeq) {
    arranged.take();
    await turn();
  }
  assert.ok(isSent);
  assert.ok(arranged.asked.length > 0, "some are not acknowledged yet");
});

Deno.test("behind a large backlog the end of a run waits for a bounded time", async () => {
  const arranged = new Arranged();
  for (let round = 0; round < 1000; round++) arranged.write(...numbered(1, 1000));
  const late = arranged.scene.begin("r2");
  arranged.scene.write(late, ["short"]);
  let isOver = false;
  void arranged.shipper.sent(late).then(() => isOver = true);
  for (let passedMs = 0; passedMs < holdUpMaxMs; passedMs += 1000) {
    await turn();
    assert.ok(!isOver, `after ${passedMs} ms`);
    arranged.take();
    await arranged.scene.clock.pass(1000);
  }
  assert.ok(isOver);
  assert.equal(late.sent, 0, "its line comes after its end");
  await arranged.takeAll();
  assert.deepEqual(arranged.scene.received.of("r2"), ["short"]);
});

Deno.test("while the principal takes no lines the end of a run does not wait", async () => {
  const arranged = new Arranged();
  for (let round = 0; round < 200; round++) arranged.write(...numbered(1, 1000));
  const sent = arranged.shipper.sent(arranged.stream);
  await turn();
  arranged.refuse("later");
  await sent;
});

Deno.test("after a lost connection lines leave before a report does", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  for (const { fail } of (await arranged.waiting()).splice(0)) fail(unreachable);
  assert.equal((await arranged.waiting()).length, 0);
  arranged.shipper.sendAhead();
  assert.equal((await arranged.waiting()).length, 1);
  arranged.refuse("later");
  await turn();
  arranged.shipper.sendAhead();
  assert.equal((await arranged.waiting()).length, 0, "a principal that takes no lines is not pestered");
});

Deno.test("an agent that ends asks for a commit, and waits for the acknowledgement", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  let isDrained = false;
  const drained = arranged.shipper.drain().then(() => isDrained = true);
  const [, flush] = await arranged.waiting();
  assert.deepEqual([flush?.request.flush, flush?.request.chunks], [true, []]);
  assert.ok(!isDrained);
  await arranged.takeAll();
  await drained;
  arranged.shipper.stop();
  assert.deepEqual(arranged.scene.told, []);
});

Deno.test("an agent that ends waits on while the principal goes on acknowledging, for a minute at most", async () => {
  const arranged = new Arranged();
  arranged.write("a");
  let isDrained = false;
  const drained = arranged.shipper.drain().then(() => isDrained = true);
  for (let passedMs = 0; passedMs < 55_000; passedMs += 5000) {
    assert.ok(!isDrained, `after ${passedMs} ms`);
    await turn();
    arranged.take();
    arranged.write("a task goes on");
    await arranged.scene.clock.pass(5000);
  }
  assert.ok(!isDrained);
  await arranged.scene.clock.pass(5000);
  await drained;
});

Deno.test("an agent that ends leaves in the spool what is not acknowledged in time, and says so", async () => {
  const arranged = new Arranged();
  arranged.write("a", "b");
  const drained = arranged.shipper.drain();
  await arranged.scene.clock.pass(drainSilenceMaxMs);
  await drained;
  arranged.shipper.stop();
  arranged.scene.spool.close();
  assert.match(
    arranged.scene.told.at(-1) ?? "",
    /^2 log lines stay in \/spool: the principal has not acknowledged them/,
  );
  const next = new Arranged(new SpoolScene({ files: arranged.scene.files, session: "s2" }));
  next.shipper.start();
  await next.scene.clock.pass(10, 1);
  await next.takeAll();
  assert.deepEqual(next.scene.received.of(), ["a", "b"]);
  assert.match(next.scene.told[0] ?? "", /^2 log lines that an earlier agent left/);
  assert.deepEqual(next.scene.files.names("/spool"), []);
});

Deno.test("an agent that ends does not wait for lines that earlier ones left", async () => {
  const earlier = new SpoolScene();
  earlier.write(earlier.begin("old"), numbered(1, 1000));
  earlier.spool.close();
  const arranged = new Arranged(new SpoolScene({ files: earlier.files, session: "s2", maxBytes: 2 ** 30 }));
  arranged.shipper.start();
  await arranged.scene.clock.pass(10, 1);
  arranged.write("a");
  let isDrained = false;
  const drained = arranged.shipper.drain().then(() => isDrained = true);
  const isOld = ({ request }: Asked) => request.chunks.some(({ runId }) => runId === "old");
  assert.ok((await arranged.waiting()).some(isOld) && !isDrained);
  arranged.asked = arranged.asked.filter((asked) => !isOld(asked));
  await arranged.takeAll();
  await drained;
  arranged.shipper.stop();
  arranged.scene.spool.close();
  const next = new SpoolScene({ files: earlier.files, session: "s3" });
  assert.ok([...next.spool.recover()].length > 0);
  assert.equal(next.spool.unackedLines, 1000);
});

Deno.test("lines of an agent that ends while this one lives are taken over within a minute", async () => {
  const arranged = new Arranged();
  arranged.shipper.start();
  await arranged.scene.clock.pass(10, 1);
  const other = new SpoolScene({ files: arranged.scene.files, session: "s2" });
  other.write(other.begin("r2"), ["b"]);
  await arranged.scene.clock.pass(recoverEveryMs);
  assert.equal((await arranged.waiting()).length, 0, "it lives");
  other.spool.close();
  await arranged.scene.clock.pass(recoverEveryMs + 2000);
  await arranged.takeAll();
  assert.deepEqual(arranged.scene.received.of("r2"), ["b"]);
  assert.deepEqual(arranged.scene.files.names("/spool"), []);
  assert.deepEqual(arranged.scene.told, ["1 log lines that an earlier agent left are sent to the principal"]);
  arranged.shipper.stop();
  await arranged.scene.clock.pass(recoverEveryMs / 2); // Time limits of requests are over then.
  assert.equal(arranged.scene.clock.timerCount, 0);
});
