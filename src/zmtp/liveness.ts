/**
 * Whether a peer is still there: PINGs after silence, and an end when nothing answers.
 *
 * Silence is counted in whole intervals, not in elapsed time: when this process was stalled, one late tick counts as one
 * silent interval and not as the minutes it slept. Intervals in which we did not read, because the receiver is at its
 * high-water mark, do not count.
 */

import { encodePing } from "./command.ts";
import { ZmtpError } from "./error.ts";
import type { SocketClock } from "./options.ts";

/** What liveness asks of its connection. */
export interface LivenessHooks {
  /** Whether reading is paused, so that silence means nothing. */
  isPaused(): boolean;
  sendPing(body: Uint8Array): void;
  /** The peer has been silent for too long. */
  onDead(error: ZmtpError): void;
}

/** Watches one connection. */
export class Liveness {
  readonly #clock: SocketClock;
  readonly #hooks: LivenessHooks;
  #heardSincePing = true;
  #heardSinceTtl = true;
  #cancelPing: (() => void) | undefined;
  #cancelTtl: (() => void) | undefined;

  constructor(clock: SocketClock, hooks: LivenessHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** Bytes arrived. Any byte counts, those of a large frame's middle too. */
  heard(): void {
    this.#heardSincePing = true;
    this.#heardSinceTtl = true;
  }

  /** Begins to ping after every silent `intervalMs`, and gives the peer up `timeoutMs` after the first unanswered PING. */
  startPinging(intervalMs: number, timeoutMs: number): void {
    const silentIntervalsMax = Math.ceil(timeoutMs / intervalMs);
    const ping = encodePing(timeoutMs);
    let silentIntervals = 0;
    const tick = () => {
      if (this.#heardSincePing || this.#hooks.isPaused()) silentIntervals = 0;
      else silentIntervals++;
      this.#heardSincePing = false;
      if (silentIntervals > silentIntervalsMax) {
        const silenceMs = silentIntervals * intervalMs;
        this.#hooks.onDead(new ZmtpError("TIMED_OUT", `The peer was silent for ${silenceMs} ms and answered no PING.`));
        return;
      }
      if (silentIntervals > 0) this.#hooks.sendPing(ping);
      this.#cancelPing = this.#clock.setTimer(intervalMs, tick);
    };
    this.#heardSincePing = false;
    this.#cancelPing = this.#clock.setTimer(intervalMs, tick);
  }

  /**
   * The peer asked in a PING to be given up after `ttlMs` of silence. It gets up to twice that, so that a stall of this
   * process is not held against it.
   */
  limitSilence(ttlMs: number): void {
    this.#cancelTtl?.();
    this.#heardSinceTtl = false;
    let silentBefore = false;
    const tick = () => {
      const silent = !this.#heardSinceTtl && !this.#hooks.isPaused();
      if (silent && silentBefore) {
        this.#hooks.onDead(
          new ZmtpError("TIMED_OUT", `The peer was silent for longer than the ${ttlMs} ms it had set itself.`),
        );
        return;
      }
      silentBefore = silent;
      this.#heardSinceTtl = false;
      this.#cancelTtl = this.#clock.setTimer(ttlMs, tick);
    };
    this.#cancelTtl = this.#clock.setTimer(ttlMs, tick);
  }

  /** Ends all timers. */
  stop(): void {
    this.#cancelPing?.();
    this.#cancelTtl?.();
  }
}
