/**
 * Fairness between the output of tasks and everything else the agent does.
 *
 * While the runtime always finds a pipe that it can read, it looks for what is new on sockets and timers only once in many
 * turns of its loop: beside a task that wrote faster than its output was dealt with, an answer over loopback took 130 ms,
 * and up to 1000. So whoever has dealt with output for a while lets the loop run dry for a moment. The sockets do the same
 * among themselves, by the bytes they read; here a single read may take longer than their whole turn.
 */

import type { Clock } from "../../clock/mod.ts";

/** How long output is dealt with at a stretch, over all tasks, in milliseconds. */
const burstMs = 2;
/** Without output for so long, in milliseconds, the loop has seen to everybody. */
const quietMs = 0.5;
/** How long all tasks then stand back, in milliseconds. The shortest timer there is. */
const restMs = 1;

/** The turns of all outputs that share a clock, and thereby an event loop. */
export class PipeTurns {
  static readonly #ofClocks = new WeakMap<Clock, PipeTurns>();
  readonly #clock: Clock;
  #burstStartMs = 0;
  #lastEndMs = -Infinity;
  #rest: Promise<void> | undefined;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The one of this clock. */
  static of(clock: Clock): PipeTurns {
    let turns = this.#ofClocks.get(clock);
    if (turns === undefined) this.#ofClocks.set(clock, turns = new PipeTurns(clock));
    return turns;
  }

  /** Output was read. */
  begin(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastEndMs > quietMs) this.#burstStartMs = nowMs;
  }

  /**
   * It was dealt with.
   *
   * @returns What to wait for before the next read; `undefined` to go on at once.
   */
  end(): Promise<void> | undefined {
    if (this.#rest !== undefined) return this.#rest;
    const nowMs = this.#lastEndMs = this.#clock.monotonicMs();
    if (nowMs - this.#burstStartMs < burstMs) return undefined;
    this.#rest = new Promise((resolve) => {
      this.#clock.setTimer(restMs, () => {
        this.#rest = undefined;
        this.#lastEndMs = -Infinity;
        resolve();
      });
    });
    return this.#rest;
  }
}
