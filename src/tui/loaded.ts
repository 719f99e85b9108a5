/** Something asked of the principal again and again: at most one question at a time, and not too often. */
import type { Clock } from "../clock/mod.ts";
import { messageOf } from "../core/mod.ts";

/** What failed is asked again after this, if nothing asks for it before; in milliseconds. */
const retryMs = 10_000;

/** Options of {@linkcode Loaded}. */
export interface LoadedOptions<Value> {
  readonly clock: Clock;
  readonly load: (signal: AbortSignal) => Promise<Value>;
  /** Called when there is something new to show. */
  readonly onChange: () => void;
  /** The least time between the beginnings of two questions, in milliseconds. @default 250 */
  readonly everyMs?: number;
}

/** See the top of this file. */
export class Loaded<Value> {
  /** The newest answer; it stays while later questions fail. */
  value: Value | null = null;
  /** Why the newest question failed; null when it did not. */
  error: string | null = null;
  readonly #options: LoadedOptions<Value>;
  readonly #closed = new AbortController();
  #isStale = false;
  #isAsking = false;
  #lastMs = -Infinity;
  #cancelTimer: () => void = () => {};

  constructor(options: LoadedOptions<Value>) {
    this.#options = options;
    this.refresh();
  }

  /** Asks again, once the question that is under way is answered and the time between two is over. */
  refresh(): void {
    this.#isStale = true;
    if (this.#isAsking || this.#closed.signal.aborted) return;
    const { clock, everyMs = 250 } = this.#options;
    const waitMs = this.#lastMs + everyMs - clock.monotonicMs();
    this.#cancelTimer();
    if (waitMs <= 0) void this.#ask();
    else this.#cancelTimer = clock.setTimer(waitMs, () => void this.#ask());
  }

  /** Asks no more. */
  close(): void {
    this.#cancelTimer();
    this.#closed.abort();
  }

  async #ask(): Promise<void> {
    const { clock, load, onChange } = this.#options;
    this.#isAsking = true;
    this.#isStale = false;
    this.#lastMs = clock.monotonicMs();
    try {
      const value = await load(this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      this.error = messageOf(error);
    } finally {
      this.#isAsking = false;
    }
    onChange();
    if (this.#isStale) this.refresh();
    else if (this.error !== null) this.#cancelTimer = clock.setTimer(retryMs, () => this.refresh());
  }
}
