import assert from "node:assert/strict";
import {
  type FrameCodec,
  type Mechanism,
  nullMechanism,
  Pub,
  Pull,
  Push,
  Req,
  Router,
  Sub,
} from "../../src/zmtp/mod.ts";
import { bytes, frame, greeting, join, RawPeer, ready, textOf } from "./raw_peer.ts";
import { Events, options } from "./sockets.ts";

/** Seals by counting and inverting: enough to see every frame sealed once, in wire order, with its flags inside. */
function countingCodec(): FrameCodec {
  let sealed = 0;
  let opened = 0;
  const invert = (view: Uint8Array) => view.map((byte) => byte ^ 0xff);
  return {
    overheadBytes: 2,
    seal: (flags, body) => join(new Uint8Array([sealed++ % 256, flags]), invert(body)),
    open: (body) => {
      assert.equal(body[0], opened++ % 256);
      return { flags: body[1] ?? 0, body: invert(body.subarray(2)) };
    },
  };
}

/** NULL's handshake in two steps, with a codec at its end. */
const counting: Mechanism = {
  name: "COUNTING",
  asServer: false,
  start: (properties) => {
    const inner = nullMechanism.start(properties);
    return {
      begin: inner.begin,
      receive: (body) => {
        const step = inner.receive(body);
        return step.done ? { send: step.send, done: { ...step.done, codec: countingCodec() } } : step;
      },
    };
  },
};

Deno.test("a mechanism that seals carries requests, large and small frames, and commands", async () => {
  const sealed = options({ mechanism: counting });
  await using router = new Router(sealed);
  const { port } = await router.bind("127.0.0.1", 0);
  await using req = new Req(sealed);
  req.connect("127.0.0.1", port);
  for (const size of [0, 1, 253, 254, 16_384, 16_385, 1_000_000]) {
    await req.send([new Uint8Array(size).fill(5), bytes("tail")]);
    await router.send(await router.receive());
    const [body, tail] = await req.receive();
    assert.ok(body?.length === size && body.every((byte) => byte === 5));
    assert.equal(textOf(tail), "tail");
  }
  await using pub = new Pub(sealed);
  const published = await pub.bind("127.0.0.1", 0);
  await using sub = new Sub(sealed);
  sub.subscribe("t");
  sub.connect("127.0.0.1", published.port);
  const probing = setInterval(() => pub.trySend([bytes("t")]), 1);
  assert.equal(textOf((await sub.receive())[0]), "t");
  clearInterval(probing);
});

Deno.test("sealed batches keep their order", async () => {
  const sealed = options({ mechanism: counting });
  await using pull = new Pull(sealed);
  const { port } = await pull.bind("127.0.0.1", 0);
  await using push = new Push(sealed);
  push.connect("127.0.0.1", port);
  const sending = (async () => {
    for (let count = 0; count < 5_000; count++) await push.send([bytes(String(count)), new Uint8Array(count % 300)]);
  })();
  for (let count = 0; count < 5_000; count++) assert.equal(textOf((await pull.receive())[0]), String(count));
  await sending;
});

Deno.test("a frame that does not open closes its peer", async () => {
  const refusing: Mechanism = {
    ...counting,
    name: "NULL",
  };
  await using pull = new Pull(options({ mechanism: refusing }));
  const events = new Events(pull);
  const { port } = await pull.bind("127.0.0.1", 0);
  using peer = await RawPeer.connect(port);
  await peer.write(greeting(1), ready("PUSH"), frame(0, new Uint8Array([7, 0, 1])));
  assert.equal((await events.next("disconnected")).error?.code, "PEER_LOST");
});
