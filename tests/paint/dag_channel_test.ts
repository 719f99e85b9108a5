import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { type Net, routed } from "../../src/paint/dag_channel.ts";

Deno.test("a line straight on needs no column", () => {
  const { tracks, width } = routed([{ sources: [1], targets: [1] }]);
  equal(width, 0);
  equal(tracks[0]?.column, null);
});

Deno.test("nets that lie below each other share a column", () => {
  equal(routed([{ sources: [1], targets: [2] }, { sources: [4], targets: [5, 6] }]).width, 1);
});

Deno.test("two lines that change places do so by a row of their own", () => {
  const { tracks } = routed([{ sources: [1], targets: [4] }, { sources: [4], targets: [1] }]);
  equal(tracks.length, 2);
  equal(tracks.filter(({ detour }) => detour !== null).length, 1);
  noneIsMistaken([{ sources: [1], targets: [4] }, { sources: [4], targets: [1] }]);
});

Deno.test("whatever nets there are, no line is taken for another", () => {
  const rows = fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 12 });
  const anyNets = fc.record({ sources: rows, targets: rows, picks: fc.infiniteStream(fc.nat()) }).map(
    ({ sources, targets, picks }): Net[] => {
      const sourcesOf = new Map<string, number[]>();
      for (const source of sources) {
        const some = targets.filter(() => picks.next().value % 3 === 0);
        const leads = some.length === 0 ? [targets[0] ?? 0] : some;
        const key = leads.join();
        sourcesOf.set(key, [...sourcesOf.get(key) ?? [], source]);
      }
      return [...sourcesOf].map(([key, from]) => ({ sources: from, targets: key.split(",").map(Number) }));
    },
  );
  fc.assert(fc.property(anyNets, noneIsMistaken));
});

interface Piece {
  readonly net: Net;
  readonly row: number;
  readonly from: number;
  readonly to: number;
  /** The row it leads to, for a piece behind the vertical. */
  readonly target: number | null;
}

/** Pieces of different nets in one row touch only where both lead to that row; verticals in one column do not touch. */
function noneIsMistaken(nets: readonly Net[]): void {
  const { tracks, width } = routed(nets);
  equal(tracks.length, nets.length);
  const pieces: Piece[] = [];
  const verticals: { readonly column: number; readonly first: number; readonly last: number }[] = [];
  for (const { net, column, detour } of tracks) {
    if (column === null) {
      for (const row of net.targets) pieces.push({ net, row, from: -1, to: width, target: row });
      continue;
    }
    ok(column < width);
    const turn = detour?.column ?? column;
    for (const row of net.sources) pieces.push({ net, row, from: -1, to: turn, target: null });
    if (detour !== null) {
      ok(turn < column);
      pieces.push({ net, row: detour.row, from: turn, to: column, target: null });
      const rows = [...net.sources, detour.row];
      verticals.push({ column: turn, first: Math.min(...rows), last: Math.max(...rows) });
    }
    for (const row of net.targets) pieces.push({ net, row, from: column, to: width, target: row });
    const rows = [...detour === null ? net.sources : [detour.row], ...net.targets];
    verticals.push({ column, first: Math.min(...rows), last: Math.max(...rows) });
  }
  for (const [at, one] of pieces.entries()) {
    for (const other of pieces.slice(at + 1)) {
      if (one.net === other.net || one.row !== other.row) continue;
      if (one.from > other.to || other.from > one.to) continue;
      ok(one.target !== null && one.target === other.target, `row ${one.row} is used twice: ${JSON.stringify(nets)}`);
    }
  }
  for (const [at, one] of verticals.entries()) {
    for (const other of verticals.slice(at + 1)) {
      ok(one.column !== other.column || one.last < other.first || other.last < one.first);
    }
  }
}
