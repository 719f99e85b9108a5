import assert from "node:assert/strict";
import { Dealer, Router } from "../../src/zmtp/mod.ts";
import { bytes, RawPeer, textOf } from "./raw_peer.ts";
import { Events, options, until } from "./sockets.ts";

Deno.test("a message carries the identity its peer announced, both ways", async () => {
  await using router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  await using dealer = new Dealer(options({ identity: bytes("alice") }));
  dealer.connect("127.0.0.1", port);
  await dealer.send([bytes("hello")]);
  assert.deepEqual((await router.receive()).map(textOf), ["alice", "hello"]);
  assert.ok(router.hasPeer(bytes("alice")));
  // Equal bytes in another array do as well as the array that was received.
  await router.send([bytes("alice"), bytes("a"), bytes("b")]);
  assert.deepEqual((await dealer.receive()).map(textOf), ["a", "b"]);
});

Deno.test("a peer without an identity gets one of a zero byte and four more, a new one each time", async () => {
  await using router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  const seen = new Set<string>();
  for (let round = 0; round < 3; round++) {
    await using dealer = new Dealer(options());
    await dealer.connectOnce("127.0.0.1", port);
    await dealer.send([bytes("x")]);
    const [identity] = await router.receive();
    assert.equal(identity?.length, 5);
    assert.equal(identity[0], 0);
    seen.add(identity.toHex());
  }
  assert.equal(seen.size, 3);
});

Deno.test("an unknown identity is an error, and so is one that has gone", async () => {
  await using router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  await assert.rejects(router.send([bytes("bob"), bytes("x")]), { code: "UNROUTABLE" });
  assert.equal(router.trySend([bytes("bob"), bytes("x")]), false);
  const peer = await RawPeer.handshaken(port, "DEALER", 1, bytes("bob"));
  await until(() => router.hasPeer(bytes("bob")));
  peer.close();
  await until(() => !router.hasPeer(bytes("bob")));
  await assert.rejects(router.send([bytes("bob"), bytes("x")]), { code: "UNROUTABLE" });
});

Deno.test("a peer that does not read fills up to its high-water mark and is an error from there", async () => {
  await using router = new Router(options({ sendHighWaterMark: 10, lingerMs: 0, drainMs: 0 }));
  const { port } = await router.bind("127.0.0.1", 0);
  using _full = await RawPeer.handshaken(port, "DEALER", 1, bytes("bob"));
  using other = await RawPeer.handshaken(port, "DEALER", 1, bytes("eve"));
  await until(() => router.peerCount === 2);
  const body = new Uint8Array(100_000);
  let sent = 0;
  while (router.trySend([bytes("bob"), body])) {
    sent++;
    if (sent % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(sent >= 10);
  await assert.rejects(router.send([bytes("bob"), body]), { code: "PEER_FULL" });
  await router.send([bytes("eve"), bytes("still served")]);
  assert.equal(textOf((await other.readFrame()).body), "still served");
});

Deno.test("of two peers with one identity the first stays and the newcomer is closed after its handshake", async () => {
  await using router = new Router(options());
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  using first = await RawPeer.handshaken(port, "DEALER", 1, bytes("bob"));
  using second = await RawPeer.handshaken(port, "DEALER", 1, bytes("bob"));
  assert.equal((await events.next("handshake-failed")).error.code, "DUPLICATE_IDENTITY");
  assert.equal((await second.readToEnd()).length, 0);
  await router.send([bytes("bob"), bytes("x")]);
  assert.equal(textOf((await first.readFrame()).body), "x");
  first.close();
  await until(() => router.peerCount === 0);
  using _third = await RawPeer.handshaken(port, "DEALER", 1, bytes("bob"));
  await until(() => router.hasPeer(bytes("bob")));
});

Deno.test("a message without a frame beside the identity is misuse", async () => {
  await using router = new Router(options());
  await assert.rejects(router.send([bytes("bob")]), { code: "MISUSE" });
  await assert.rejects(router.send([]), { code: "MISUSE" });
});

Deno.test("an event tells the identity a peer was given", async () => {
  await using router = new Router(options());
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "REQ", 0);
  const { peer: info } = await events.next("handshake-succeeded");
  assert.equal(info.identity?.length, 5);
  assert.equal(info.version, "3.0");
  assert.equal(info.socketType, "REQ");
  assert.equal(info.address.hostname, "127.0.0.1");
  peer.close();
  assert.equal((await events.next("disconnected")).peer, info);
});
