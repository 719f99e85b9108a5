/**
 * Fairness between clients: one that asks for much at once must not keep the others waiting until all of it is answered.
 *
 * In each turn of the event loop requests are begun until their weights add up to a limit; what is left over waits for the
 * next turn, in which the connections take turns. So hundreds of triggers still share a commit, and a pile of long lists
 * does not fill a second.
 */
import type { Clock } from "../clock/mod.ts";

/** What the requests of one turn may weigh together. */
const turnWeight = 256;
/** What a request weighs that only decides, and what one that may read much: four of them fill a turn. */
export const requestWeight = { decision: 1, query: 64 } as const;

/**
 * Rest between two turns while something waits, in milliseconds. A loop that always finds something to do looks only now
 * and then whether other connections have something to say: without the rest they waited for some sixty turns.
 */
const restMs = 1;

interface Waiting {
  readonly weight: number;
  readonly begin: () => void;
}

/** Begins requests in turns. */
export class RequestTurns {
  readonly #clock: Clock;
  /** What waits, by whose it is; who is next comes first. */
  readonly #waiting = new Map<object, Waiting[]>();
  #begunWeight = 0;
  /** Whether a turn is under way. It ends when the event loop comes round. */
  #isOn = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `begin` at once, or when `client` has its turn. What one client asks for begins in that order. */
  take(client: object, weight: number, begin: () => void): void {
    if (!this.#isOn) this.#startTurn();
    if (this.#waiting.size === 0 && this.#begunWeight < turnWeight) return this.#begin({ weight, begin });
    const ofClient = this.#waiting.get(client);
    if (ofClient === undefined) this.#waiting.set(client, [{ weight, begin }]);
    else ofClient.push({ weight, begin });
  }

  #startTurn(): void {
    this.#isOn = true;
    this.#begunWeight = 0;
    this.#clock.setTimer(0, () => this.#endTurn());
  }

  #endTurn(): void {
    if (this.#waiting.size > 0) this.#clock.setTimer(restMs, () => this.#goOn());
    else this.#isOn = false;
  }

  #goOn(): void {
    this.#startTurn();
    while (this.#begunWeight < turnWeight) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const [client, requests] = next;
      const first = requests.shift();
      this.#waiting.delete(client);
      if (requests.length > 0) this.#waiting.set(client, requests);
      if (first !== undefined) this.#begin(first);
    }
  }

  #begin({ weight, begin }: Waiting): void {
    this.#begunWeight += weight;
    begin();
  }
}
