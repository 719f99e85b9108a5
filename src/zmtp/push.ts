/** PUSH (RFC 30): spreads messages over PULL peers, and waits when all are full. */

import { Balancer } from "./balancer.ts";
import type { ZmtpError } from "./error.ts";
import type { SocketOptions } from "./options.ts";
import type { Message } from "./outbox.ts";
import type { PeerInfo } from "./peer.ts";
import type { Pipe } from "./pipe.ts";
import { checkFrames } from "./receiving_socket.ts";
import { Socket, type WaitOptions } from "./socket.ts";

/** Sends each message to one PULL peer. */
export class Push extends Socket {
  override readonly type = "PUSH";
  readonly #balancer: Balancer;

  constructor(options: SocketOptions) {
    super(options);
    this.#balancer = new Balancer(this.settings.queueUnconnected);
  }

  /**
   * Queues a message for the next peer that has room, and waits while none has.
   *
   * @param frames Sent without copying: neither the array nor its buffers may be changed afterwards.
   * @returns When it is queued, not when it is sent.
   * @throws {ZmtpError} `CLOSED`, `MISUSE`, or `PEER_LOST` when no peer can come any more; or the reason of `signal`.
   */
  send(frames: Message, options: WaitOptions = {}): Promise<void> {
    this.assertOpen();
    checkFrames(frames);
    return this.#balancer.send(frames, options.signal, this.unreachable);
  }

  /**
   * Queues a message if a peer has room and no {@linkcode send} waits.
   *
   * @returns Whether it was queued.
   * @throws {ZmtpError} `CLOSED` or `MISUSE`.
   */
  trySend(frames: Message): boolean {
    this.assertOpen();
    checkFrames(frames);
    return this.#balancer.trySend(frames);
  }

  protected override addPeer(pipe: Pipe, _peer: PeerInfo): void {
    this.#balancer.add(pipe);
  }

  protected override addAddress(pipe: Pipe): void {
    this.#balancer.add(pipe);
  }

  protected override removePeer(pipe: Pipe, _error: ZmtpError | undefined): void {
    this.#balancer.lose(pipe);
  }

  protected override removeAddress(pipe: Pipe): void {
    this.#balancer.remove(pipe);
  }

  protected override onRoom(_pipe: Pipe): void {
    this.#balancer.serveWaiters();
  }

  /** A PULL peer sends nothing; a message would break the protocol, and is dropped. */
  protected override accept(_pipe: Pipe, _frames: Uint8Array[]): void {}

  protected override isSilentPeer(_pipe: Pipe): boolean {
    return true;
  }

  protected override refuseWaiters(error: ZmtpError): void {
    this.#balancer.refuseWaiters(error);
  }

  protected override stop(error: ZmtpError): void {
    this.#balancer.refuseWaiters(error);
  }
}
