/** What is wrong, told once as long as it lasts. */
import type { OperatorLog } from "../core/mod.ts";

/** Troubles found in one round after the other. What was told in the round before is not told again. */
export class Troubles {
  readonly #log: OperatorLog;
  #before = new Set<string>();
  #now = new Set<string>();

  constructor(log: OperatorLog) {
    this.#log = log;
  }

  /** Something is wrong. */
  tell(sentence: string): void {
    if (!this.#before.has(sentence) && !this.#now.has(sentence)) this.#log.warn(sentence);
    this.#now.add(sentence);
  }

  /** A round is over: what is not told again in the next one has passed. */
  endRound(): void {
    this.#before = this.#now;
    this.#now = new Set();
  }
}
