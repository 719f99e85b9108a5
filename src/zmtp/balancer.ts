/** Who gets the next outgoing message of a PUSH, DEALER or REQ: each usable peer in turn. */

import type { ZmtpError } from "./error.ts";
import type { Message } from "./outbox.ts";
import type { Pipe } from "./pipe.ts";
import { Waiters } from "./waiters.ts";

const done = Promise.resolve();

/**
 * Spreads messages over pipes. A full pipe is passed over; connecting addresses that are not connected only get messages
 * when no peer is connected at all, so that one dead address does not swallow its share.
 */
export class Balancer {
  readonly #queueUnconnected: boolean;
  readonly #pipes: Pipe[] = [];
  #turn = 0;
  readonly #waiters = new Waiters<Message, void>();

  readonly #onSent: ((pipe: Pipe) => void) | undefined;

  /**
   * @param queueUnconnected Whether messages may queue for an address that is not connected.
   * @param onSent Called with the pipe that got a message, for each message.
   */
  constructor(queueUnconnected: boolean, onSent?: (pipe: Pipe) => void) {
    this.#queueUnconnected = queueUnconnected;
    this.#onSent = onSent;
  }

  add(pipe: Pipe): void {
    if (!this.#pipes.includes(pipe)) this.#pipes.push(pipe);
    this.serveWaiters();
  }

  /** The connection of `pipe` is gone. A connecting address stays: it may come back. */
  lose(pipe: Pipe): void {
    if (pipe.side === "bind") this.remove(pipe);
    else this.serveWaiters();
  }

  remove(pipe: Pipe): void {
    const index = this.#pipes.indexOf(pipe);
    if (index < 0) return;
    this.#pipes.splice(index, 1);
    if (this.#turn > index) this.#turn--;
    this.serveWaiters();
  }

  /** Queues a message for the next peer. Returns whether one had room. Does not overtake sends that wait. */
  trySend(message: Message): boolean {
    if (this.#waiters.length > 0) return false;
    const pipe = this.#next();
    if (!pipe) return false;
    this.#push(pipe, message);
    return true;
  }

  /**
   * Queues a message, waiting for room.
   *
   * @param unreachable Why no peer can come any more, if so.
   */
  send(message: Message, signal: AbortSignal | undefined, unreachable: ZmtpError | undefined): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.trySend(message)) return done;
    if (unreachable) return Promise.reject(unreachable);
    return this.#waiters.wait(message, signal);
  }

  /** A pipe has room, came or went: sends that waited are served in their order. */
  serveWaiters(): void {
    for (;;) {
      const message = this.#waiters.first();
      const pipe = message && this.#next();
      if (!pipe) return;
      this.#push(pipe, message);
      this.#waiters.serve();
    }
  }

  /** Ends every wait with an error. */
  refuseWaiters(error: ZmtpError): void {
    this.#waiters.refuseAll(error);
  }

  /** The pipe the next message would go to, if one has room. */
  #next(): Pipe | undefined {
    const count = this.#pipes.length;
    let anyConnected = false;
    let spare: Pipe | undefined;
    for (let step = 0; step < count; step++) {
      const index = (this.#turn + step) % count;
      const pipe = this.#pipes[index];
      if (!pipe) continue;
      if (pipe.isConnected) {
        anyConnected = true;
        if (!pipe.outbox.full) {
          this.#turn = index + 1;
          return pipe;
        }
      } else if (!spare && pipe.side === "connect" && !pipe.outbox.full) {
        spare = pipe;
      }
    }
    return anyConnected || !this.#queueUnconnected ? undefined : spare;
  }

  #push(pipe: Pipe, message: Message): void {
    pipe.outbox.push(message);
    this.#onSent?.(pipe);
  }
}
