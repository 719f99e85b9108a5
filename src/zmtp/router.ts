/**
 * ROUTER (RFC 28): receives from all its peers, each message with the sender's identity before it, and sends to the peer
 * that the first frame names. It never drops in silence: a peer that is unknown or full is the caller's to know.
 */

import { ZmtpError } from "./error.ts";
import type { SocketOptions } from "./options.ts";
import type { Message } from "./outbox.ts";
import type { PeerInfo } from "./peer.ts";
import type { Pipe } from "./pipe.ts";
import { ReceivingSocket } from "./receiving_socket.ts";
import { readUint32, writeUint32 } from "./frame.ts";

/** An identity made up here: a zero byte, which no peer may announce first, and four bytes that count up. */
const automaticIdentityBytes = 5;

/** Talks to REQ, DEALER and ROUTER peers by identity. A peer without one gets a new one with each connection. */
export class Router extends ReceivingSocket {
  override readonly type = "ROUTER";
  readonly #pipes = new Map<string, Pipe>();
  /** The same pipes by the very array that their messages begin with: a reply to it finds its way without a text key. */
  readonly #pipesByArray = new Map<Uint8Array, Pipe>();
  #lastAutomatic: number;

  constructor(options: SocketOptions) {
    super(options);
    this.#lastAutomatic = readUint32(options.random.bytes(4), 0);
  }

  /**
   * Queues a message for the peer that its first frame names; does not wait.
   *
   * @param frames Identity, then what the peer shall see. Sent without copying: neither the array nor its buffers may be
   *   changed afterwards.
   * @throws {ZmtpError} `UNROUTABLE` if there is no such peer, `PEER_FULL` if it is at its high-water mark, `CLOSED`, or
   *   `MISUSE` if there is no frame beside the identity.
   */
  // deno-lint-ignore require-await -- every socket's send is a promise, and its errors are rejections
  async send(frames: Message): Promise<void> {
    const pipe = this.#find(frames);
    if (!pipe) throw new ZmtpError("UNROUTABLE", `No peer has the identity ${shown(frames[0])}.`);
    if (pipe.outbox.full) {
      throw new ZmtpError(
        "PEER_FULL",
        `The peer ${shown(frames[0])} has ${pipe.outbox.length} messages waiting, its most.`,
      );
    }
    pipe.outbox.push(frames.slice(1));
  }

  /**
   * Queues a message if the peer that its first frame names is there and has room.
   *
   * @returns Whether it was queued.
   * @throws {ZmtpError} `CLOSED` or `MISUSE`.
   */
  trySend(frames: Message): boolean {
    const pipe = this.#find(frames);
    if (!pipe || pipe.outbox.full) return false;
    pipe.outbox.push(frames.slice(1));
    return true;
  }

  /** Whether a peer of this identity is there. */
  hasPeer(identity: Uint8Array): boolean {
    return this.#pipeOf(identity) !== undefined;
  }

  protected override addPeer(pipe: Pipe, peer: PeerInfo): void {
    const announced = peer.identity;
    if (announced?.[0] === 0) {
      throw new ZmtpError("PROTOCOL", "The peer announced an identity that begins with 0, which is reserved.");
    }
    const identity = announced ?? this.#nextAutomatic();
    const key = identity.toHex();
    // The first one stays: a newcomer must not be able to take over somebody's replies by announcing their name.
    if (this.#pipes.has(key)) {
      throw new ZmtpError("DUPLICATE_IDENTITY", `A peer of the identity ${shown(identity)} is connected already.`);
    }
    pipe.prefix = identity;
    pipe.peer = { ...peer, identity };
    this.#pipes.set(key, pipe);
    this.#pipesByArray.set(identity, pipe);
  }

  protected override removePeer(pipe: Pipe, error: ZmtpError | undefined): void {
    super.removePeer(pipe, error);
    if (!pipe.prefix) return;
    this.#pipes.delete(pipe.prefix.toHex());
    this.#pipesByArray.delete(pipe.prefix);
  }

  #find(frames: Message): Pipe | undefined {
    this.assertOpen();
    const identity = frames[0];
    if (!identity || frames.length < 2) {
      throw new ZmtpError(
        "MISUSE",
        `A message to a ROUTER's peer has an identity and a frame; this has ${frames.length}.`,
      );
    }
    return this.#pipeOf(identity);
  }

  #pipeOf(identity: Uint8Array): Pipe | undefined {
    const pipe = this.#pipesByArray.get(identity) ?? this.#pipes.get(identity.toHex());
    return pipe?.isConnected ? pipe : undefined;
  }

  #nextAutomatic(): Uint8Array {
    const identity = new Uint8Array(automaticIdentityBytes);
    do {
      this.#lastAutomatic = (this.#lastAutomatic + 1) >>> 0;
      writeUint32(identity, 1, this.#lastAutomatic);
    } while (this.#pipes.has(identity.toHex()));
    return identity;
  }
}

function shown(identity: Uint8Array | undefined): string {
  return identity ? identity.toHex() : "none";
}
