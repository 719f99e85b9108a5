import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../src/clock/mod.ts";
import { Dealer, Req, Router, type SocketClock } from "../../src/zmtp/mod.ts";
import { bytes, frame, greeting, hex, RawPeer, ready, textOf } from "./raw_peer.ts";
import { options, until } from "./sockets.ts";

/** The system's clock, counting the timers that are set. */
class CountingClock implements SocketClock {
  count = 0;

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    this.count++;
    let isSet = true;
    const unset = () => {
      if (isSet) this.count--;
      isSet = false;
    };
    const cancel = systemClock.setTimer(delayMs, () => {
      unset();
      fire();
    });
    return () => {
      unset();
      cancel();
    };
  }
}

/** What a client may do to a server; each ends by itself. */
const clients: Record<string, (port: number) => Promise<void>> = {
  "asks and goes": async (port) => {
    await using req = new Req(options());
    req.connect("127.0.0.1", port);
    await req.send([bytes("x")]);
    await req.receive();
  },
  "gives up waiting": async (port) => {
    await using req = new Req(options({ drainMs: 5, lingerMs: 5 }));
    req.connect("127.0.0.1", port);
    await req.send([bytes("unanswered")]);
    await assert.rejects(req.receive({ signal: AbortSignal.timeout(2) }));
  },
  "pipelines and leaves before the answers": async (port) => {
    await using dealer = new Dealer(options({ drainMs: 0 }));
    await dealer.connectOnce("127.0.0.1", port);
    for (let count = 0; count < 20; count++) await dealer.send([bytes("x"), new Uint8Array(5_000)]);
    await dealer.receive();
  },
  "closes in its greeting": async (port) => {
    using peer = await RawPeer.connect(port);
    await peer.write(greeting(1).subarray(0, 20));
  },
  "closes in a frame": async (port) => {
    using peer = await RawPeer.connect(port);
    await peer.write(greeting(1), ready("DEALER"), hex("02 00 00 00 00 00 01 00 00 61"));
  },
  "speaks nonsense": async (port) => {
    using peer = await RawPeer.connect(port);
    await peer.write(bytes("GET / HTTP/1.1\r\n\r\n"));
    await peer.readToEnd().catch(() => {});
  },
  "never reads": async (port) => {
    using peer = await RawPeer.handshaken(port, "DEALER");
    for (let count = 0; count < 50; count++) await peer.write(frame(0, new Uint8Array(20_000)));
  },
};

Deno.test("whatever clients do, nothing is left of them and the next one is served", async () => {
  const clock = new CountingClock();
  await using router = new Router(options({ clock, sendHighWaterMark: 5, drainMs: 5 }));
  const { port } = await router.bind("127.0.0.1", 0);
  router.onMessage = (frames) => {
    if (textOf(frames.at(-1)) !== "unanswered") router.trySend(frames);
  };
  const names = fc.array(fc.constantFrom(...Object.keys(clients)), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(names, async (chosen) => {
      await Promise.all(chosen.map((name) => clients[name]?.(port)));
      await until(() => router.peerCount === 0);
      await until(() => clock.count === 0);
      await clients["asks and goes"]?.(port);
    }),
    { numRuns: 25 },
  );
});
