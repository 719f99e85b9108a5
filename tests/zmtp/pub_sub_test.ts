import assert from "node:assert/strict";
import { Pub, Sub } from "../../src/zmtp/mod.ts";
import { bytes, command, frame, hex, RawPeer, textOf } from "./raw_peer.ts";
import { options, until } from "./sockets.ts";

/** Publishes until the peer has seen a message: nothing tells a publisher's user that a subscription has arrived. */
async function untilSubscribed(pub: Pub, topic: string, peer: RawPeer): Promise<void> {
  const probing = setInterval(() => pub.trySend([bytes(topic)]), 1);
  await peer.readFrame();
  clearInterval(probing);
  await pub.send([bytes(`${topic}:end`)]);
  while (textOf((await peer.readFrame()).body) !== `${topic}:end`);
}

Deno.test("a subscription matches the beginning of the first frame, by command and by message", async () => {
  await using pub = new Pub(options());
  const { port } = await pub.bind("127.0.0.1", 0);
  for (const [minor, subscribe] of [[1, command("SUBSCRIBE", bytes("ab"))], [0, frame(0, hex("01 61 62"))]] as const) {
    using peer = await RawPeer.handshaken(port, "SUB", minor);
    await peer.write(subscribe);
    await untilSubscribed(pub, "ab", peer);
    for (const topic of ["a", "abc", "b", "ba", "ab"]) await pub.send([bytes(topic), bytes("body")]);
    for (const topic of ["abc", "ab"]) {
      assert.deepEqual(await peer.readFrame(), { flags: 1, body: bytes(topic) });
      assert.equal(textOf((await peer.readFrame()).body), "body");
    }
  }
});

Deno.test("overlapping and repeated subscriptions deliver once, and each needs its own cancellation", async () => {
  await using pub = new Pub(options());
  const { port } = await pub.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "SUB");
  for (const topic of ["", "a", "a", "ab"]) await peer.write(command("SUBSCRIBE", bytes(topic)));
  await untilSubscribed(pub, "zz", peer);
  await pub.send([bytes("ab1")]);
  assert.equal(textOf((await peer.readFrame()).body), "ab1");
  for (const topic of ["", "a", "ab", "never"]) await peer.write(command("CANCEL", bytes(topic)));
  await untilCancelled(pub, "zz", peer);
  await pub.send([bytes("a2")]);
  assert.equal(textOf((await peer.readFrame()).body), "a2");
});

/** Cancellations were taken when a topic no longer comes while another still does. */
async function untilCancelled(pub: Pub, topic: string, peer: RawPeer): Promise<void> {
  for (;;) {
    await pub.send([bytes(topic)]);
    await pub.send([bytes("a-mark")]);
    if (textOf((await peer.readFrame()).body) === "a-mark") return;
    await peer.readFrame();
  }
}

Deno.test("a subscriber that does not read misses messages, which are counted, and holds up nobody", async () => {
  await using pub = new Pub(options({ sendHighWaterMark: 10, lingerMs: 0, drainMs: 0 }));
  const { port } = await pub.bind("127.0.0.1", 0);
  using stuck = await RawPeer.handshaken(port, "SUB");
  await stuck.write(command("SUBSCRIBE", new Uint8Array()));
  await untilSubscribed(pub, "t", stuck);
  await using sub = new Sub(options());
  sub.subscribe("t");
  let received = 0;
  sub.onMessage = () => void received++;
  sub.connect("127.0.0.1", port);
  await sub.whenPeer();
  const body = new Uint8Array(100_000);
  while (pub.droppedMessages === 0 || received < 20) {
    pub.trySend([bytes("t"), body]);
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(pub.peerCount, 2);
});

Deno.test("SUB passes on only what it subscribed to, whatever a publisher sends", async () => {
  await using sub = new Sub(options());
  sub.subscribe("a");
  sub.subscribe("a");
  sub.unsubscribe("a");
  sub.unsubscribe("never");
  const { port } = await sub.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "PUB");
  await peer.write(frame(0, bytes("b")), frame(0, new Uint8Array()), frame(0, bytes("a1")));
  assert.equal(textOf((await sub.receive())[0]), "a1");
  assert.equal(sub.filteredMessages, 2);
  sub.unsubscribe("a");
  await peer.write(frame(0, bytes("a2")));
  await until(() => sub.filteredMessages === 3);
  assert.equal(sub.tryReceive(), undefined);
});

Deno.test("a topic that fits no command is misuse", async () => {
  await using sub = new Sub(options());
  assert.throws(() => sub.subscribe(new Uint8Array(9_000)), { code: "MISUSE" });
});

Deno.test("a publisher without subscribers sends to nobody and misses nobody", async () => {
  await using pub = new Pub(options());
  assert.equal(pub.trySend([bytes("x")]), true);
  assert.equal(pub.droppedMessages, 0);
});
