/** REP (RFC 28): receives a request, sends its reply, one at a time, fair over the peers. */

import { ZmtpError } from "./error.ts";
import { Inbox } from "./inbox.ts";
import type { SocketOptions } from "./options.ts";
import type { Message } from "./outbox.ts";
import type { PeerInfo } from "./peer.ts";
import type { Pipe } from "./pipe.ts";
import { checkFrames } from "./receiving_socket.ts";
import { Socket, type WaitOptions } from "./socket.ts";

/** Who asked: the peer, and the frames up to the first empty one, which go back before the reply. */
interface Origin {
  readonly pipe: Pipe;
  readonly envelope: readonly Uint8Array[];
}

/** Answers REQ or DEALER peers. A server that works on several requests at a time is a {@linkcode Router}. */
export class Rep extends Socket {
  override readonly type = "REP";
  readonly #inbox: Inbox;
  readonly #origins = new WeakMap<Uint8Array[], Origin>();
  #current: Origin | undefined;
  #receiving = false;
  #unanswerable = 0;

  constructor(options: SocketOptions) {
    super(options);
    this.#inbox = new Inbox({
      peerMessages: this.settings.receiveHighWaterMark,
      totalBytes: this.settings.receiveHighWaterBytes,
    });
  }

  /** Replies that could not be delivered, because the peer had gone or was full of replies it did not read. */
  override get lostMessages(): number {
    return super.lostMessages + this.#unanswerable;
  }

  /**
   * Waits for the next request.
   *
   * @returns The frames after the envelope, at least one; views, see {@linkcode ReceivingSocket}.
   * @throws {ZmtpError} `MISUSE` if the last request was not answered, `CLOSED`, or `PEER_LOST` when no peer can come any
   *   more; or the reason of `signal`.
   */
  async receive(options: WaitOptions = {}): Promise<Uint8Array[]> {
    if (this.#current || this.#receiving) {
      throw new ZmtpError("MISUSE", "A REP socket cannot receive again before it has answered its last request.");
    }
    this.#receiving = true;
    try {
      const frames = await this.#inbox.receive(options.signal, this.unreachable);
      this.#current = this.#origins.get(frames);
      return frames;
    } finally {
      this.#receiving = false;
    }
  }

  /**
   * Answers the request that was received last. A peer that has gone in the meantime gets nothing, and that is no error.
   *
   * @param frames Sent without copying: the buffers may not be changed afterwards.
   * @throws {ZmtpError} `MISUSE` if no request is open, or `CLOSED`.
   */
  // deno-lint-ignore require-await -- every socket's send is a promise, and its errors are rejections
  async send(frames: Message): Promise<void> {
    this.assertOpen();
    checkFrames(frames);
    const origin = this.#current;
    if (!origin) throw new ZmtpError("MISUSE", "A REP socket has to receive a request before it can send.");
    this.#current = undefined;
    if (origin.pipe.isConnected && !origin.pipe.outbox.full) origin.pipe.outbox.push([...origin.envelope, ...frames]);
    else this.#unanswerable++;
  }

  protected override accept(pipe: Pipe, frames: Uint8Array[]): void {
    const end = frames.findIndex((frame) => frame.length === 0);
    // Without a delimiter, or with nothing behind it, there is nothing to answer. libzmq passes over it alike.
    if (end < 0 || end + 1 === frames.length) return;
    const body = frames.slice(end + 1);
    this.#origins.set(body, { pipe, envelope: frames.slice(0, end + 1) });
    this.#inbox.put(pipe, body);
  }

  protected override addPeer(_pipe: Pipe, _peer: PeerInfo): void {}

  protected override removePeer(pipe: Pipe, _error: ZmtpError | undefined): void {
    // Nobody waits for these answers any more.
    this.#inbox.discard(pipe);
  }

  protected override refuseWaiters(error: ZmtpError): void {
    this.#inbox.refuseWaiters(error);
  }

  protected override stop(error: ZmtpError): void {
    this.#inbox.close(error);
  }
}
