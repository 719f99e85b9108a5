/** The interoperation suite: every pair of socket types, in both roles and both directions, against one peer program. */

import assert from "node:assert/strict";
import { systemClock, systemRandom } from "../../src/clock/mod.ts";
import { Dealer, Pub, Pull, Push, Rep, Req, Router, type Socket, Sub } from "../../src/zmtp/mod.ts";
import { type FoundRuntime, PeerProcess, type PeerRuntime, peerTest } from "./peers.ts";

const options = { clock: systemClock, random: systemRandom };

/** Frame sizes of each message: both forms of the length, several frames, frames larger than any buffer. */
const messageSizes = [[1], [0], [255], [256], [70_000, 0, 70_000, 1], [1_048_576]];

/** A frame whose content the peer scripts can make up as well. */
function frame(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => ((index % 251) * 7 + size) % 251);
}

const messages = messageSizes.map((sizes) => sizes.map(frame));
const bytes = (text: string) => new TextEncoder().encode(text);

/** What our socket does while the peer plays `peerPart`. */
interface Pair<Ours extends Socket = Socket> {
  readonly ours: () => Ours;
  readonly peerType: string;
  readonly peerPart: string;
  /** Whether a peer that asks has to add the empty frame itself. */
  readonly delimiter?: boolean;
  readonly play: (socket: Ours, peer: PeerProcess) => Promise<void>;
}

function pair<Ours extends Socket>(definition: Pair<Ours>): (runtime: PeerRuntime, script: string) => void {
  return (runtime, script) => {
    for (const weBind of [true, false]) {
      const ourType = definition.ours().type;
      const name = `our ${ourType} ${
        weBind ? "bound, connected to by" : "connected to"
      } a ${definition.peerType} of ${runtime.name}`;
      peerTest(runtime, name, (found) => playPair(definition, found, script, weBind));
    }
  };
}

async function playPair<Ours extends Socket>(
  definition: Pair<Ours>,
  runtime: FoundRuntime,
  script: string,
  weBind: boolean,
): Promise<void> {
  await using socket = definition.ours();
  const setup = {
    type: definition.peerType,
    part: definition.peerPart,
    messages: messageSizes,
    delimiter: definition.delimiter ?? false,
  };
  const bound = weBind ? await socket.bind("127.0.0.1", 0) : undefined;
  await using peer = new PeerProcess(runtime, script, bound ? { ...setup, connect: bound.port } : setup);
  const ready = await peer.expect("ready");
  if (!bound) socket.connect("127.0.0.1", Number(ready["port"]));
  await definition.play(socket, peer);
}

/** Sends every message to an echoing peer and checks what comes back. */
async function ask(socket: Req | Dealer, lead: readonly Uint8Array[]): Promise<void> {
  for (const message of messages) {
    await socket.send([...lead, ...message]);
    assert.deepEqual((await socket.receive()).map(plain), [...lead, ...message]);
  }
}

/** Answers every message of an asking peer with the same frames. */
async function echo(socket: Rep | Dealer | Router, peer: PeerProcess): Promise<void> {
  for (let count = 0; count < messages.length; count++) await socket.send(await socket.receive());
  await peer.expect("done");
}

/** `assert` compares the class and the buffer's kind as well; frames are plain arrays to it. */
function plain(view: Uint8Array): Uint8Array {
  return view.slice();
}

const empty = new Uint8Array();

const pairs = [
  pair({ ours: () => new Req(options), peerType: "REP", peerPart: "echo", play: (req) => ask(req, []) }),
  pair({ ours: () => new Rep(options), peerType: "REQ", peerPart: "ask", play: echo }),
  pair({ ours: () => new Req(options), peerType: "ROUTER", peerPart: "echo", play: (req) => ask(req, []) }),
  pair({ ours: () => new Router(options), peerType: "REQ", peerPart: "ask", play: echo }),
  pair({ ours: () => new Dealer(options), peerType: "REP", peerPart: "echo", play: (dealer) => ask(dealer, [empty]) }),
  pair({ ours: () => new Rep(options), peerType: "DEALER", peerPart: "ask", delimiter: true, play: echo }),
  pair({ ours: () => new Dealer(options), peerType: "ROUTER", peerPart: "echo", play: (dealer) => ask(dealer, []) }),
  pair({ ours: () => new Router(options), peerType: "DEALER", peerPart: "ask", play: echo }),
  pair({
    ours: () => new Push(options),
    peerType: "PULL",
    peerPart: "take",
    play: async (push, peer) => {
      for (const message of messages) await push.send(message);
      await peer.expect("done");
    },
  }),
  pair({
    ours: () => new Pull(options),
    peerType: "PUSH",
    peerPart: "send",
    play: async (pull, peer) => {
      for (const message of messages) assert.deepEqual((await pull.receive()).map(plain), message);
      await peer.expect("done");
    },
  }),
  pair({
    ours: () => new Pub(options),
    peerType: "SUB",
    peerPart: "subscribe",
    play: async (pub, peer) => {
      // Nothing tells a publisher's user that a subscription has arrived, so probes go out until one is seen.
      const probing = setInterval(() => pub.trySend([bytes("Tprobe")]), 10);
      await peer.expect("probe");
      clearInterval(probing);
      for (const message of messages) {
        await pub.send([bytes("noise")]);
        await pub.send([bytes("T"), ...message]);
      }
      await peer.expect("done");
    },
  }),
  pair({
    ours: () => subscribed(new Sub(options), "T"),
    peerType: "PUB",
    peerPart: "publish",
    play: async (sub, peer) => {
      await sub.receive();
      await peer.tell("go");
      await peer.expect("done");
      let got = await sub.receive();
      while (new TextDecoder().decode(got[0]) === "Tprobe") got = await sub.receive();
      for (const [index, message] of messages.entries()) {
        assert.deepEqual((index === 0 ? got : await sub.receive()).map(plain), [bytes("T"), ...message]);
      }
      assert.equal(sub.filteredMessages, 0);
    },
  }),
];

function subscribed(sub: Sub, topic: string): Sub {
  sub.subscribe(topic);
  return sub;
}

/** Registers the whole suite against the peer program `script` run by `runtime`. */
export function registerPairs(runtime: PeerRuntime, script: string): void {
  for (const register of pairs) register(runtime, script);
}
