/** What happened in a world, as people read it, and what was exercised, as numbers. */

/** Lines kept of each world; a failing seed is run again with all of them. */
const keptLines = 200;

/** The story of one world. Two runs of a seed must tell the same one. */
export class Trace {
  readonly #keepsAll: boolean;
  readonly #nowMs: () => number;
  #lines: string[] = [];
  #low = 2166136261;
  #high = 0x9e3779b9;
  #count = 0;

  constructor(nowMs: () => number, keepsAll: boolean) {
    this.#nowMs = nowMs;
    this.#keepsAll = keepsAll;
  }

  /** Notes that something happened, and to whom. */
  add(who: string, what: string): void {
    const line = `${(this.#nowMs() / 1000).toFixed(4).padStart(10)} ${who.padEnd(12)} ${what}`;
    for (let i = 0; i < line.length; i++) {
      this.#low = Math.imul(this.#low ^ line.charCodeAt(i), 16777619);
      this.#high = Math.imul(this.#high ^ line.charCodeAt(i), 2246822519) ^ (this.#high >>> 13);
    }
    this.#count++;
    this.#lines.push(line);
    if (!this.#keepsAll && this.#lines.length > 2 * keptLines) this.#lines = this.#lines.slice(-keptLines);
  }

  /** Stands for every line so far. */
  get digest(): string {
    return `${this.#count}-${(this.#low >>> 0).toString(16)}${(this.#high >>> 0).toString(16)}`;
  }

  /** The last lines. */
  tail(count = keptLines): string[] {
    return this.#lines.slice(-count);
  }
}

/** How often what happened. */
export class Coverage {
  readonly counts = new Map<string, number>();

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  /** Adds what another world exercised. */
  add(counts: Iterable<readonly [string, number]>): void {
    for (const [what, times] of counts) this.count(what, times);
  }

  /** One line for each thing, in alphabetical order. */
  table(): string {
    const rows = [...this.counts].sort(([a], [b]) => a < b ? -1 : 1);
    const width = Math.max(...rows.map(([what]) => what.length));
    return rows.map(([what, times]) => `  ${what.padEnd(width)}  ${String(times).padStart(9)}`).join("\n");
  }
}
