/** A clock that stands still until a test moves it. */
import type { Clock } from "../src/clock/mod.ts";

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** 2026-11-21T10:33:22.023Z: an ordinary day, and not a round second. */
const ordinaryDayMs = 1_795_257_202_023;

/** Time under the control of a test. */
export class FakeClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();

  /** @param startMs The wall time to begin at, Unix milliseconds. */
  constructor(startMs = ordinaryDayMs) {
    this.#wallMs = startMs;
  }

  nowMs(): number {
    return this.#wallMs + this.#monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  setTimer(delayMs: number, fire: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + Math.max(delayMs, 0), fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Delays of the timers that are set, in milliseconds from now. */
  get pendingMs(): number[] {
    return [...this.#timers].map(({ dueMs }) => dueMs - this.#monotonicMs);
  }

  /** Moves on by `durationMs` and fires what comes due on the way, in order. */
  advance(durationMs: number): void {
    const endMs = this.#monotonicMs + durationMs;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#monotonicMs = due.dueMs;
      due.fire();
    }
    this.#monotonicMs = endMs;
  }

  /** Moves on in steps, after each of which everything that waits for nothing else has its turn. */
  async pass(durationMs: number, stepMs = 1000): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
      this.advance(Math.min(stepMs, leftMs));
      await turn();
    }
  }

  /** Jumps by `durationMs` as a stalled process does: each timer that came due meanwhile fires once, late. */
  stall(durationMs: number): void {
    this.#monotonicMs += durationMs;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs <= this.#monotonicMs && this.#timers.delete(timer)) timer.fire();
    }
  }

  /** Puts the wall clock forward, or back when negative; durations do not notice. */
  setWallBy(changeMs: number): void {
    this.#wallMs += changeMs;
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
