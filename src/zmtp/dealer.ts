/** DEALER (RFC 28): sends to its peers in turn and receives from all of them, in any order. */

import { Balancer } from "./balancer.ts";
import type { ZmtpError } from "./error.ts";
import type { SocketOptions } from "./options.ts";
import type { Message } from "./outbox.ts";
import type { PeerInfo } from "./peer.ts";
import type { Pipe } from "./pipe.ts";
import { checkFrames, ReceivingSocket } from "./receiving_socket.ts";
import type { WaitOptions } from "./socket.ts";

/** Talks to REP, DEALER and ROUTER peers. Towards a REP, or a ROUTER that serves REQ peers too, begin with an empty frame. */
export class Dealer extends ReceivingSocket {
  override readonly type = "DEALER";
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

  protected override removePeer(pipe: Pipe, error: ZmtpError | undefined): void {
    super.removePeer(pipe, error);
    this.#balancer.lose(pipe);
  }

  protected override removeAddress(pipe: Pipe): void {
    this.#balancer.remove(pipe);
  }

  protected override onRoom(_pipe: Pipe): void {
    this.#balancer.serveWaiters();
  }

  protected override refuseWaiters(error: ZmtpError): void {
    super.refuseWaiters(error);
    this.#balancer.refuseWaiters(error);
  }

  protected override stop(error: ZmtpError): void {
    super.stop(error);
    this.#balancer.refuseWaiters(error);
  }
}
