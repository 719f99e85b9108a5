import assert from "node:assert/strict";
import { systemFiles } from "../../../src/agent/spool/files.ts";
import { Spool } from "../../../src/agent/spool/spool.ts";
import { FakeClock } from "../../fake_clock.ts";
import { MemoryFiles } from "./memory_files.ts";
import { numbered, readChunks, SpoolScene } from "./scene.ts";

Deno.test("lines are sent in order, numbered from 1, and their segment goes when they are acknowledged", () => {
  const scene = new SpoolScene();
  const stream = scene.begin();
  scene.write(stream, ["a", "b"]);
  scene.write(stream, ["c"], "other");
  const out = scene.spool.next(1024);
  assert.ok(out);
  assert.deepEqual(readChunks(out), [{
    ...{ runId: "r1", attempt: 1, workflowId: "etl", workflowName: "ETL", afterSeq: 0, oldest: true },
    entries: [
      ["only", "id of only", scene.clock.nowMs(), "INFO", ["a", "b"]],
      ["other", "id of other", scene.clock.nowMs(), "INFO", ["c"]],
    ],
  }]);
  assert.equal(scene.spool.next(1024), undefined);
  assert.deepEqual(scene.segments(), ["s1/0000000001.log"]);
  scene.spool.acknowledge(out.parts);
  assert.deepEqual(scene.segments(), []);
  assert.equal(scene.spool.unackedBytes, 0);
  assert.ok(scene.spool.isOwnDelivered);
});

Deno.test("a spool that never had a line leaves nothing behind, nor does one whose lines were all acknowledged", () => {
  const idle = new SpoolScene();
  idle.spool.close();
  assert.deepEqual(idle.files.names("/spool"), []);
  const busy = new SpoolScene();
  busy.write(busy.begin(), ["a"]);
  busy.deliver();
  busy.spool.close();
  assert.deepEqual(busy.files.names("/spool"), []);
});

Deno.test("what is not acknowledged is sent again from where the principal says", () => {
  const scene = new SpoolScene();
  const stream = scene.begin();
  for (let line = 1; line <= 9; line++) scene.write(stream, [`${line}`]);
  const parts = Array.from({ length: 9 }, () => scene.spool.next(1)?.parts[0]);
  const sixth = parts[5];
  assert.ok(sixth);
  scene.spool.refuse(sixth, 5);
  const again = scene.spool.next(1024);
  assert.ok(again);
  assert.deepEqual(readChunks(again).map(({ afterSeq, oldest, entries }) => [afterSeq, oldest, entries.length]), [
    [5, false, 4],
  ]);
});

Deno.test("answers to what was sent before it was taken back do not take it back again", () => {
  const scene = new SpoolScene();
  const stream = scene.begin();
  for (let line = 1; line <= 3; line++) scene.write(stream, [`${line}`]);
  const [first, second, third] = Array.from({ length: 3 }, () => scene.spool.next(1)?.parts[0]);
  assert.ok(first && second && third);
  scene.spool.refuse(second, 1);
  assert.deepEqual(scene.spool.next(1)?.parts.map(({ lastSeq }) => lastSeq), [2]);
  scene.spool.refuse(third, 1);
  assert.deepEqual(scene.spool.next(1)?.parts.map(({ lastSeq }) => lastSeq), [3]);
  scene.spool.refuse(first, 0);
  assert.deepEqual(scene.spool.next(1024)?.parts.map(({ afterSeq, lastSeq }) => [afterSeq, lastSeq]), [[0, 3]]);
});

Deno.test("a sender that lags reads from the disk what is no longer in memory", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 * 1024 });
  const stream = scene.begin();
  const lines = Array.from({ length: 300 }, (_, index) => `${index} ${"y".repeat(60_000)}`);
  for (const line of lines) scene.write(stream, [line]);
  scene.send(200_000);
  assert.deepEqual(scene.received.of(), lines);
});

Deno.test("a later session delivers what a killed one left, once, and removes its directory", () => {
  const scene = new SpoolScene();
  const stream = scene.begin();
  scene.write(stream, ["a", "b"]);
  scene.deliver();
  scene.write(stream, ["c"]);
  scene.write(scene.begin("r2"), ["d"]);
  const next = scene.crash("s2");
  const out = next.spool.next(1024);
  assert.ok(out);
  const chunks = readChunks(out);
  assert.deepEqual(chunks.map(({ runId, afterSeq, oldest }) => [runId, afterSeq, oldest]), [["r1", 2, true], [
    "r2",
    0,
    true,
  ]]);
  next.spool.acknowledge(out.parts);
  assert.deepEqual(next.files.names("/spool"), []);
});

Deno.test("what nobody took for 30 days is deleted", () => {
  const scene = new SpoolScene();
  scene.write(scene.begin(), ["a"]);
  scene.files.crash();
  const later = new SpoolScene({ files: scene.files, session: "s2" });
  later.clock.advance(30 * 86_400_000 + 1);
  assert.deepEqual(later.spool.recover().next(), { done: true, value: 0 });
  assert.deepEqual(later.files.names("/spool"), []);
  assert.deepEqual(later.told, ["deleted 1 file of log lines in /spool/s1 that no principal has taken for 30 days"]);
});

Deno.test("a record that was torn by the end of its process is not sent, the ones before it are", () => {
  const scene = new SpoolScene();
  const stream = scene.begin();
  scene.write(stream, ["a"]);
  const whole = scene.files.size("/spool/s1/0000000001.log");
  scene.write(stream, ["b"]);
  const torn = scene.files.size("/spool/s1/0000000001.log");
  for (const size of [torn - 1, whole + 30, whole + 8, whole + 1, whole]) {
    scene.files.tear("/spool/s1/0000000001.log", size);
    const next = scene.crash("s2");
    next.send();
    assert.deepEqual(next.received.of(), ["a"], `cut off at ${size}`);
    next.spool.close();
  }
});

Deno.test("a damaged record costs itself and what follows in its segment; a gap says how much", () => {
  const scene = new SpoolScene({ maxBytes: 16 * 4096 });
  const stream = scene.begin();
  for (let line = 1; line <= 60; line++) scene.write(stream, [`${line} ${"z".repeat(200)}`]);
  assert.ok(scene.segments().length > 2);
  scene.files.damage(`/spool/${scene.segments()[1]}`, 100);
  const next = scene.crash("s2");
  next.send();
  const received = next.received.of();
  assert.equal(received.filter((line) => line.startsWith("unreadable")).length, 1);
  assert.equal(next.received.position(), 60);
  assert.ok(received.at(-1)?.startsWith("60 "));
});

Deno.test("a session that lives is left alone", () => {
  const files = new MemoryFiles(() => Date.now());
  const living = new SpoolScene({ files, session: "living" });
  living.write(living.begin(), ["a"]);
  const other = new SpoolScene({ files, session: "other" });
  assert.deepEqual([...other.spool.recover()], []);
  assert.equal(other.spool.next(1024), undefined);
  living.deliver();
  assert.deepEqual(living.received.of(), ["a"]);
});

Deno.test("when the spool is full the oldest lines of the loudest task give way to a gap, those of others stay", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 });
  const stream = scene.begin();
  let line = 0;
  for (let round = 0; round < 60; round++) {
    scene.write(stream, numbered(line + 1, line += 20, "loud"), "loud");
    scene.write(stream, [`quiet ${round}`], "quiet");
  }
  assert.ok(scene.files.bytes <= 64 * 1024, `${scene.files.bytes} bytes`);
  scene.send();
  const received = scene.received.of();
  assert.deepEqual(received.filter((line) => line.startsWith("quiet")).map((line) => Number(line.slice(6))), [
    ...Array(60).keys(),
  ]);
  assert.ok(received[0]?.startsWith("-20"), received[0]);
  assert.ok(received.at(-2)?.startsWith("loud 1200 "));
  const missing = received.filter((line) => line.startsWith("-")).reduce((sum, line) => sum + Number(line.slice(1)), 0);
  assert.equal(missing + received.filter((line) => line.startsWith("loud")).length, 1200);
  assert.equal(scene.received.position(), 1260);
  assert.match(scene.told[0] ?? "", /is full \(CDKTR_SPOOL_MAX_BYTES is 65536\): \d+ lines of the loudest tasks/);
});

Deno.test("gaps that meet become one, however long the flood lasts", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 });
  const stream = scene.begin();
  for (let round = 0; round < 10_000; round++) scene.write(stream, numbered(round * 2 + 1, round * 2 + 2));
  assert.ok(scene.segments().length <= 20, `${scene.segments().length} segments`);
  scene.send();
  assert.ok(scene.received.of()[0]?.startsWith("-"));
  assert.equal(scene.received.of().filter((line) => line.startsWith("-")).length, 1);
  assert.equal(scene.received.position(), 20_000);
});

Deno.test("lines that are being sent do not give way: the principal may have them", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 });
  const stream = scene.begin();
  for (let line = 1; line <= 300; line += 20) scene.write(stream, numbered(line, line + 19));
  const lost = [scene.spool.next(2048), scene.spool.next(2048)].flatMap((out) => out?.parts ?? []);
  const sent = stream.sent;
  assert.ok(sent >= 40);
  for (let line = 301; line <= 1000; line += 20) scene.write(stream, numbered(line, line + 19));
  for (const part of lost) scene.spool.refuse(part, 0);
  scene.deliver();
  assert.deepEqual(scene.received.of().slice(0, sent), numbered(1, sent));
  assert.ok(scene.received.of()[sent]?.startsWith("-"));
  assert.equal(scene.received.position(), 1000);
});

Deno.test("while the disk is full lines stay in memory, and reach the disk when there is room again", () => {
  const scene = new SpoolScene();
  const stream = scene.begin();
  scene.write(stream, ["on disk"]);
  scene.files.capacityBytes = scene.files.bytes + 10;
  scene.write(stream, ["in memory"]);
  scene.write(stream, ["also there"]);
  assert.match(scene.told[0] ?? "", /cannot be kept in \/spool and stay in memory.*no space left/);
  const sent = scene.send();
  assert.deepEqual(scene.received.of(), ["on disk", "in memory", "also there"]);
  scene.spool.acknowledge(sent);
  scene.write(stream, ["next"]);
  scene.files.capacityBytes = Infinity;
  scene.clock.advance(1000);
  scene.write(stream, ["last"]);
  const next = scene.crash("s2");
  next.send();
  assert.deepEqual(next.received.of(), ["lost 3", "next", "last"]);
  assert.match(scene.told[1] ?? "", /can be kept in \/spool again/);
});

Deno.test("what finds room neither on the disk nor in memory is counted", () => {
  const scene = new SpoolScene();
  scene.files.capacityBytes = 0;
  const stream = scene.begin();
  const big = "b".repeat(1024 * 1024);
  for (let line = 0; line < 20; line++) scene.write(stream, [big]);
  scene.send();
  assert.deepEqual(scene.received.of().slice(-2), [big, "-5"]);
  assert.equal(scene.received.position(), 20);
  scene.write(stream, [big]);
  scene.send();
  assert.deepEqual(scene.received.of().slice(-3), [big, "-5", "-1"], "a gap that was sent counts no more");
});

Deno.test("the lines of a run that the principal does not know are kept, and not offered again", () => {
  const scene = new SpoolScene();
  const stream = scene.begin();
  scene.write(stream, ["a"]);
  const [part] = scene.send();
  assert.ok(part);
  scene.spool.refuse(part, 0);
  scene.spool.park(stream);
  scene.write(stream, ["b"]);
  assert.equal(scene.spool.next(1024), undefined);
  assert.ok(scene.spool.isOwnDelivered);
  scene.spool.close();
  const next = scene.crash("s2");
  next.send();
  assert.deepEqual(next.received.of(), ["a", "b"]);
});

Deno.test("what an earlier session left and the principal does not want is given up, for an agent that may try elsewhere", () => {
  const first = new SpoolScene();
  first.write(first.begin("known"), ["a"]);
  first.write(first.begin("unknown"), ["b"]);
  const scene = first.crash("s2");
  const out = scene.spool.next(1024);
  assert.ok(out);
  const other = new SpoolScene({ files: scene.files, session: "s3" });
  const [known, unknown] = out.parts;
  assert.ok(known && unknown);
  scene.spool.park(unknown.stream);
  assert.deepEqual([...other.spool.recover()], [], "the other run is not delivered yet");
  scene.spool.acknowledge([known]);
  assert.equal(scene.spool.unackedLines, 0);
  assert.deepEqual([...scene.spool.recover()], [], "once is enough");
  assert.equal([...other.spool.recover()].length, 1);
  other.deliver();
  assert.deepEqual(other.received.of("unknown"), ["b"]);
  scene.spool.refuse(unknown, 0); // An answer that comes late.
  assert.equal(scene.spool.next(1024), undefined);
  assert.deepEqual(scene.files.names("/spool"), []);
});

Deno.test("a spool that is closed while it takes over what was left leaves that to others", () => {
  const first = new SpoolScene({ maxBytes: 16 * 4096 });
  first.write(first.begin(), numbered(1, 30));
  for (let from = 31; from <= 91; from += 30) first.write(first.begin(`r${from}`), numbered(from, from + 29));
  assert.ok(first.segments().length > 1);
  first.spool.close();
  const scene = new SpoolScene({ files: first.files, session: "s2" });
  const recovery = scene.spool.recover();
  assert.equal(recovery.next().done, false);
  scene.spool.close();
  const next = new SpoolScene({ files: first.files, session: "s3" });
  assert.equal([...next.spool.recover()].length, first.segments().length);
});

Deno.test("what an earlier attempt to write a segment anew has left does not get into it", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 });
  const stream = scene.begin();
  for (let number = 1; number <= 40; number++) {
    const file = scene.files.open(`/spool/s1/${String(number).padStart(10, "0")}.log.new`);
    file.append(new TextEncoder().encode("left over"));
    file.close();
  }
  for (let from = 1; from <= 1000; from += 20) scene.write(stream, numbered(from, from + 19));
  scene.send();
  assert.equal(scene.received.position(), 1000);
  assert.deepEqual(scene.received.of().filter((line) => line.startsWith("unreadable")), []);
});

Deno.test("lines are sent again also when the segment that was read last is gone", () => {
  const scene = new SpoolScene({ maxBytes: 16 * 4096 });
  const [first, second] = [scene.begin("r1"), scene.begin("r2")];
  scene.write(first, numbered(1, 30));
  const lost = scene.spool.next(1);
  scene.write(second, numbered(1, 30));
  scene.deliver();
  assert.deepEqual(scene.segments(), ["s1/0000000001.log"]);
  for (const part of lost?.parts ?? []) scene.spool.refuse(part, 0);
  scene.write(first, ["last"]);
  scene.send();
  assert.deepEqual(scene.received.of("r1"), [...numbered(1, 30), "last"]);
});

Deno.test("lines that were not read yet are read when their segment becomes one with an older one", () => {
  const scene = new SpoolScene({ maxBytes: 16 * 4096 });
  const [waiting, loud] = [scene.begin("r1"), scene.begin("r2")];
  scene.write(waiting, numbered(1, 5));
  scene.spool.next(1);
  scene.write(loud, numbered(1, 39));
  scene.spool.acknowledge(scene.spool.next(1)?.parts ?? []);
  // Its segment is gone, and what is read next is not there yet: it becomes one with that of the lines that wait.
  for (let from = 40; from <= 1000; from += 20) scene.write(loud, numbered(from, from + 19));
  const out = scene.spool.next(100_000);
  assert.ok(out);
  const entries = readChunks(out).flatMap((chunk) => chunk.entries);
  const gaps = entries.filter((entry) => entry.length === 2);
  assert.deepEqual(gaps.flatMap(([, counts]) => counts.map(([name]) => name)), ["only"], "none that nobody made");
  assert.equal(out.parts[0]?.lastSeq, 1019);
});

Deno.test("acknowledged lines of a run that ended are not sent again with those around them, nor kept for them", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 });
  const [long, short] = [scene.begin("r1"), scene.begin("r2")];
  scene.write(long, ["a"]);
  scene.write(short, numbered(1, 20));
  const [first, second] = [scene.spool.next(1), scene.spool.next(1)];
  scene.spool.end(short);
  scene.spool.acknowledge(second?.parts ?? []);
  for (const part of first?.parts ?? []) scene.spool.refuse(part, 0);
  assert.deepEqual(scene.spool.next(100_000)?.parts.map(({ stream }) => stream.name.runId), ["r1"]);
  const before = scene.files.size("/spool/s1/0000000001.log");
  for (let from = 1; from <= 1000; from += 20) scene.write(long, numbered(from, from + 19));
  const after = scene.files.size("/spool/s1/0000000001.log");
  assert.ok(
    after !== before && !new TextDecoder().decode(scene.files.read("/spool/s1/0000000001.log", 0, after))
      .includes("r2"),
  );
});

Deno.test("lines that the principal does not want make way for those of others when the spool is full", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 });
  const unknown = scene.begin("nobody's");
  for (let from = 1; from <= 541; from += 20) scene.write(unknown, numbered(from, from + 19));
  while (scene.spool.next(100_000));
  scene.spool.park(unknown);
  const stream = scene.begin();
  for (let from = 1; from <= 381; from += 20) scene.write(stream, numbered(from, from + 19));
  const next = scene.crash("s2");
  next.send();
  assert.deepEqual(next.received.of(), numbered(1, 400));
});

Deno.test("a segment that somebody removed costs its lines and holds up no others; the gap stands near its place", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 * 1024 });
  const stream = scene.begin();
  const lines = Array.from({ length: 300 }, (_, index) => `${index} ${"y".repeat(60_000)}`);
  for (const line of lines) scene.write(stream, [line]);
  scene.files.remove("/spool/s1/0000000001.log");
  const out = scene.spool.next(1);
  assert.ok(out);
  const [gap] = readChunks(out)[0]?.entries ?? [];
  assert.equal(gap?.[0], scene.clock.nowMs(), "not in 1970");
  for (const chunk of readChunks(out)) scene.received.take(chunk);
  scene.spool.acknowledge([...out.parts, ...scene.send(200_000)]);
  const missing = 300 - (scene.received.of().length - 1);
  assert.equal(scene.received.of()[0], `unreadable ${missing}`);
  assert.deepEqual(scene.received.of().slice(1), lines.slice(missing));
  assert.deepEqual(scene.segments(), []);
});

Deno.test("lines that were in memory only when the agent ends are told as lost", () => {
  const scene = new SpoolScene();
  scene.files.capacityBytes = 0;
  scene.write(scene.begin(), ["a", "b"]);
  scene.spool.close();
  assert.equal(scene.told.at(-1), "2 log lines that could not be kept in /spool went with this agent");
});

Deno.test("a line that is larger than the whole spool drives no others out of it", () => {
  const scene = new SpoolScene({ maxBytes: 64 * 1024 });
  const stream = scene.begin();
  for (let from = 1; from <= 181; from += 20) scene.write(stream, numbered(from, from + 19));
  scene.write(stream, ["x".repeat(70_000)]);
  scene.deliver();
  assert.deepEqual(scene.received.of(), [...numbered(1, 200), "x".repeat(70_000)]);
  assert.deepEqual(scene.told, []);
});

Deno.test("a spool whose directory somebody removed goes on in a new one", async () => {
  const directory = await Deno.makeTempDir({ prefix: "cdktr-spool-test-" });
  try {
    const log = { info: () => {}, warn: () => {}, error: (sentence: string) => assert.fail(sentence) };
    const sources = { files: systemFiles, clock: new FakeClock(), log };
    const spool = new Spool({ directory: `${directory}/spool`, session: "s1", maxBytes: 1024 * 1024, ...sources });
    const stream = spool.begin({ runId: "r1", attempt: 1, workflowId: "etl", workflowName: "ETL" });
    const lines = { taskName: "only", taskRunId: "t1", timestampMs: 1, level: "INFO", payloads: numbered(1, 300) };
    spool.append(stream, lines);
    await Deno.remove(`${directory}/spool`, { recursive: true });
    for (let round = 0; round < 3; round++) spool.append(stream, lines);
    assert.deepEqual(systemFiles.names(`${directory}/spool/s1`), ["0000000002.log"]);
    for (let out = spool.next(100_000); out !== undefined; out = spool.next(100_000)) spool.acknowledge(out.parts);
    assert.ok(spool.isOwnDelivered);
    spool.close();
    assert.deepEqual(systemFiles.names(`${directory}/spool`), []);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
