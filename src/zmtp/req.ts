/**
 * REQ (RFC 28): send, receive, send, receive.
 *
 * ```
 * idle ──send──► asked ──reply──► answered ──receive──► idle
 *                  ├──receive aborted─────────────────► idle   the connection is closed, so that a late reply
 *                  │                                           cannot be taken for the next one's
 *                  └──peer lost──► failed ──receive───► idle
 * ```
 */

import { Balancer } from "./balancer.ts";
import { ZmtpError } from "./error.ts";
import type { SocketOptions } from "./options.ts";
import type { Message } from "./outbox.ts";
import type { PeerInfo } from "./peer.ts";
import type { Pipe } from "./pipe.ts";
import { checkFrames } from "./receiving_socket.ts";
import { Socket, type WaitOptions } from "./socket.ts";
import { Waiters } from "./waiters.ts";

const delimiter = new Uint8Array();

type State =
  | { readonly name: "idle" }
  | { readonly name: "sending" }
  | { readonly name: "asked"; readonly pipe: Pipe }
  | { readonly name: "answered"; readonly frames: Uint8Array[] }
  | { readonly name: "failed"; readonly error: ZmtpError };

/** Asks REP or ROUTER peers, one request at a time. */
export class Req extends Socket {
  override readonly type = "REQ";
  readonly #balancer: Balancer;
  readonly #waiters = new Waiters<void, Uint8Array[]>();
  #state: State = { name: "idle" };

  constructor(options: SocketOptions) {
    super(options);
    this.#balancer = new Balancer(this.settings.queueUnconnected, (pipe) => this.#state = { name: "asked", pipe });
  }

  /**
   * Sends a request to the next peer that has room, and waits while none has. The empty delimiter frame is added here.
   *
   * @param frames Sent without copying: the buffers may not be changed before the reply.
   * @throws {ZmtpError} `MISUSE` if the last request's reply was not received yet, `CLOSED`, or `PEER_LOST` when no peer
   *   can come any more; or the reason of `signal`.
   */
  async send(frames: Message, options: WaitOptions = {}): Promise<void> {
    this.assertOpen();
    checkFrames(frames);
    if (this.#state.name !== "idle") {
      throw new ZmtpError(
        "MISUSE",
        "A REQ socket cannot send again before it has received the reply to its last request.",
      );
    }
    this.#state = { name: "sending" };
    try {
      await this.#balancer.send([delimiter, ...frames], options.signal, this.unreachable);
    } catch (error) {
      this.#state = { name: "idle" };
      throw error;
    }
  }

  /**
   * Waits for the reply to the last request.
   *
   * @returns The reply without its delimiter. The frames are views; see {@linkcode ReceivingSocket}.
   * @throws {ZmtpError} `MISUSE` if nothing was asked, `PEER_LOST` if the peer went away without a reply (which says
   *   nothing about whether it acted on the request), `CLOSED`; or the reason of `signal`. In every case but `MISUSE` the
   *   request is given up and the socket may send again.
   */
  async receive(options: WaitOptions = {}): Promise<Uint8Array[]> {
    const state = this.#state;
    switch (state.name) {
      case "idle":
      case "sending":
        throw new ZmtpError("MISUSE", "A REQ socket has to send a request before it can receive.");
      case "answered":
        this.#state = { name: "idle" };
        return state.frames;
      case "failed":
        this.#state = { name: "idle" };
        throw state.error;
      case "asked":
        if (this.#waiters.length > 0) throw new ZmtpError("MISUSE", "A REQ socket is received from already.");
        try {
          const frames = await this.#waiters.wait(undefined, options.signal);
          this.#state = { name: "idle" };
          return frames;
        } catch (error) {
          if (this.#state === state) this.dropPeer(state.pipe, this.settings.lingerMs);
          this.#state = { name: "idle" };
          throw error;
        }
      default:
        return state satisfies never;
    }
  }

  protected override accept(pipe: Pipe, frames: Uint8Array[]): void {
    const state = this.#state;
    // Anything but a delimited message of the peer that was asked is no reply. libzmq passes over it alike.
    if (state.name !== "asked" || state.pipe !== pipe || frames.length < 2 || frames[0]?.length !== 0) return;
    frames.shift();
    this.#state = { name: "answered", frames };
    this.#waiters.serve(frames);
  }

  protected override addPeer(pipe: Pipe, _peer: PeerInfo): void {
    this.#balancer.add(pipe);
  }

  protected override addAddress(pipe: Pipe): void {
    this.#balancer.add(pipe);
  }

  protected override removePeer(pipe: Pipe, error: ZmtpError | undefined): void {
    this.#balancer.lose(pipe);
    // What is still queued for a connecting address goes out with its next connection: nobody has seen it.
    if (pipe.side === "bind" || pipe.outbox.length === 0) this.#giveUp(pipe, error);
  }

  protected override removeAddress(pipe: Pipe): void {
    this.#balancer.remove(pipe);
    this.#giveUp(pipe, undefined);
  }

  protected override onRoom(_pipe: Pipe): void {
    this.#balancer.serveWaiters();
  }

  protected override isSilentPeer(pipe: Pipe): boolean {
    return !(this.#state.name === "asked" && this.#state.pipe === pipe);
  }

  protected override refuseWaiters(error: ZmtpError): void {
    this.#balancer.refuseWaiters(error);
    this.#waiters.refuseAll(error);
  }

  protected override stop(error: ZmtpError): void {
    this.refuseWaiters(error);
  }

  #giveUp(pipe: Pipe, cause: ZmtpError | undefined): void {
    if (this.#state.name !== "asked" || this.#state.pipe !== pipe) return;
    const error = new ZmtpError("PEER_LOST", "The peer closed the connection without a reply.", cause);
    this.#state = { name: "failed", error };
    this.#waiters.refuseAll(error);
  }
}
