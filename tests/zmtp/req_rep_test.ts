import assert from "node:assert/strict";
import { Rep, Req } from "../../src/zmtp/mod.ts";
import { bytes, command, frame, greeting, hex, RawPeer, ready, textOf } from "./raw_peer.ts";
import { options, until } from "./sockets.ts";

Deno.test("REQ is strict: it says what is wrong with a second send and with an early receive", async () => {
  await using req = new Req(options({ lingerMs: 0 }));
  const { port } = await req.bind("127.0.0.1", 0);
  await assert.rejects(req.receive(), { code: "MISUSE" });
  using _peer = await RawPeer.handshaken(port, "REP");
  await req.send([bytes("x")]);
  await assert.rejects(req.send([bytes("y")]), { code: "MISUSE" });
});

Deno.test("REP is strict: it answers before it receives again, and only what it received", async () => {
  await using rep = new Rep(options());
  const { port } = await rep.bind("127.0.0.1", 0);
  await assert.rejects(rep.send([bytes("x")]), { code: "MISUSE" });
  using peer = await RawPeer.handshaken(port, "REQ");
  await peer.write(hex("01 00 00 01 61"));
  await rep.receive();
  await assert.rejects(rep.receive(), { code: "MISUSE" });
});

Deno.test("REP returns the whole envelope, up to and with the first empty frame", async () => {
  await using rep = new Rep(options());
  const { port } = await rep.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  await peer.write(frame(1, bytes("a")), frame(1, bytes("b")), hex("01 00"), hex("01 00"), frame(0, bytes("body")));
  assert.deepEqual((await rep.receive()).map(textOf), ["", "body"]);
  await rep.send([bytes("reply")]);
  const wanted = [["a", 1], ["b", 1], ["", 1], ["reply", 0]] as const;
  for (const [text, flags] of wanted) assert.deepEqual(await peer.readFrame(), { flags, body: bytes(text) });
});

Deno.test("REP passes over messages that have no delimiter or nothing behind it", async () => {
  await using rep = new Rep(options());
  const { port } = await rep.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  await peer.write(frame(0, bytes("one frame")), frame(0, new Uint8Array()));
  await peer.write(hex("01 00"), frame(0, bytes("good")));
  assert.equal(textOf((await rep.receive())[0]), "good");
});

Deno.test("REP serves its peers in turn and answers pipelined requests in order", async () => {
  await using rep = new Rep(options());
  const { port } = await rep.bind("127.0.0.1", 0);
  using busy = await RawPeer.handshaken(port, "DEALER");
  using quiet = await RawPeer.handshaken(port, "DEALER");
  for (const text of ["b1", "b2", "b3", "b4"]) await busy.write(hex("01 00"), frame(0, bytes(text)));
  await rep.receive();
  await rep.send([bytes("r1")]);
  await quiet.write(hex("01 00"), frame(0, bytes("q1")));
  const order: string[] = [];
  while (!order.includes("q1") || order.length < 4) {
    order.push(textOf((await rep.receive())[0]));
    await rep.send([bytes(`r${order.length + 1}`)]);
  }
  assert.deepEqual(order.filter((text) => text.startsWith("b")), ["b2", "b3", "b4"]);
  for (const text of ["r1"]) {
    await busy.readFrame();
    assert.equal(textOf((await busy.readFrame()).body), text);
  }
});

Deno.test("REP drops the requests of a peer that has gone, and a reply to it is no error", async () => {
  await using rep = new Rep(options());
  const { port } = await rep.bind("127.0.0.1", 0);
  const peer = await RawPeer.handshaken(port, "DEALER");
  await peer.write(hex("01 00"), frame(0, bytes("one")), hex("01 00"), frame(0, bytes("two")));
  await rep.receive();
  peer.close();
  await until(() => rep.peerCount === 0);
  await rep.send([bytes("late")]);
  assert.equal(rep.lostMessages, 1);
  using next = await RawPeer.handshaken(port, "REQ");
  await next.write(hex("01 00"), frame(0, bytes("three")));
  assert.equal(textOf((await rep.receive())[0]), "three");
});

Deno.test("when its peer dies REQ says so, and can ask again", async () => {
  await using req = new Req(options({ reconnectMinMs: 1 }));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  req.connect("127.0.0.1", listener.addr.port);
  for (const fate of ["dies", "answers"]) {
    await req.send([bytes(fate)]);
    using peer = new RawPeer(await listener.accept());
    await peer.write(greeting(1), ready("REP"));
    await peer.read(64);
    await peer.readFrame();
    await peer.readFrame();
    assert.equal(textOf((await peer.readFrame()).body), fate);
    if (fate === "dies") {
      peer.close();
      await assert.rejects(req.receive(), { code: "PEER_LOST" });
    } else {
      await peer.write(hex("01 00"), frame(0, bytes("reply")));
      assert.equal(textOf((await req.receive())[0]), "reply");
    }
  }
});

Deno.test("an abandoned request closes its connection with a FIN, and its late reply is never seen", async () => {
  await using req = new Req(options({ reconnectMinMs: 1 }));
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  req.connect("127.0.0.1", listener.addr.port);
  const shake = async () => {
    const peer = new RawPeer(await listener.accept());
    await peer.write(greeting(0), ready("REP"));
    await peer.read(64);
    await peer.readFrame();
    return peer;
  };
  await req.send([bytes("slow")]);
  using slow = await shake();
  await slow.readFrame();
  await slow.readFrame();
  const abort = new AbortController();
  const receiving = req.receive({ signal: abort.signal });
  abort.abort(new Error("too slow"));
  await assert.rejects(receiving, { message: "too slow" });
  await req.send([bytes("fast")]);
  // Our FIN comes first; the late reply is read and dropped, so no RST comes back.
  assert.equal((await slow.readToEnd()).length, 0);
  await slow.write(hex("01 00"), frame(0, bytes("late")));
  slow.close();
  using fast = await shake();
  await fast.readFrame();
  assert.equal(textOf((await fast.readFrame()).body), "fast");
  await fast.write(hex("01 00"), frame(0, bytes("in time")));
  assert.equal(textOf((await req.receive())[0]), "in time");
});

Deno.test("REQ passes over what is no reply to it", async () => {
  await using req = new Req(options());
  const { port } = await req.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "ROUTER");
  await peer.write(hex("01 00"), frame(0, bytes("unasked")), command("PING", hex("00 00")));
  // The answer to what came after it shows that the unasked message was seen, and passed over.
  await peer.readFrame();
  await req.send([bytes("x")]);
  await peer.write(frame(0, bytes("no delimiter")), frame(1, bytes("a")), frame(0, bytes("b")), hex("00 00"));
  await peer.write(hex("01 00"), frame(0, bytes("reply")));
  assert.equal(textOf((await req.receive())[0]), "reply");
});

Deno.test("an aborted send leaves REQ ready to send", async () => {
  await using req = new Req(options());
  const { port } = await req.bind("127.0.0.1", 0);
  const abort = new AbortController();
  const sending = req.send([bytes("nobody there")], { signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(sending, { message: "enough" });
  using peer = await RawPeer.handshaken(port, "REP");
  await req.send([bytes("x")]);
  await peer.readFrame();
  assert.equal(textOf((await peer.readFrame()).body), "x");
});
