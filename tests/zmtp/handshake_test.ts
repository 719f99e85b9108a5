import assert from "node:assert/strict";
import { decodeCommand, decodeProperties, encodeProperties } from "../../src/zmtp/command.ts";
import { Dealer, Pull, Req, Router } from "../../src/zmtp/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { bytes, command, frame, greeting, hex, join, RawPeer, ready, textOf } from "./raw_peer.ts";
import { Events, options } from "./sockets.ts";

/** Connects to a fresh ROUTER, sends `sent`, and returns the code of the handshake failure it causes. */
async function failureOf(...sent: Uint8Array[]): Promise<string> {
  await using router = new Router(options());
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.connect(port);
  await peer.write(...sent);
  const { error } = await events.next("handshake-failed");
  assert.equal(router.peerCount, 0);
  await assertStillServes(port, router);
  return error.code;
}

/** Whatever one peer did, others are served. */
async function assertStillServes(port: number, router: Router): Promise<void> {
  await using req = new Req(options());
  req.connect("127.0.0.1", port);
  await req.send([bytes("ping")]);
  const [identity, empty, body] = await router.receive();
  assert.ok(identity && empty && body);
  await router.send([identity, empty, body]);
  assert.equal(textOf((await req.receive())[0]), "ping");
}

Deno.test("the greeting and READY are the bytes the RFC asks for", async () => {
  await using pull = new Pull(options());
  const { port } = await pull.bind("127.0.0.1", 0);
  using peer = await RawPeer.connect(port);
  // All of the greeting comes at once, before the peer has said a word.
  assert.deepEqual(
    await peer.read(64),
    join(hex("ff 00 00 00 00 00 00 00 01 7f 03 01"), bytes("NULL"), new Uint8Array(48)),
  );
  await peer.write(greeting(0));
  assert.deepEqual(
    await peer.read(28),
    join(hex("04 1a 05"), bytes("READY"), hex("0b"), bytes("Socket-Type"), hex("00 00 00 04"), bytes("PULL")),
  );
});

Deno.test("a request of the original, byte for byte", async () => {
  await using router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "REQ", 0);
  await peer.write(hex("01 00 00 04 50 49 4e 47"));
  const [identity, ...rest] = await router.receive();
  assert.ok(identity);
  assert.deepEqual(rest.map(textOf), ["", "PING"]);
  await router.send([identity, new Uint8Array(), bytes("PONG")]);
  assert.deepEqual(await peer.read(8), hex("01 00 00 04 50 4f 4e 47"));
});

Deno.test("a handshake split into single bytes works", async () => {
  await using router = new Router(options());
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.connect(port);
  for (const byte of join(greeting(1), ready("DEALER"), frame(0, bytes("x")))) await peer.write(new Uint8Array([byte]));
  assert.equal(textOf((await router.receive())[1]), "x");
});

Deno.test("what is not a greeting is turned away at its first wrong byte", async () => {
  assert.equal(await failureOf(bytes("G")), "PROTOCOL");
  assert.equal(await failureOf(hex("ff 00 00 00 00 00 00 00 00 00")), "PROTOCOL");
  assert.equal(await failureOf(hex("ff 00 00 00 00 00 00 00 01 7f 01")), "INCOMPATIBLE");
});

Deno.test("another mechanism, an unfitting socket type and none at all are turned away", async () => {
  assert.equal(await failureOf(greeting(1, "CURVE")), "INCOMPATIBLE");
  assert.equal(await failureOf(greeting(1), ready("SUB")), "INCOMPATIBLE");
  assert.equal(await failureOf(greeting(1), command("READY", new Uint8Array())), "PROTOCOL");
});

Deno.test("a message or another command before READY is turned away", async () => {
  assert.equal(await failureOf(greeting(1), frame(0, bytes("hello"))), "PROTOCOL");
  assert.equal(await failureOf(greeting(1), command("PING", hex("00 00"))), "PROTOCOL");
});

Deno.test("a handshake frame over its limit is turned away before it arrives", async () => {
  assert.equal(await failureOf(greeting(1), hex("06 00 00 00 00 00 00 20 01")), "LIMIT_EXCEEDED");
});

Deno.test("metadata cut short is turned away", async () => {
  assert.equal(await failureOf(greeting(1), command("READY", hex("0b 53"))), "PROTOCOL");
  assert.equal(await failureOf(greeting(1), command("READY", hex("01 61 ff ff ff ff 00"))), "PROTOCOL");
  assert.equal(await failureOf(greeting(1), command("READY", hex("00 00 00 00 00"))), "PROTOCOL");
  assert.equal(await failureOf(greeting(1), frame(4, hex("09 52"))), "PROTOCOL");
});

Deno.test("an identity over 255 bytes or beginning with 0 is turned away", async () => {
  const long = join(
    hex("05"),
    bytes("READY"),
    encodeProperties([
      ["Socket-Type", bytes("DEALER")],
      ["Identity", new Uint8Array(256).fill(65)],
    ]),
  );
  assert.equal(await failureOf(greeting(1), frame(4, long)), "LIMIT_EXCEEDED");
  assert.equal(await failureOf(greeting(1), ready("DEALER", hex("00 01"))), "PROTOCOL");
});

Deno.test("a peer that closes in the middle of the handshake is told of", async () => {
  await using router = new Router(options());
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  const peer = await RawPeer.connect(port);
  await peer.write(greeting(1));
  await peer.read(64);
  await peer.readFrame();
  peer.close();
  assert.equal((await events.next("handshake-failed")).error.code, "PEER_LOST");
});

Deno.test("a silent peer is closed after the handshake timeout", async () => {
  const clock = new FakeClock();
  await using router = new Router(options({ clock, handshakeTimeoutMs: 3_000, drainMs: 0, lingerMs: 0 }));
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.connect(port);
  await peer.read(64);
  clock.advance(2_999);
  await peer.write(greeting(1));
  await peer.readFrame();
  clock.advance(1);
  assert.equal((await events.next("handshake-failed")).error.code, "TIMED_OUT");
  assert.equal(clock.timerCount, 0);
  clock.advance(1);
});

Deno.test("an ERROR in place of READY is reported with its reason made printable", async () => {
  await using dealer = new Dealer(options());
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = dealer.connectOnce("127.0.0.1", listener.addr.port);
  using peer = new RawPeer(await listener.accept());
  await peer.write(greeting(1), command("ERROR", hex("04 6e 6f 0a 21")));
  await assert.rejects(connecting, { code: "DENIED", message: "The peer refused the handshake: no?!" });
});

Deno.test("property names are read whatever their case, values are copies, of two the first counts", () => {
  const payload = encodeProperties([["SOCKET-type", bytes("REQ")], ["Socket-Type", bytes("REP")]]);
  const properties = decodeProperties(payload);
  payload.fill(0);
  assert.equal(textOf(properties.get("socket-type")), "REQ");
});

Deno.test("a command name longer than its frame is an error", () => {
  assert.throws(() => decodeCommand(hex("05 52")), { code: "PROTOCOL" });
  assert.throws(() => decodeCommand(hex("00")), { code: "PROTOCOL" });
  assert.throws(() => decodeCommand(new Uint8Array()), { code: "PROTOCOL" });
});
