import assert from "node:assert/strict";
import { Push, Router } from "../../src/zmtp/mod.ts";
import { Liveness } from "../../src/zmtp/liveness.ts";
import { FakeClock } from "../fake_clock.ts";
import { bytes, command, frame, hex, RawPeer } from "./raw_peer.ts";
import { Events, options } from "./sockets.ts";

/** A watch on a peer, with what it did. */
function watch() {
  const clock = new FakeClock();
  const seen = { pings: 0, dead: "", paused: false };
  const liveness = new Liveness(clock, {
    isPaused: () => seen.paused,
    sendPing: () => void seen.pings++,
    onDead: (error) => seen.dead = error.code,
  });
  return { clock, seen, liveness };
}

Deno.test("a peer that talks is not pinged", () => {
  const { clock, seen, liveness } = watch();
  liveness.startPinging(100, 300);
  for (let round = 0; round < 50; round++) {
    liveness.heard();
    clock.advance(100);
  }
  assert.deepEqual(seen, { pings: 0, dead: "", paused: false });
  liveness.stop();
  assert.equal(clock.timerCount, 0);
});

Deno.test("a silent peer is pinged and, when it goes on being silent, given up", () => {
  const { clock, seen, liveness } = watch();
  liveness.startPinging(100, 300);
  clock.advance(100);
  assert.equal(seen.pings, 1);
  clock.advance(299);
  assert.equal(seen.dead, "");
  clock.advance(1);
  assert.equal(seen.dead, "TIMED_OUT");
  assert.equal(clock.timerCount, 0);
});

Deno.test("one byte in time is enough", () => {
  const { clock, seen, liveness } = watch();
  liveness.startPinging(100, 300);
  for (let round = 0; round < 20; round++) {
    clock.advance(300);
    liveness.heard();
  }
  assert.equal(seen.dead, "");
});

Deno.test("a stall of this process is not held against the peer", () => {
  const { clock, seen, liveness } = watch();
  liveness.startPinging(100, 300);
  clock.advance(50);
  clock.stall(60_000);
  assert.equal(seen.dead, "");
  liveness.heard();
  clock.advance(100);
  assert.equal(seen.dead, "");
});

Deno.test("time in which we did not read does not count", () => {
  const { clock, seen, liveness } = watch();
  liveness.startPinging(100, 300);
  liveness.limitSilence(200);
  seen.paused = true;
  clock.advance(60_000);
  assert.deepEqual(seen, { pings: 0, dead: "", paused: true });
  seen.paused = false;
  clock.advance(300);
  assert.equal(seen.dead, "");
});

Deno.test("a time to live that the peer set itself is kept, with room for a stall", () => {
  const { clock, seen, liveness } = watch();
  liveness.limitSilence(1_000);
  clock.stall(30_000);
  assert.equal(seen.dead, "");
  liveness.limitSilence(1_000);
  clock.advance(1_999);
  assert.equal(seen.dead, "");
  clock.advance(1);
  assert.equal(seen.dead, "TIMED_OUT");
});

Deno.test("a socket pings a silent 3.1 peer, takes any byte for life, and closes a peer that stays silent", async () => {
  const clock = new FakeClock();
  await using router = new Router(
    options({ clock, heartbeatIntervalMs: 1_000, heartbeatTimeoutMs: 2_000, lingerMs: 0, drainMs: 0 }),
  );
  const events = new Events(router);
  const { port } = await router.bind("127.0.0.1", 0);
  using peer = await RawPeer.handshaken(port, "DEALER");
  await events.next("handshake-succeeded");
  clock.advance(1_000);
  assert.deepEqual(await peer.readFrame(), { flags: 4, body: new Uint8Array([4, ...bytes("PING"), 0, 20]) });
  await peer.write(command("PONG", new Uint8Array()), frame(0, bytes("x")));
  await router.receive();
  clock.advance(3_000);
  assert.equal(router.peerCount, 1);
  // The first bytes of a large frame are life too; the interval they fall into is not a silent one.
  await peer.write(frame(0, bytes("y")), hex("02 00 00 00 00 00 01 00 00 61"));
  await router.receive();
  clock.advance(3_000);
  assert.equal(router.peerCount, 1);
  clock.advance(1_000);
  assert.equal((await events.next("disconnected")).error?.code, "TIMED_OUT");
});

Deno.test("a socket without heartbeats sets no timer for a peer that is there", async () => {
  const clock = new FakeClock();
  await using push = new Push(options({ clock, lingerMs: 0, drainMs: 0 }));
  const events = new Events(push);
  const { port } = await push.bind("127.0.0.1", 0);
  using _peer = await RawPeer.handshaken(port, "PULL");
  await events.next("handshake-succeeded");
  assert.equal(clock.timerCount, 0);
});
