/** What the interface has said, newest last. */
import type { Clock } from "../clock/mod.ts";
import type { Role } from "../paint/mod.ts";

/** Messages that are kept. */
const keptMessages = 1000;

/** Something that was said. */
export interface Message {
  /** Unix milliseconds, by this machine's clock. */
  readonly atMs: number;
  readonly text: string;
  readonly role: Role;
}

/** See the top of this file. */
export class Messages {
  readonly #clock: Clock;
  #all: Message[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get all(): readonly Message[] {
    return this.#all;
  }

  get newest(): Message | null {
    return this.#all.at(-1) ?? null;
  }

  add(text: string, role: Role): void {
    this.#all = [...this.#all.slice(1 - keptMessages), { atMs: this.#clock.nowMs(), text, role }];
  }
}
