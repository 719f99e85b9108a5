import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { type PeerEvent, Pull, Push, Router } from "../../src/zmtp/mod.ts";
import { findPython, PeerProcess, peerTest } from "./peers.ts";
import { registerPairs } from "./zmtp_pairs.ts";

const runtime = await findPython(["zmq"]);
registerPairs(runtime, "zmtp_peer.py");

const options = { clock: systemClock, random: systemRandom };

/** Lets a while pass in which only heartbeats travel; long enough for either side to give up a peer that answers none. */
function silence(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 500));
}

function disconnectionsOf(socket: Router | Push): PeerEvent[] {
  const seen: PeerEvent[] = [];
  socket.onPeerEvent = (event) => void (event.type === "disconnected" && seen.push(event));
  return seen;
}

peerTest(runtime, "a libzmq peer with heartbeats is answered, and stays", async (found) => {
  await using router = new Router(options);
  const disconnections = disconnectionsOf(router);
  const { port } = await router.bind("127.0.0.1", 0);
  await using peer = new PeerProcess(found, "zmtp_peer.py", {
    type: "DEALER",
    part: "ask",
    messages: [[1], [2]],
    options: { HEARTBEAT_IVL: 50, HEARTBEAT_TIMEOUT: 150, HEARTBEAT_TTL: 200 },
    connect: port,
  });
  await peer.expect("ready");
  for (let count = 0; count < 2; count++) {
    const message = await router.receive();
    await silence();
    await router.send(message);
  }
  await peer.expect("done");
  assert.deepEqual(disconnections, []);
});

peerTest(runtime, "a libzmq peer answers our heartbeats", async (found) => {
  await using push = new Push({ ...options, heartbeatIntervalMs: 50, heartbeatTimeoutMs: 150 });
  const disconnections = disconnectionsOf(push);
  const { port } = await push.bind("127.0.0.1", 0);
  const setup = { type: "PULL", part: "take", messages: [[1]], connect: port };
  await using peer = new PeerProcess(found, "zmtp_peer.py", setup);
  await peer.expect("ready");
  await push.whenPeer();
  await silence();
  assert.deepEqual(disconnections, []);
  await push.send([new Uint8Array([1])]);
  await peer.expect("done");
});

peerTest(runtime, "what a libzmq peer sent before it went is received, and its successor is served", async (found) => {
  await using pull = new Pull(options);
  const { port } = await pull.bind("127.0.0.1", 0);
  for (let round = 0; round < 2; round++) {
    await using peer = new PeerProcess(found, "zmtp_peer.py", {
      type: "PUSH",
      part: "send",
      messages: [[5]],
      connect: port,
    });
    await peer.expect("ready");
    assert.equal((await pull.receive())[0]?.length, 5);
    await peer.expect("done");
  }
});
