import assert from "node:assert/strict";
import { Pull, Push } from "../../src/zmtp/mod.ts";
import { bytes, frame, RawPeer, textOf } from "./raw_peer.ts";
import { options, until } from "./sockets.ts";

Deno.test("messages go to the peers in turn", async () => {
  await using push = new Push(options());
  const { port } = await push.bind("127.0.0.1", 0);
  const peers = [];
  for (let count = 0; count < 3; count++) peers.push(await RawPeer.handshaken(port, "PULL"));
  await until(() => push.peerCount === 3);
  for (let round = 0; round < 2; round++) {
    for (let count = 0; count < 3; count++) await push.send([bytes(String(round))]);
    for (const peer of peers) assert.equal(textOf((await peer.readFrame()).body), String(round));
  }
  for (const peer of peers) peer.close();
});

Deno.test("send waits without a peer, in order, until one comes; and its signal ends the wait", async () => {
  await using push = new Push(options());
  const { port } = await push.bind("127.0.0.1", 0);
  assert.equal(push.trySend([bytes("nobody")]), false);
  const abort = new AbortController();
  const first = push.send([bytes("first")]);
  const aborted = push.send([bytes("aborted")], { signal: abort.signal });
  const last = push.send([bytes("last")]);
  abort.abort(new Error("enough"));
  await assert.rejects(aborted, { message: "enough" });
  using peer = await RawPeer.handshaken(port, "PULL");
  await Promise.all([first, last]);
  assert.equal(textOf((await peer.readFrame()).body), "first");
  assert.equal(textOf((await peer.readFrame()).body), "last");
});

Deno.test("a peer that does not read fills up to its high-water mark; then sends wait until it reads", async () => {
  await using push = new Push(options({ sendHighWaterMark: 10 }));
  const { port } = await push.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "PULL");
  await until(() => push.peerCount === 1);
  const body = new Uint8Array(100_000);
  let sent = 0;
  const flood = async () => {
    while (push.trySend([body])) sent++;
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  for (let before = -1; before !== sent;) {
    before = sent;
    await flood();
  }
  let done = false;
  const waiting = push.send([bytes("waited")]).then(() => done = true);
  assert.equal(done, false);
  for (let count = 0; count < sent; count++) await peer.readFrame();
  await waiting;
  assert.equal(textOf((await peer.readFrame()).body), "waited");
});

Deno.test("the high-water mark of bytes counts as full too", async () => {
  await using push = new Push(options({ sendHighWaterBytes: 1_000, lingerMs: 0 }));
  push.connect("127.0.0.1", 9);
  assert.ok(push.trySend([new Uint8Array(999)]));
  assert.ok(push.trySend([new Uint8Array(1)]));
  assert.equal(push.trySend([new Uint8Array(1)]), false);
});

Deno.test("with one peer full the others still get messages", async () => {
  await using push = new Push(options({ sendHighWaterMark: 5, lingerMs: 0 }));
  const { port } = await push.bind("127.0.0.1", 0);
  using _full = await RawPeer.handshaken(port, "PULL");
  await using pull = new Pull(options());
  let received = 0;
  pull.onMessage = () => void received++;
  pull.connect("127.0.0.1", port);
  await until(() => push.peerCount === 2);
  const body = new Uint8Array(200_000);
  for (let count = 0; count < 200; count++) await push.send([body]);
  await until(() => received > 100);
});

Deno.test("PULL is fair: a peer with much to say does not keep out one with little", async () => {
  await using pull = new Pull(options());
  const { port } = await pull.bind("127.0.0.1", 0);
  using loud = await RawPeer.handshaken(port, "PUSH");
  using quiet = await RawPeer.handshaken(port, "PUSH");
  for (let count = 0; count < 100; count++) await loud.write(frame(0, bytes("loud")));
  await quiet.write(frame(0, bytes("quiet")));
  await pull.receive();
  await until(() => pull.peerCount === 2);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const next = [await pull.receive(), await pull.receive(), await pull.receive()].map(([body]) => textOf(body));
  assert.ok(next.includes("quiet"), next.join(" "));
});

Deno.test("a receiver at its high-water mark stops reading, and loses nothing when it goes on", async () => {
  await using pull = new Pull(options({ receiveHighWaterMark: 10 }));
  const { port } = await pull.bind("127.0.0.1", 0);
  await using push = new Push(options({ sendHighWaterMark: 10 }));
  push.connect("127.0.0.1", port);
  await push.whenPeer();
  const body = new Uint8Array(50_000);
  let sent = 0;
  for (let before = -1; before !== sent;) {
    before = sent;
    while (push.trySend([new Uint8Array([sent % 256]), body])) sent++;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // What fits into both queues and the kernel's buffers was taken; the sender is stopped now.
  assert.equal(push.trySend([body]), false);
  for (let count = 0; count < sent; count++) {
    const [number] = await pull.receive();
    assert.equal(number?.[0], count % 256);
  }
});

Deno.test("the handler's promises count against the high-water mark", async () => {
  await using pull = new Pull(options({ receiveHighWaterMark: 4 }));
  const { port } = await pull.bind("127.0.0.1", 0);
  const open: (() => void)[] = [];
  let handled = 0;
  pull.onMessage = () => {
    handled++;
    return new Promise((resolve) => open.push(resolve));
  };
  using peer = await RawPeer.handshaken(port, "PUSH");
  for (let count = 0; count < 100; count++) await peer.write(frame(0, bytes(String(count))));
  await until(() => handled >= 4);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(handled, 4);
  while (handled < 100) {
    for (const finish of open.splice(0)) finish();
    await new Promise((resolve) => setTimeout(resolve));
  }
  for (const finish of open) finish();
});

Deno.test("a handler set late gets what was queued, and receive() is misuse from then on", async () => {
  await using pull = new Pull(options());
  const { port } = await pull.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "PUSH");
  await peer.write(frame(0, bytes("a")), frame(0, bytes("b")));
  assert.equal(textOf((await pull.receive())[0]), "a");
  const got: string[] = [];
  pull.onMessage = ([body]) => void got.push(textOf(body));
  await until(() => got.length === 1);
  assert.deepEqual(got, ["b"]);
  await assert.rejects(pull.receive(), { code: "MISUSE" });
});

Deno.test("what a peer sent before it went is still received, and keeps no slab alive", async () => {
  await using pull = new Pull(options());
  const { port } = await pull.bind("127.0.0.1", 0);
  for (const text of ["one", "two", "three"]) {
    using peer = await RawPeer.handshaken(port, "PUSH", 0);
    await peer.write(frame(0, bytes(text)));
    await peer.finish();
    await peer.readToEnd();
  }
  for (const text of ["one", "two", "three"]) {
    const [body] = await pull.receive();
    assert.equal(textOf(body), text);
    assert.equal(body?.buffer.byteLength, text.length);
  }
});

Deno.test("the bytes of all peers together are limited, and none is lost", async () => {
  await using pull = new Pull(options({ receiveHighWaterBytes: 50_000 }));
  const { port } = await pull.bind("127.0.0.1", 0);
  const pushes = Array.from({ length: 4 }, () => new Push(options()));
  const sending = pushes.map(async (push) => {
    await push.connectOnce("127.0.0.1", port);
    for (let count = 0; count < 200; count++) await push.send([new Uint8Array(1_000)]);
    await push.close();
  });
  for (let count = 0; count < 4 * 200; count++) await pull.receive();
  await Promise.all(sending);
});

Deno.test("a message of no frames is misuse", async () => {
  await using push = new Push(options());
  assert.throws(() => push.trySend([]), { code: "MISUSE" });
});

Deno.test("waiting to receive ends with its signal", async () => {
  await using pull = new Pull(options());
  await assert.rejects(pull.receive({ signal: AbortSignal.abort(new Error("no")) }), { message: "no" });
  await assert.rejects(pull.receive({ signal: AbortSignal.timeout(1) }), { name: "TimeoutError" });
});
