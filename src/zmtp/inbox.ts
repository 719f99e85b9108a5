/**
 * What a socket received and nobody has consumed yet: fair between peers, bounded for each peer and for the socket.
 *
 * Messages leave either through {@linkcode Inbox.receive} or, one call a message, through a handler. A handler that
 * returns a promise counts its message as not yet consumed until the promise settles. A peer that reaches its high-water
 * mark is no longer read from, and TCP makes it wait.
 */

import { ZmtpError } from "./error.ts";
import { bytesOf } from "./outbox.ts";
import type { Pipe } from "./pipe.ts";
import { Waiters } from "./waiters.ts";

/** Takes a received message. It has to handle its own errors: one that escapes is reported as uncaught. */
export type MessageHandler = (frames: Uint8Array[]) => void | Promise<void>;

/** Limits of an inbox. */
export interface InboxLimits {
  /** Messages of one peer before reading from it pauses. */
  readonly peerMessages: number;
  /** Bytes of all peers before reading pauses. */
  readonly totalBytes: number;
}

/** What a queued frame costs beside its bytes, roughly: empty frames must not come for free. */
const frameOverheadBytes = 64;

/** The receive side of a socket. */
export class Inbox {
  readonly #limits: InboxLimits;
  /** Pipes with queued messages, served in turn. */
  readonly #ready: Pipe[] = [];
  #turn = 0;
  readonly #waiters = new Waiters<void, Uint8Array[]>();
  readonly #paused = new Set<Pipe>();
  #totalBytes = 0;
  #handler: MessageHandler | undefined;
  #closed: ZmtpError | undefined;

  constructor(limits: InboxLimits) {
    this.#limits = limits;
  }

  get handler(): MessageHandler | undefined {
    return this.#handler;
  }

  /** Sets who takes messages, and hands over what is queued. */
  set handler(handler: MessageHandler | undefined) {
    this.#handler = handler;
    while (this.#handler) {
      const pipe = this.#ready[this.#turn];
      const frames = this.tryReceive();
      if (!pipe || !frames) return;
      this.#handle(this.#handler, pipe, frames);
    }
  }

  /** Takes in a message of `pipe`. */
  put(pipe: Pipe, frames: Uint8Array[]): void {
    if (this.#closed) return;
    if (this.#handler) {
      this.#handle(this.#handler, pipe, frames);
    } else if (this.#waiters.length > 0) {
      this.#waiters.serve(frames);
    } else {
      if (pipe.inbound.length === 0) this.#ready.push(pipe);
      pipe.inbound.push(frames);
      this.#hold(pipe, costOf(frames));
    }
  }

  /** Takes the next message, if one is there. */
  tryReceive(): Uint8Array[] | undefined {
    const pipe = this.#ready[this.#turn];
    const frames = pipe?.inbound.shift();
    if (!pipe || !frames) return undefined;
    if (pipe.inbound.length === 0) this.#ready.splice(this.#turn, 1);
    else this.#turn++;
    if (this.#turn >= this.#ready.length) this.#turn = 0;
    this.#release(pipe, costOf(frames));
    return frames;
  }

  /**
   * Waits for the next message.
   *
   * @param unreachable Why no message can come any more, if so.
   * @throws {ZmtpError} `CLOSED`, `MISUSE` while a handler is set, or `unreachable`; or the reason of `signal`.
   */
  receive(signal: AbortSignal | undefined, unreachable: ZmtpError | undefined): Promise<Uint8Array[]> {
    if (this.#handler) {
      return Promise.reject(new ZmtpError("MISUSE", "receive() cannot be called while onMessage is set."));
    }
    if (signal?.aborted) return Promise.reject(signal.reason);
    const frames = this.tryReceive();
    if (frames) return Promise.resolve(frames);
    const refusal = this.#closed ?? unreachable;
    if (refusal) return Promise.reject(refusal);
    return this.#waiters.wait(undefined, signal);
  }

  /** Ends every wait: no message can come. */
  refuseWaiters(error: ZmtpError): void {
    this.#waiters.refuseAll(error);
  }

  /**
   * The connection of `pipe` is gone. What it left stays to be received, in copies: as views, the last few bytes of many
   * short connections would each keep a whole slab alive.
   */
  compact(pipe: Pipe): void {
    for (const frames of pipe.inbound) {
      for (let index = 0; index < frames.length; index++) frames[index] = frames[index]?.slice() ?? new Uint8Array();
    }
  }

  /** Drops what `pipe` left. */
  discard(pipe: Pipe): void {
    const index = this.#ready.indexOf(pipe);
    if (index < 0) return;
    this.#ready.splice(index, 1);
    if (this.#turn > index) this.#turn--;
    if (this.#turn >= this.#ready.length) this.#turn = 0;
    for (const frames of pipe.inbound) this.#release(pipe, costOf(frames));
    pipe.inbound.clear();
  }

  /** Takes in nothing more. What is queued can still be received. */
  close(error: ZmtpError): void {
    this.#closed = error;
    this.#waiters.refuseAll(error);
    for (const pipe of this.#paused) pipe.connection?.resume();
    this.#paused.clear();
  }

  #handle(handler: MessageHandler, pipe: Pipe, frames: Uint8Array[]): void {
    try {
      const handling = handler(frames);
      if (!handling) return;
      const cost = costOf(frames);
      this.#hold(pipe, cost);
      handling.catch(reportError).finally(() => this.#release(pipe, cost));
    } catch (error) {
      reportError(error);
    }
  }

  #hold(pipe: Pipe, cost: number): void {
    pipe.pendingInbound++;
    this.#totalBytes += cost;
    if (pipe.pendingInbound >= this.#limits.peerMessages || this.#totalBytes >= this.#limits.totalBytes) {
      this.#paused.add(pipe);
      pipe.connection?.pause();
    }
  }

  #release(pipe: Pipe, cost: number): void {
    const wasOver = this.#totalBytes >= this.#limits.totalBytes;
    pipe.pendingInbound--;
    this.#totalBytes -= cost;
    if (this.#paused.size === 0) return;
    const isOver = this.#totalBytes >= this.#limits.totalBytes;
    if (isOver) return;
    if (wasOver) { for (const each of this.#paused) this.#resumeIfRoom(each); }
    else this.#resumeIfRoom(pipe);
  }

  /** Reading goes on at half of the mark, so that a peer at its limit is not stopped and started for each message. */
  #resumeIfRoom(pipe: Pipe): void {
    if (pipe.pendingInbound > this.#limits.peerMessages / 2 || !this.#paused.delete(pipe)) return;
    pipe.connection?.resume();
  }
}

function costOf(frames: readonly Uint8Array[]): number {
  return bytesOf(frames) + frames.length * frameOverheadBytes;
}
