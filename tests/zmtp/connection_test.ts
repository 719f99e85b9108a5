import assert from "node:assert/strict";
import fc from "fast-check";
import { Dealer, Pub, Pull, Push, Req, Router, Sub } from "../../src/zmtp/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { bytes, command, frame, greeting, hex, join, RawPeer, ready, textOf } from "./raw_peer.ts";
import { Events, options, until } from "./sockets.ts";

/** Sends `sent` after a handshake as DEALER and returns the code of the disconnection it causes. */
async function disconnectionBy(
  some: Parameters<typeof options>[0],
  ...sent: Uint8Array[]
): Promise<string | undefined> {
  await using router = new Router(options(some));
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  await peer.write(...sent);
  const { error } = await events.next("disconnected");
  assert.equal(router.peerCount, 0);
  return error?.code;
}

Deno.test("a frame over the limit closes its peer", async () => {
  assert.equal(await disconnectionBy({ maxFrameBytes: 100 }, hex("02 00 00 00 00 00 00 00 65")), "LIMIT_EXCEEDED");
  assert.equal(await disconnectionBy({}, hex("02 00 00 01 00 00 00 00 00")), "LIMIT_EXCEEDED");
});

Deno.test("a message over its limits of bytes and frames closes its peer", async () => {
  const part = frame(1, new Uint8Array(60));
  assert.equal(await disconnectionBy({ maxMessageBytes: 100 }, part, part), "LIMIT_EXCEEDED");
  const endless = join(...Array.from({ length: 5 }, () => frame(1, bytes("x"))));
  assert.equal(await disconnectionBy({ maxFramesPerMessage: 5 }, endless), "LIMIT_EXCEEDED");
});

Deno.test("of messages that arrive at the same time the largest goes when they are too much together", async () => {
  await using router = new Router(options({ maxUnfinishedBytes: 500_000 }));
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  const part = (kibibytes: number) => frame(1, new Uint8Array(kibibytes * 1024));
  using small = await RawPeer.handshaken(port, "DEALER");
  await small.write(part(100));
  using greedy = await RawPeer.handshaken(port, "DEALER", 1, bytes("greedy"));
  await greedy.write(part(150), part(150));
  // A single frame that never comes to its end counts as well.
  using late = await RawPeer.handshaken(port, "DEALER");
  await late.write(hex("02 00 00 00 00 00 0f 42 40"), new Uint8Array(200_000));
  const { error, peer } = await events.next("disconnected");
  assert.equal(error?.code, "LIMIT_EXCEEDED");
  assert.equal(textOf(peer.identity), "greedy");
  await small.write(frame(0, bytes("end")));
  assert.deepEqual((await router.receive()).slice(1).map(({ length }) => length), [100 * 1024, 3]);
  // What is whole or gone does not count: there is room again, time after time.
  for (let count = 0; count < 10; count++) {
    await small.write(part(200), frame(0, bytes("end")));
    assert.equal((await router.receive()).length, 3);
  }
  assert.equal(router.peerCount, 2);
});

Deno.test("a message of exactly the most frames is accepted", async () => {
  await using router = new Router(options({ maxFramesPerMessage: 3 }));
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  await peer.write(frame(1, bytes("a")), frame(1, bytes("b")), frame(0, bytes("c")));
  assert.deepEqual((await router.receive()).slice(1).map(textOf), ["a", "b", "c"]);
});

Deno.test("reserved flags, a command in parts, an oversized and a nameless command close their peer", async () => {
  assert.equal(await disconnectionBy({}, hex("10 00")), "PROTOCOL");
  assert.equal(await disconnectionBy({}, hex("05 00")), "PROTOCOL");
  assert.equal(await disconnectionBy({ maxCommandBytes: 50 }, command("PING", new Uint8Array(60))), "LIMIT_EXCEEDED");
  assert.equal(await disconnectionBy({}, frame(4, hex("00"))), "PROTOCOL");
  assert.equal(await disconnectionBy({}, command("PING", hex("00"))), "PROTOCOL");
});

Deno.test("an ERROR command closes its peer, an unknown command is passed over", async () => {
  assert.equal(await disconnectionBy({}, command("NEWS", bytes("?")), command("ERROR", hex("00"))), "DENIED");
});

Deno.test("a PING is answered with its context, cut to 16 bytes", async () => {
  await using router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  await peer.write(command("PING", join(hex("00 00"), bytes("0123456789abcdefXYZ"))));
  assert.deepEqual(await peer.readFrame(), { flags: 4, body: join(hex("04"), bytes("PONG0123456789abcdef")) });
});

Deno.test("pings without end do not queue pongs without end", async () => {
  await using router = new Router(options({ lingerMs: 0, drainMs: 0 }));
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  const ping = command("PING", join(hex("00 00"), bytes("0123456789abcdef")));
  const pings = join(...Array.from({ length: 10_000 }, () => ping));
  // Nothing is read here, so a peer that queued every answer would block or grow; this one only keeps the last.
  for (let round = 0; round < 10; round++) await peer.write(pings);
  await peer.write(frame(0, bytes("still here")));
  assert.equal(textOf((await router.receive())[1]), "still here");
});

Deno.test("a 3.0 peer is sent no command but READY, whatever it sends", async () => {
  const clock = new FakeClock();
  await using router = new Router(options({ clock, heartbeatIntervalMs: 1 }));
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER", 0);
  await peer.write(command("PING", hex("00 00")), frame(0, bytes("x")));
  const [identity] = await router.receive();
  assert.ok(identity);
  clock.advance(100);
  await router.send([identity, bytes("y")]);
  const closing = router.close();
  assert.deepEqual(await peer.readToEnd(), frame(0, bytes("y")));
  peer.close();
  await closing;
});

Deno.test("subscriptions go to a 3.0 peer as messages and to a 3.1 peer as commands", async () => {
  for (const [minor, wanted] of [[0, frame(0, hex("01 61"))], [1, command("SUBSCRIBE", bytes("a"))]] as const) {
    await using sub = new Sub(options());
    sub.subscribe("a");
    const { port } = await sub.bind("127.0.0.1", 0);
    using peer = await RawPeer.handshaken(port, "PUB", minor);
    assert.deepEqual(await peer.read(wanted.length), wanted);
    sub.unsubscribe("a");
    const cancelled = minor === 0 ? frame(0, hex("00 61")) : command("CANCEL", bytes("a"));
    assert.deepEqual(await peer.read(cancelled.length), cancelled);
  }
});

Deno.test("any bytes after the handshake end in messages or in a closed peer, and others are served", async () => {
  await using pull = new Pull(options({ maxFrameBytes: 100_000, maxMessageBytes: 100_000, drainMs: 0 }));
  const events = new Events(pull);
  const { port } = await pull.bind("127.0.0.1", 0);
  let messages = 0;
  pull.onMessage = () => void messages++;
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async (noise) => {
      using peer = await RawPeer.handshaken(port, "PUSH");
      await peer.write(noise).catch(() => {});
      await peer.finish().catch(() => {});
      await events.next("disconnected");
    }),
    { numRuns: 100 },
  );
  assert.equal(pull.peerCount, 0);
  const before = messages;
  await using push = new Push(options());
  push.connect("127.0.0.1", port);
  await push.send([bytes("fine")]);
  await until(() => messages > before);
});

Deno.test("connections over the limit are turned away, and there is room again when one goes", async () => {
  await using router = new Router(options({ maxPeers: 2 }));
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  using first = await RawPeer.handshaken(port, "DEALER");
  using _second = await RawPeer.connect(port);
  using third = await RawPeer.connect(port);
  assert.equal((await events.next("accept-failed")).error.code, "LIMIT_EXCEEDED");
  assert.equal((await third.readToEnd()).length, 0);
  first.close();
  await events.next("disconnected");
  await until(() => router.peerCount === 0);
  using _fourth = await RawPeer.handshaken(port, "DEALER");
});

Deno.test("a peer that closes in the middle of a message is told of", async () => {
  for (const part of [frame(1, bytes("a")), hex("00 05 61"), hex("02 00 00 00 00 00 01 00 00 61")]) {
    await using router = new Router(options());
    const events = new Events(router);
    const { port } = await router.bind("127.0.0.1", 0);
    const peer = await RawPeer.handshaken(port, "DEALER");
    await peer.write(part);
    peer.close();
    assert.equal((await events.next("disconnected")).error?.code, "PEER_LOST");
  }
});

const onLinux = { ignore: Deno.build.os !== "linux" };
Deno.test("a thousand short connections leave no descriptor, pipe or timer behind", onLinux, async () => {
  await using router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  router.onMessage = ([identity, ...rest]) => void (identity && router.trySend([identity, ...rest]));
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const request = join(greeting(0), ready("REQ"), hex("01 00 00 04 50 49 4e 47"));
  const oneRequest = async () => {
    using peer = await RawPeer.connect(port);
    await peer.write(request);
    await peer.read(64 + 30 + 8);
  };
  await oneRequest();
  await until(() => router.peerCount === 0);
  const before = descriptors();
  const startMs = performance.now();
  for (let round = 0; round < 100; round++) await Promise.all(Array.from({ length: 10 }, oneRequest));
  const perSecond = 1_000 / ((performance.now() - startMs) / 1_000);
  await until(() => router.peerCount === 0);
  await until(() => descriptors() <= before);
  assert.ok(perSecond > 200, `${perSecond.toFixed(0)} connections a second`);
});

Deno.test("a peer that stops in the middle of a frame costs nobody else anything", async () => {
  await using router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  using stuck = await RawPeer.handshaken(port, "DEALER");
  await stuck.write(hex("02 00 00 00 00 00 01 00 00 61"));
  await using dealer = new Dealer(options());
  await dealer.connectOnce("127.0.0.1", port);
  await dealer.send([bytes("x")]);
  assert.equal(textOf((await router.receive())[1]), "x");
});

Deno.test("a REQ of the original gets a large reply in the long form", async () => {
  await using req = new Req(options());
  const { port } = await req.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "REP", 0);
  await req.send([new Uint8Array(1_000).fill(97)]);
  assert.deepEqual(await peer.read(2 + 9 + 1), hex("01 00 02 00 00 00 00 00 00 03 e8 61"));
});

Deno.test("a PUB ignores what is no subscription and closes a peer over its subscription limits", async () => {
  await using pub = new Pub(options({ maxSubscriptionsPerPeer: 2, maxSubscriptionBytesPerPeer: 10 }));
  const events = new Events(pub);
  const { port } = await pub.bind("127.0.0.1", 0);
  using tooMany = await RawPeer.handshaken(port, "SUB");
  await tooMany.write(frame(0, bytes("hello")), frame(0, new Uint8Array()));
  for (const topic of ["a", "b", "a", "c"]) await tooMany.write(command("SUBSCRIBE", bytes(topic)));
  assert.equal((await events.next("disconnected")).error?.code, "LIMIT_EXCEEDED");
  using tooLong = await RawPeer.handshaken(port, "SUB", 0);
  await tooLong.write(frame(0, join(hex("01"), bytes("01234567890"))));
  assert.equal((await events.next("disconnected")).error?.code, "LIMIT_EXCEEDED");
});
