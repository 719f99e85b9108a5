import assert from "node:assert/strict";
import { Dealer, Push, Req, Sub } from "../../src/zmtp/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { bytes, command, frame, greeting, RawPeer, ready, textOf } from "./raw_peer.ts";
import { Events, options, until } from "./sockets.ts";

/** A port that nobody listens on. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Accepts a connection and shakes hands. */
async function acceptPeer(listener: Deno.TcpListener, type: string, minor = 1): Promise<RawPeer> {
  const peer = new RawPeer(await listener.accept());
  await peer.write(greeting(minor), ready(type));
  await peer.read(64);
  await peer.readFrame();
  return peer;
}

Deno.test("pauses between tries double up to their limit and lie in the upper half", async () => {
  for (const [fraction, share] of [[0, 0.5], [0.5, 0.75]] as const) {
    const clock = new FakeClock();
    const random = { fraction: () => fraction, bytes: (count: number) => new Uint8Array(count) };
    await using push = new Push(options({ clock, random, reconnectMinMs: 100, reconnectMaxMs: 1_000 }));
    const events = new Events(push);
    push.connect("127.0.0.1", freePort());
    for (const fullMs of [100, 200, 400, 800, 1_000, 1_000]) {
      const retry = await events.next("retrying");
      assert.equal(retry.delayMs, fullMs * share);
      assert.equal(retry.error?.code, "CONNECT_FAILED");
      clock.advance(retry.delayMs);
    }
  }
});

Deno.test("what is queued while nobody is there is sent when somebody is, in order", async () => {
  const port = freePort();
  await using push = new Push(options({ reconnectMinMs: 5 }));
  const events = new Events(push);
  push.connect("127.0.0.1", port);
  for (const text of ["a", "b", "c"]) await push.send([bytes(text)]);
  await events.next("retrying");
  using listener = Deno.listen({ hostname: "127.0.0.1", port });
  using peer = await acceptPeer(listener, "PULL");
  for (const text of ["a", "b", "c"]) assert.equal(textOf((await peer.readFrame()).body), text);
});

Deno.test("a lost connection is made again, with the count of tries begun anew", async () => {
  await using push = new Push(options({ reconnectMinMs: 1 }));
  const events = new Events(push);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  push.connect("127.0.0.1", listener.addr.port);
  for (let round = 0; round < 3; round++) {
    using peer = await acceptPeer(listener, "PULL");
    await events.next("handshake-succeeded");
    await push.send([bytes("x")]);
    await peer.readFrame();
    peer.close();
    await events.next("disconnected");
    assert.equal((await events.next("retrying")).attempt, 1);
  }
});

Deno.test("without a queue for the unconnected, sends wait for a peer and nothing outlives a connection", async () => {
  await using dealer = new Dealer(options({ queueUnconnected: false, reconnectMinMs: 1 }));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  dealer.connect("127.0.0.1", listener.addr.port);
  assert.equal(dealer.trySend([bytes("too early")]), false);
  const sending = dealer.send([bytes("patient")]);
  using peer = await acceptPeer(listener, "ROUTER");
  await sending;
  assert.equal(textOf((await peer.readFrame()).body), "patient");
});

Deno.test("every subscription is sent again after a reconnect, and no cancelled one", async () => {
  await using sub = new Sub(options({ reconnectMinMs: 1 }));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  sub.subscribe("a");
  sub.subscribe("b");
  sub.connect("127.0.0.1", listener.addr.port);
  const first = await acceptPeer(listener, "PUB");
  const wanted = [command("SUBSCRIBE", bytes("a")), command("SUBSCRIBE", bytes("b"))];
  for (const each of wanted) assert.deepEqual(await first.read(each.length), each);
  first.close();
  await until(() => sub.peerCount === 0);
  sub.unsubscribe("b");
  sub.subscribe("c");
  using second = await acceptPeer(listener, "PUB", 0);
  for (const each of [frame(0, bytes("\x01a")), frame(0, bytes("\x01c"))]) {
    assert.deepEqual(await second.read(each.length), each);
  }
  await second.write(frame(0, bytes("abc")));
  assert.equal(textOf((await sub.receive())[0]), "abc");
});

Deno.test("connecting once fails fast where nobody listens", async () => {
  await using req = new Req(options());
  await assert.rejects(req.connectOnce("127.0.0.1", freePort()), { name: "ZmtpError", code: "CONNECT_FAILED" });
  await assert.rejects(req.send([bytes("x")]), { code: "CONNECT_FAILED" });
});

Deno.test("connecting once to what does not speak ZMTP says so", async () => {
  await using req = new Req(options());
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = req.connectOnce("127.0.0.1", listener.addr.port);
  using peer = new RawPeer(await listener.accept());
  await peer.write(bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await assert.rejects(connecting, { code: "PROTOCOL" });
});

Deno.test("connecting once gives up at its timeout, and when its signal aborts", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using slow = new Req(options({ handshakeTimeoutMs: 20 }));
  await assert.rejects(slow.connectOnce("127.0.0.1", listener.addr.port), { code: "TIMED_OUT" });
  await using aborted = new Req(options());
  const signal = AbortSignal.timeout(20);
  await assert.rejects(aborted.connectOnce("127.0.0.1", listener.addr.port, { signal }), { name: "TimeoutError" });
  await assert.rejects(aborted.connectOnce("127.0.0.1", listener.addr.port, { signal }), { name: "TimeoutError" });
});

Deno.test("when the only connection ends, what waits is rejected, after what had arrived was received", async () => {
  await using dealer = new Dealer(options());
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = dealer.connectOnce("127.0.0.1", listener.addr.port);
  const peer = await acceptPeer(listener, "ROUTER");
  await connecting;
  await peer.write(frame(0, bytes("last words")));
  peer.close();
  await until(() => dealer.peerCount === 0);
  assert.equal(textOf((await dealer.receive())[0]), "last words");
  await assert.rejects(dealer.receive(), { code: "PEER_LOST" });
  await assert.rejects(dealer.send([bytes("x")]), { code: "PEER_LOST" });
  await assert.rejects(dealer.whenPeer(), { code: "PEER_LOST" });
});
