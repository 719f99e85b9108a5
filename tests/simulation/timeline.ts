/** The simulated time of the whole world, and what is to happen in it. */

interface Due {
  readonly atMs: number;
  /** Of what is due at the same time, what was asked for first happens first. */
  readonly order: number;
  fire: (() => void) | null;
}

/** A queue of happenings. Time stands still while one happens, and leaps to the next. */
export class Timeline {
  #nowMs = 0;
  #lastOrder = 0;
  /** A binary heap, the next happening first. */
  readonly #heap: Due[] = [];

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Has something happen after `delayMs`; returns what calls it off. */
  after(delayMs: number, fire: () => void): () => void {
    const due: Due = { atMs: this.#nowMs + Math.max(delayMs, 0), order: ++this.#lastOrder, fire };
    this.#push(due);
    return () => void (due.fire = null);
  }

  /** Lets the next thing happen. @returns False when nothing is to come. */
  step(): boolean {
    for (;;) {
      const due = this.#pop();
      if (due === undefined) return false;
      if (due.fire === null) continue;
      this.#nowMs = due.atMs;
      due.fire();
      return true;
    }
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let place = heap.push(due) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(due, heap[parent])) break;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #pop(): Due | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    heap[0] = last;
    for (let place = 0;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      let least = place;
      if (left < heap.length && isBefore(heap[left], heap[least])) least = left;
      if (right < heap.length && isBefore(heap[right], heap[least])) least = right;
      if (least === place) return first;
      this.#swap(place, least);
      place = least;
    }
  }

  #swap(a: number, b: number): void {
    const [atA, atB] = [this.#heap[a], this.#heap[b]];
    if (atA === undefined || atB === undefined) return;
    this.#heap[a] = atB;
    this.#heap[b] = atA;
  }
}

function isBefore(a: Due | undefined, b: Due | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
}
