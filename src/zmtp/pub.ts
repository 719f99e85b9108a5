/** PUB (RFC 29): sends each message to every peer with a matching subscription, and waits for none of them. */

import { ZmtpError } from "./error.ts";
import type { Message } from "./outbox.ts";
import type { PeerInfo } from "./peer.ts";
import type { Pipe } from "./pipe.ts";
import { checkFrames } from "./receiving_socket.ts";
import { Socket } from "./socket.ts";
import { Subscriptions } from "./subscriptions.ts";
import { PrefixTrie } from "./trie.ts";

/** What the first byte of a subscription message means (RFC 23, "SUB and XSUB"). */
const subscribeByte = 1;
const cancelByte = 0;

/** Publishes to SUB peers. A peer that is at its high-water mark misses messages; they are counted. */
export class Pub extends Socket {
  override readonly type = "PUB";
  readonly #trie = new PrefixTrie<Pipe>();
  readonly #subscriptions = new Map<Pipe, Subscriptions>();
  /** The peers of the message being sent, each once however many of its prefixes match. */
  readonly #matched = new Set<Pipe>();
  readonly #addMatched = (pipe: Pipe) => void this.#matched.add(pipe);
  #dropped = 0;

  /** Messages that peers missed because they were at their high-water mark, each counted once a peer. */
  get droppedMessages(): number {
    return this.#dropped;
  }

  /**
   * Queues a message for every peer that has subscribed to a prefix of its first frame. Never waits.
   *
   * @param frames Sent without copying: neither the array nor its buffers may be changed afterwards.
   * @throws {ZmtpError} `CLOSED` or `MISUSE`.
   */
  // deno-lint-ignore require-await -- every socket's send is a promise, and its errors are rejections
  async send(frames: Message): Promise<void> {
    this.trySend(frames);
  }

  /**
   * The same as {@linkcode send}, at once.
   *
   * @returns Whether no peer missed it. With no subscriber at all there is nobody to miss it.
   * @throws {ZmtpError} `CLOSED` or `MISUSE`.
   */
  trySend(frames: Message): boolean {
    this.assertOpen();
    checkFrames(frames);
    const topic = frames[0];
    if (!topic || this.#subscriptions.size === 0) return true;
    this.#trie.match(topic, this.#addMatched);
    let missed = 0;
    for (const pipe of this.#matched) {
      if (pipe.outbox.full) missed++;
      else pipe.outbox.push(frames);
    }
    this.#matched.clear();
    this.#dropped += missed;
    return missed === 0;
  }

  protected override addPeer(pipe: Pipe, _peer: PeerInfo): void {
    this.#subscriptions.set(pipe, new Subscriptions());
  }

  protected override removePeer(pipe: Pipe, _error: ZmtpError | undefined): void {
    for (const topic of this.#subscriptions.get(pipe)?.topics() ?? []) this.#trie.remove(topic, pipe);
    this.#subscriptions.delete(pipe);
    // The next connection brings its own subscriptions; what is queued was meant for the ones before.
    pipe.outbox.clear();
  }

  /** A subscription in the form of a message, which libzmq sends to 3.0 peers and the Rust crate `zeromq` to all. */
  protected override accept(pipe: Pipe, frames: Uint8Array[]): void {
    const frame = frames[0];
    if (!frame || frames.length > 1) return;
    if (frame[0] === subscribeByte) this.acceptSubscription(pipe, true, frame.subarray(1));
    else if (frame[0] === cancelByte) this.acceptSubscription(pipe, false, frame.subarray(1));
  }

  protected override acceptSubscription(pipe: Pipe, subscribes: boolean, topic: Uint8Array): void {
    const subscriptions = this.#subscriptions.get(pipe);
    if (!subscriptions) return;
    if (!subscribes) {
      if (subscriptions.remove(topic)) this.#trie.remove(topic, pipe);
      return;
    }
    const { maxSubscriptionsPerPeer, maxSubscriptionBytesPerPeer } = this.settings;
    if (topic.length + subscriptions.bytes > maxSubscriptionBytesPerPeer) {
      throw new ZmtpError(
        "LIMIT_EXCEEDED",
        `The peer subscribed to more than ${maxSubscriptionBytesPerPeer} bytes of topics.`,
      );
    }
    if (!subscriptions.add(topic)) return;
    if (subscriptions.size > maxSubscriptionsPerPeer) {
      throw new ZmtpError("LIMIT_EXCEEDED", `The peer subscribed to more than ${maxSubscriptionsPerPeer} topics.`);
    }
    this.#trie.add(topic, pipe);
  }

  /** A SUB peer says nothing but subscriptions, and they no longer matter. */
  protected override isSilentPeer(_pipe: Pipe): boolean {
    return true;
  }

  protected override refuseWaiters(_error: ZmtpError): void {}

  protected override stop(_error: ZmtpError): void {}
}
