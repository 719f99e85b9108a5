/** The global queue of waiting runs: first in, first out, with removal from anywhere. */

/** Up to this many dead places the queue is not worth copying. */
const compactionThreshold = 1024;

/** A place in the queue. It is dead once its run was taken out, even if the run queues again elsewhere. */
interface Place {
  readonly runId: string;
}

/** Run ids in the order they are to be handed out. Adding and removing take constant time on average. */
export class RunQueue {
  readonly #places = new Map<string, Place>();
  #returned: Place[] = [];
  #order: Place[] = [];
  #head = 0;

  /** How many runs wait. */
  get size(): number {
    return this.#places.size;
  }

  /** Puts a run at the end. */
  push(runId: string): void {
    this.#order.push(this.#newPlace(runId));
  }

  /** Puts a run that was handed out in vain back before all others. */
  pushFront(runId: string): void {
    this.#returned.push(this.#newPlace(runId));
  }

  /** Takes a run out, wherever it stands. */
  remove(runId: string): void {
    if (!this.#places.delete(runId)) return;
    while (this.#returned.length > 0 && !this.#isAlive(this.#returned.at(-1))) this.#returned.pop();
    while (this.#head < this.#order.length && !this.#isAlive(this.#order[this.#head])) this.#head++;
    this.#compact();
  }

  /** The waiting run ids, head first. */
  *ids(): Generator<string> {
    for (let i = this.#returned.length - 1; i >= 0; i--) {
      const place = this.#returned[i];
      if (this.#isAlive(place)) yield place.runId;
    }
    for (let i = this.#head; i < this.#order.length; i++) {
      const place = this.#order[i];
      if (this.#isAlive(place)) yield place.runId;
    }
  }

  /** Drops the dead places once they outnumber the living: a run that nobody can take must not keep those behind it. */
  #compact(): void {
    const dead = this.#returned.length + this.#order.length - this.#places.size;
    if (dead <= compactionThreshold || dead <= this.#places.size) return;
    this.#returned = this.#returned.filter((place) => this.#isAlive(place));
    this.#order = this.#order.filter((place) => this.#isAlive(place));
    this.#head = 0;
  }

  #newPlace(runId: string): Place {
    const place = { runId };
    this.#places.set(runId, place);
    return place;
  }

  #isAlive(place: Place | undefined): place is Place {
    return place !== undefined && this.#places.get(place.runId) === place;
  }
}
