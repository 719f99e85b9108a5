/** What all socket types that hand out messages share. */

import { ZmtpError } from "./error.ts";
import { Inbox, type MessageHandler } from "./inbox.ts";
import type { SocketOptions } from "./options.ts";
import type { Pipe } from "./pipe.ts";
import { Socket, type WaitOptions } from "./socket.ts";

/**
 * A socket that receives.
 *
 * Received frames are views into a larger buffer that is never written to again: they stay valid and may be kept, sent on
 * or handed out, but each keeps up to 64 KiB alive. Keep a `slice()` of what is kept for long, and do not write into them.
 */
export abstract class ReceivingSocket extends Socket {
  protected readonly inbox: Inbox;

  constructor(options: SocketOptions) {
    super(options);
    this.inbox = new Inbox({
      peerMessages: this.settings.receiveHighWaterMark,
      totalBytes: this.settings.receiveHighWaterBytes,
    });
  }

  /**
   * Takes each message as it arrives, in place of {@linkcode receive}; the fastest form. A returned promise counts its
   * message against the receive high-water mark until it settles. The handler has to deal with its own errors: what it
   * throws is reported as an uncaught error.
   */
  get onMessage(): MessageHandler | undefined {
    return this.inbox.handler;
  }

  set onMessage(handler: MessageHandler | undefined) {
    this.inbox.handler = handler;
  }

  /**
   * Waits for the next message, fair over the peers.
   *
   * @returns Its frames, at least one.
   * @throws {ZmtpError} `CLOSED`, `PEER_LOST` when no peer can come any more, or `MISUSE` while {@linkcode onMessage} is
   *   set; or the reason of `signal`.
   */
  receive(options: WaitOptions = {}): Promise<Uint8Array[]> {
    return this.inbox.receive(options.signal, this.unreachable);
  }

  /** Takes the next message, if one is there. */
  tryReceive(): Uint8Array[] | undefined {
    return this.inbox.tryReceive();
  }

  protected override accept(pipe: Pipe, frames: Uint8Array[]): void {
    this.inbox.put(pipe, frames);
  }

  protected override removePeer(pipe: Pipe, _error: ZmtpError | undefined): void {
    this.inbox.compact(pipe);
  }

  protected override refuseWaiters(error: ZmtpError): void {
    this.inbox.refuseWaiters(error);
  }

  protected override stop(error: ZmtpError): void {
    this.inbox.close(error);
  }
}

/** @throws {ZmtpError} `MISUSE`, for a message of no frames, which ZMTP cannot say. */
export function checkFrames(frames: readonly Uint8Array[]): void {
  if (frames.length === 0) throw new ZmtpError("MISUSE", "A message has at least one frame; this one has none.");
}
