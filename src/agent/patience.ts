/** How long an agent bears with a principal that does not answer. */
import type { Clock, Random } from "../clock/mod.ts";

/** The first pause; it doubles with each failure. */
const firstPauseMs = 50;

/** Options of {@linkcode Patience}. */
export interface PatienceOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Tries that may fail in a row (CDKTR_RETRY_ATTEMPTS). */
  readonly attempts: number;
  /** How long one try and the pause after it take at most, each, in milliseconds (CDKTR_DEFAULT_ZMQ_TIMEOUT_MS). */
  readonly timeoutMs: number;
}

/**
 * Counts failures in time, not in number: a refused connection fails at once, and twenty of them would be over in a
 * moment. The patience is that of the original agent, `attempts` tries and as many pauses of `timeoutMs` each; within it
 * the pauses grow from 50 ms to `timeoutMs`, so that a principal that comes back is found soon.
 */
export class Patience {
  readonly #options: PatienceOptions;
  #failingSinceMs: number | null = null;
  #failures = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** The principal answered. */
  succeeded(): void {
    this.#failingSinceMs = null;
    this.#failures = 0;
  }

  /**
   * The principal did not answer.
   *
   * @returns The pause before the next try in milliseconds, or null when the patience is at its end.
   */
  failed(): number | null {
    const { clock, random, attempts, timeoutMs } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#failingSinceMs ??= nowMs;
    if (nowMs - this.#failingSinceMs >= (2 * attempts - 1) * timeoutMs) return null;
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures++, timeoutMs);
    return pauseMs * (0.5 + random.fraction() / 2);
  }
}
