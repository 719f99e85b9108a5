/** A clock that stands still until a test moves it. */
import type { SocketClock } from "../../src/zmtp/mod.ts";

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** Time under the control of a test. */
export class FakeClock implements SocketClock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  /** Timers that are set. */
  get timerCount(): number {
    return this.#timers.size;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on by `durationMs` and fires what comes due on the way, in order. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#nowMs = due.dueMs;
      due.fire();
    }
    this.#nowMs = endMs;
  }

  /** Jumps by `durationMs` as a stalled process does: each timer that came due meanwhile fires once, late. */
  stall(durationMs: number): void {
    this.#nowMs += durationMs;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs <= this.#nowMs && this.#timers.delete(timer)) timer.fire();
    }
  }
}
