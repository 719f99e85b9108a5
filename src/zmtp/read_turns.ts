/**
 * Fairness between the sockets of one process while some of them are flooded.
 *
 * While the runtime always finds something to do, it looks for what is new on other connections only once in some sixty
 * turns of its loop. Reads that find bytes waiting keep it busy in just that way: beside two peers that sent as fast as
 * they could, a request of a third took 200 ms, and up to 600. So whoever reads from a backlog for a while lets the loop
 * run dry for a moment.
 */

import type { SocketClock } from "./options.ts";

/** A read of at least so many bytes has probably left more behind. */
const backlogBytes = 16 * 1024;
/** How long reading from backlogs goes on, over all connections, in milliseconds. */
const burstMs = 2;
/** Without a backlog for so long, in milliseconds, the loop has seen to everybody. */
const quietMs = 1;
/** How long everybody with a backlog then stands back, in milliseconds. The shortest timer there is. */
const restMs = 1;

/** Counts the reads of all connections that share a clock, and thereby an event loop. */
export class ReadTurns {
  static readonly #ofClocks = new WeakMap<SocketClock, ReadTurns>();
  readonly #clock: SocketClock;
  #burstStartMs = 0;
  #lastReadMs = -Infinity;
  #rest: Promise<void> | undefined;

  private constructor(clock: SocketClock) {
    this.#clock = clock;
  }

  /** The one of this clock. */
  static of(clock: SocketClock): ReadTurns {
    let turns = this.#ofClocks.get(clock);
    if (!turns) this.#ofClocks.set(clock, turns = new ReadTurns(clock));
    return turns;
  }

  /**
   * Counts a read.
   *
   * @param bytes What it returned.
   * @returns What to wait for before the next read; `undefined` to go on at once.
   */
  count(bytes: number): Promise<void> | undefined {
    if (bytes < backlogBytes) return undefined;
    if (this.#rest) return this.#rest;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastReadMs > quietMs) this.#burstStartMs = nowMs;
    this.#lastReadMs = nowMs;
    if (nowMs - this.#burstStartMs < burstMs) return undefined;
    this.#rest = new Promise((resolve) => {
      this.#clock.setTimer(restMs, () => {
        this.#rest = undefined;
        this.#lastReadMs = -Infinity;
        resolve();
      });
    });
    return this.#rest;
  }
}
