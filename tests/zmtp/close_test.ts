import assert from "node:assert/strict";
import { Dealer, Pub, Pull, Push, Rep, Req, Router, Sub } from "../../src/zmtp/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { bytes, frame, RawPeer, textOf } from "./raw_peer.ts";
import { options, until } from "./sockets.ts";

Deno.test("closing sends what is queued, then a FIN", async () => {
  const push = new Push(options());
  const { port } = await push.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "PULL");
  await until(() => push.peerCount === 1);
  for (let count = 0; count < 500; count++) await push.send([new Uint8Array(10_000)]);
  const closing = push.close();
  let received = 0;
  for (; received < 500; received++) assert.equal((await peer.readFrame()).body.length, 10_000);
  assert.equal((await peer.readToEnd()).length, 0);
  await closing;
  assert.equal(push.lostMessages, 0);
});

Deno.test("a peer that is sending while we close sees a FIN and no RST", async () => {
  const router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  await until(() => router.peerCount === 1);
  const closing = router.close();
  await peer.write(frame(0, bytes("one more")));
  assert.equal((await peer.readToEnd()).length, 0);
  await peer.write(frame(0, bytes("and another")));
  await peer.finish();
  await closing;
});

Deno.test("a REQ that has its reply closes with a FIN, at once", async () => {
  const clock = new FakeClock();
  const req = new Req(options({ clock }));
  const { port } = await req.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "REP", 0);
  await req.send([bytes("x")]);
  await peer.readFrame();
  await peer.readFrame();
  await peer.write(frame(1, new Uint8Array()), frame(0, bytes("reply")));
  await req.receive();
  // The clock stands still, so a close that waited for the peer would never end.
  await req.close();
  assert.equal((await peer.readToEnd()).length, 0);
});

Deno.test("a paused receiver that closes reads on to the peer's FIN", async () => {
  const pull = new Pull(options({ receiveHighWaterMark: 1, drainMs: 5_000 }));
  const { port } = await pull.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "PUSH");
  for (let count = 0; count < 100; count++) await peer.write(frame(0, new Uint8Array(200)));
  await pull.receive();
  const closing = pull.close();
  assert.equal((await peer.readToEnd()).length, 0);
  await peer.finish();
  await closing;
});

Deno.test("what cannot be sent within the linger time is dropped and counted", async () => {
  const clock = new FakeClock();
  const push = new Push(options({ clock, lingerMs: 1_000 }));
  push.connect("127.0.0.1", 9);
  await push.send([bytes("x")]);
  await push.send([bytes("y")]);
  const closing = push.close();
  clock.advance(1_000);
  await closing;
  assert.equal(push.lostMessages, 2);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a peer that neither reads nor closes is cut off after the drain time", async () => {
  const clock = new FakeClock();
  const router = new Router(options({ clock, drainMs: 200 }));
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  await until(() => router.peerCount === 1);
  const closing = router.close();
  await peer.readToEnd();
  clock.advance(200);
  await closing;
});

Deno.test("within the linger time a queued message still finds its peer", async () => {
  await using pull = new Pull(options());
  const { port } = await pull.bind("127.0.0.1", 0);
  const push = new Push(options());
  push.connect("127.0.0.1", port);
  await push.send([bytes("parting words")]);
  await push.close();
  assert.equal(textOf((await pull.receive())[0]), "parting words");
});

Deno.test("every wait ends with CLOSED, and every later call says CLOSED", async () => {
  const pull = new Pull(options());
  const push = new Push(options());
  const req = new Req(options());
  await push.bind("127.0.0.1", 0);
  await req.bind("127.0.0.1", 0);
  const rep = new Rep(options());
  const waits = [
    pull.receive(),
    push.send([bytes("x")]),
    req.send([bytes("x")]),
    rep.receive(),
    pull.whenPeer(),
  ].map((wait) => assert.rejects(wait, { code: "CLOSED" }));
  await Promise.all([pull, push, req, rep].map((socket) => socket.close()));
  await Promise.all(waits);
  await assert.rejects(pull.receive(), { code: "CLOSED" });
  await assert.rejects(pull.bind("127.0.0.1", 0), { code: "CLOSED" });
  assert.throws(() => push.trySend([bytes("x")]), { code: "CLOSED" });
  assert.throws(() => push.connect("127.0.0.1", 9), { code: "CLOSED" });
});

Deno.test("closing twice is closing once, and closing unused sockets is quick", async () => {
  for (const Type of [Dealer, Pub, Pull, Push, Rep, Req, Router, Sub]) {
    const clock = new FakeClock();
    const socket = new Type(options({ clock }));
    assert.equal(socket.close(), socket.close());
    await socket.close();
    assert.equal(clock.timerCount, 0);
  }
});

Deno.test("closing while connecting and while shaking hands leaves nothing behind", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = new Sub(options());
  connecting.connect("127.0.0.1", listener.addr.port);
  await connecting.close();
  const shaking = new Sub(options());
  shaking.connect("127.0.0.1", listener.addr.port);
  using peer = new RawPeer(await listener.accept());
  using later = new RawPeer(await listener.accept());
  await later.read(64).catch(() => peer.read(64));
  const closing = shaking.close();
  later.close();
  peer.close();
  await closing;
});

Deno.test("a taken port is ADDRESS_IN_USE, an address of others BIND_FAILED", async () => {
  await using first = new Pull(options());
  await using second = new Pull(options());
  const { port } = await first.bind("127.0.0.1", 0);
  await assert.rejects(second.bind("127.0.0.1", port), { code: "ADDRESS_IN_USE" });
  await assert.rejects(second.bind("192.0.2.1", 0), { code: "BIND_FAILED" });
});

Deno.test("a port is free again once its socket is closed", async () => {
  const first = new Pull(options());
  const { port } = await first.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "PUSH");
  const closing = first.close();
  await peer.readToEnd();
  peer.close();
  await closing;
  await using second = new Pull(options());
  assert.equal((await second.bind("127.0.0.1", port)).port, port);
});
