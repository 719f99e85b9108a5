/** What a terminal sends, piece by piece, as events: those that are complete at once, a lone escape after a moment. */
import type { Clock } from "../clock/mod.ts";
import { escapeWaitMs, InputDecoder, type InputEvent } from "./input.ts";

/** See the top of this file. */
export class InputFeed {
  readonly #decoder = new InputDecoder();
  readonly #clock: Clock;
  readonly #take: (events: readonly InputEvent[]) => void;
  #cancelFlush = () => {};

  constructor(clock: Clock, take: (events: readonly InputEvent[]) => void) {
    this.#clock = clock;
    this.#take = take;
  }

  /** Takes the next piece. */
  push(text: string): void {
    this.#cancelFlush();
    this.#take(this.#decoder.push(text));
    if (!this.#decoder.isWaiting) return;
    this.#cancelFlush = this.#clock.setTimer(escapeWaitMs, () => this.#take(this.#decoder.flush()));
  }

  /** Gives nothing more. */
  close(): void {
    this.#cancelFlush();
  }
}
