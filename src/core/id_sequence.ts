/** Ids in an order, with removal from anywhere. Adding at the end and removing take constant time on average. */

/** Up to this many dead places a sequence is not worth copying. */
const compactionThreshold = 1024;

/** A place in the order. It is dead once its id was taken out, even if the id comes again elsewhere. */
interface Place {
  readonly id: string;
}

/** See the top of this file. No id stands in it twice. */
export class IdSequence {
  readonly #places = new Map<string, Place>();
  #order: Place[] = [];
  /** All places before this one are dead. */
  #head = 0;

  /** How many ids there are. */
  get size(): number {
    return this.#places.size;
  }

  /** The first id. */
  get first(): string | undefined {
    return this.#order[this.#head]?.id;
  }

  /** Puts an id at the end. */
  push(id: string): void {
    this.#order.push(this.#newPlace(id));
  }

  /** Puts an id where it belongs in a sequence that is in the order of its ids. */
  insert(id: string): void {
    let [low, high] = [this.#head, this.#order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#order[middle]?.id ?? "") < id) low = middle + 1;
      else high = middle;
    }
    this.#order.splice(low, 0, this.#newPlace(id));
  }

  /** Takes an id out. */
  remove(id: string): void {
    if (!this.#places.delete(id)) return;
    while (this.#head < this.#order.length && !this.#isAlive(this.#order[this.#head])) this.#head++;
    const dead = this.#order.length - this.#places.size;
    if (dead <= compactionThreshold || dead <= this.#places.size) return;
    this.#order = this.#order.filter((place) => this.#isAlive(place));
    this.#head = 0;
  }

  /** All ids. The sequence must not be changed meanwhile. */
  *ids(): Generator<string> {
    for (let i = this.#head; i < this.#order.length; i++) {
      const place = this.#order[i];
      if (this.#isAlive(place)) yield place.id;
    }
  }

  #newPlace(id: string): Place {
    const place = { id };
    this.#places.set(id, place);
    return place;
  }

  #isAlive(place: Place | undefined): place is Place {
    return place !== undefined && this.#places.get(place.id) === place;
  }
}
