/**
 * The lines between two layers (channel routing): each net, from its sources to its targets, has one vertical in a column
 * of the channel; left of it run the lines of its sources, right of it those to its targets.
 *
 * Where a source of one net and a target of others lie in the same row, the vertical of the former must be left of theirs,
 * or lines would be taken for one another. Where such wishes go round in a circle, one net takes a detour: it leaves its
 * sources' rows in a column left of all others, by a row that nobody else uses.
 */

/** Places with the same targets, and these. */
export interface Net {
  readonly sources: readonly number[];
  readonly targets: readonly number[];
}

/** Where one net has its vertical. */
export interface Track {
  readonly net: Net;
  /** Column in the channel, from 0; null for a net that is one straight line. */
  readonly column: number | null;
  readonly detour: { readonly column: number; readonly row: number } | null;
}

/** The way of all nets of a channel. */
export interface Channel {
  readonly tracks: readonly Track[];
  /** Columns of verticals. */
  readonly width: number;
}

/** Finds the way of each net. */
export function routed(nets: readonly Net[]): Channel {
  const straight = nets.filter(isStraight);
  const waiting = new Set(nets.filter((net) => !isStraight(net)).toSorted(byReach));
  const predecessors = constraints(nets);
  const used = new Set(nets.flatMap(({ sources, targets }) => [...sources, ...targets]));
  const columnOf = new Map<Net, number>();
  const detours = new Map<Net, { column: number; row: number }>();
  const main = new Columns();
  const left = new Columns();
  const isHeld = (net: Net) => {
    for (const other of predecessors.get(net) ?? []) if (waiting.has(other) && !detours.has(other)) return true;
    return false;
  };
  while (waiting.size > 0) {
    const next = firstOf(waiting, (net) => !isHeld(net));
    if (next === undefined) {
      const net = firstOf(waiting, (one) => !detours.has(one));
      if (net === undefined) break;
      const row = freeRow(net, used);
      used.add(row);
      detours.set(net, { row, column: left.take(0, [...net.sources, row]) });
      continue;
    }
    waiting.delete(next);
    const detour = detours.get(next);
    let least = 0;
    for (const other of predecessors.get(next) ?? []) {
      if (!detours.has(other)) least = Math.max(least, (columnOf.get(other) ?? -1) + 1);
    }
    const rows = detour === undefined ? [...next.sources, ...next.targets] : [detour.row, ...next.targets];
    columnOf.set(next, main.take(least, rows));
  }
  const tracks = [...columnOf].map(([net, column]): Track => ({
    net,
    column: left.count + column,
    detour: detours.get(net) ?? null,
  }));
  return {
    tracks: [...tracks, ...straight.map((net): Track => ({ net, column: null, detour: null }))],
    width: left.count + main.count,
  };
}

function firstOf(nets: Iterable<Net>, isWanted: (net: Net) => boolean): Net | undefined {
  for (const net of nets) if (isWanted(net)) return net;
  return undefined;
}

function isStraight({ sources, targets }: Net): boolean {
  return sources.length === 1 && targets.length === 1 && sources[0] === targets[0];
}

/** Lines that go down turn off the earlier the lower they begin, those that go up the higher: so neighbours do not cross. */
function byReach(a: Net, b: Net): number {
  return reach(a) - reach(b);
}

function reach({ sources, targets }: Net): number {
  const from = mean(sources);
  return mean(targets) >= from ? -from : from;
}

function mean(rows: readonly number[]): number {
  return rows.reduce((sum, row) => sum + row, 0) / rows.length;
}

/** For each net those whose vertical must be left of its own. */
function constraints(nets: readonly Net[]): Map<Net, Set<Net>> {
  const intoRow = new Map<number, Net[]>();
  for (const net of nets) {
    for (const row of net.targets) {
      const into = intoRow.get(row);
      if (into === undefined) intoRow.set(row, [net]);
      else into.push(net);
    }
  }
  const predecessors = new Map<Net, Set<Net>>();
  for (const net of nets) {
    if (isStraight(net)) continue;
    for (const row of net.sources) {
      for (const other of intoRow.get(row) ?? []) {
        if (other === net || isStraight(other)) continue;
        const found = predecessors.get(other);
        if (found === undefined) predecessors.set(other, new Set([net]));
        else found.add(net);
      }
    }
  }
  return predecessors;
}

/** The row next to the net's sources in which no line begins or ends. */
function freeRow({ sources, targets }: Net, used: ReadonlySet<number>): number {
  const from = sources[0] ?? 0;
  const step = mean(targets) >= from ? 1 : -1;
  for (let distance = 1;; distance++) {
    for (const row of [from + step * distance, from - step * distance]) if (row >= 0 && !used.has(row)) return row;
  }
}

/** Columns with the rows that are taken in each. */
class Columns {
  readonly #taken: [first: number, last: number][][] = [];

  get count(): number {
    return this.#taken.length;
  }

  /** The first column from `least` on in which what lies between `rows` is free; takes it. */
  take(least: number, rows: readonly number[]): number {
    const first = rows.reduce((one, other) => Math.min(one, other), Infinity);
    const last = rows.reduce((one, other) => Math.max(one, other), -Infinity);
    for (let column = least;; column++) {
      while (this.#taken.length <= column) this.#taken.push([]);
      const taken = this.#taken[column] ?? [];
      if (taken.some(([from, to]) => from <= last && first <= to)) continue;
      taken.push([first, last]);
      return column;
    }
  }
}
