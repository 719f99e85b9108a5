/** Clients that wait for the next change, and how far the journal is. */
import type { Clock } from "../clock/mod.ts";
import type { Batch } from "../journal/mod.ts";
import { Waiters } from "./waiters.ts";

/** Wakes whoever waits for a change once one is durable. */
export class ChangeWatch {
  readonly #clock: Clock;
  readonly #waiters = new Waiters();
  #committedSeq: number;

  /** @param committedSeq The place of the newest event in the journal. */
  constructor(clock: Clock, committedSeq: number) {
    this.#clock = clock;
    this.#committedSeq = committedSeq;
  }

  /** The place of the newest event that is durable. */
  get committedSeq(): number {
    return this.#committedSeq;
  }

  /** Resolves when an event more is durable, the wait is over, or the client is gone. */
  wait(waitMs: number, gone: AbortSignal): Promise<void> {
    return this.#waiters.wait({ clock: this.#clock, waitMs, gone });
  }

  /** Takes note of a committed batch. */
  notice({ events }: Batch): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#committedSeq = last.seq;
    this.wakeAll();
  }

  /** Wakes everyone. */
  wakeAll(): void {
    this.#waiters.wakeAll();
  }
}
