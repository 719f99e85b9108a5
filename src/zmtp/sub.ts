/** SUB (RFC 29): receives the messages whose first frame begins with a topic it subscribed to. */

import { ZmtpError } from "./error.ts";
import type { PeerInfo } from "./peer.ts";
import type { Pipe } from "./pipe.ts";
import { ReceivingSocket } from "./receiving_socket.ts";
import { Subscriptions } from "./subscriptions.ts";
import { PrefixTrie } from "./trie.ts";

/** Bytes of a subscription command that are not its topic. */
const commandOverheadBytes = 16;
/** Changes of subscriptions that may wait for one publisher before it is connected anew, which needs only the sum of them. */
const maxWaitingChanges = 10_000;

const text = new TextEncoder();

/** Subscribes to PUB peers. All of them are sent every subscription, again after each reconnect. */
export class Sub extends ReceivingSocket {
  override readonly type = "SUB";
  readonly #subscriptions = new Subscriptions();
  /** The own subscriptions again, to check what publishers send. */
  readonly #trie = new PrefixTrie<true>();
  readonly #publishers = new Set<Pipe>();
  #filtered = 0;

  /** Messages that a publisher sent and nobody here had subscribed to (any more). */
  get filteredMessages(): number {
    return this.#filtered;
  }

  /**
   * Subscribes to all messages whose first frame begins with `topic`; the empty topic begins every message. Subscribing
   * twice needs two {@linkcode unsubscribe}.
   *
   * @param topic Bytes, or text that is sent as UTF-8.
   * @throws {ZmtpError} `CLOSED`, or `MISUSE` for a topic that does not fit a command.
   */
  subscribe(topic: Uint8Array | string): void {
    this.assertOpen();
    const bytes = bytesOfTopic(topic);
    const most = this.settings.maxCommandBytes - commandOverheadBytes;
    if (bytes.length > most) {
      throw new ZmtpError("MISUSE", `A topic has at most ${most} bytes; this one has ${bytes.length}.`);
    }
    if (!this.#subscriptions.add(bytes)) return;
    this.#trie.add(bytes, true);
    this.#announce(true, bytes);
  }

  /**
   * Takes one subscription back. Without one, nothing happens.
   *
   * @throws {ZmtpError} `CLOSED`.
   */
  unsubscribe(topic: Uint8Array | string): void {
    this.assertOpen();
    const bytes = bytesOfTopic(topic);
    if (!this.#subscriptions.remove(bytes)) return;
    this.#trie.remove(bytes, true);
    this.#announce(false, bytes);
  }

  protected override addPeer(pipe: Pipe, _peer: PeerInfo): void {
    this.#publishers.add(pipe);
    for (const topic of this.#subscriptions.topics()) pipe.connection?.sendSubscription(true, topic);
  }

  protected override removePeer(pipe: Pipe, error: ZmtpError | undefined): void {
    super.removePeer(pipe, error);
    this.#publishers.delete(pipe);
  }

  /** A publisher may filter coarsely, or not have read a cancellation yet. */
  protected override accept(pipe: Pipe, frames: Uint8Array[]): void {
    let matches = false;
    const topic = frames[0];
    if (topic) this.#trie.match(topic, () => matches = true);
    if (matches) super.accept(pipe, frames);
    else this.#filtered++;
  }

  #announce(subscribes: boolean, topic: Uint8Array): void {
    for (const pipe of this.#publishers) {
      pipe.connection?.sendSubscription(subscribes, topic);
      if ((pipe.connection?.urgentLength ?? 0) > maxWaitingChanges) this.dropPeer(pipe, 0);
    }
  }
}

function bytesOfTopic(topic: Uint8Array | string): Uint8Array {
  return typeof topic === "string" ? text.encode(topic) : topic.slice();
}
