/**
 * A graph in layers (after Sugiyama, Tagawa and Toda, 1981): each node one layer behind the last of its dependencies, and
 * the order within the layers such that few edges cross. An edge over several layers leads through a place in each layer
 * between; edges of one node share those places.
 */
import { type CleanGraph, type Node } from "./graph.ts";

/** A place in a layer: a node, or where edges pass by. */
export interface Place {
  /** Null where edges pass. */
  readonly id: string | null;
  readonly layer: number;
  /** Rows it takes. */
  readonly height: number;
  /** Places in the layer before that lead here, and those behind that it leads to. */
  readonly before: Place[];
  readonly after: Place[];
  /** Its place among those of its layer, from 0. */
  rank: number;
  /** Its first row. */
  row: number;
}

/** A graph in layers. */
export interface Layers {
  readonly layers: readonly Place[][];
  /** Edges left out because they would lead over too many layers. */
  readonly leftOut: number;
}

/** Rows of a node: its edges and its name. */
export const nodeHeight = 3;
/** Places where edges pass, at most: the picture of a graph with more of them shows nothing any more. */
const passingMax = 10_000;
/** How often the order is improved, at most: of large graphs less often, so that each picture is quick. */
const sweepsMax = 8;
const placesOfFullSweeps = 2000;

/** Puts the nodes of one connected part of a graph into layers. */
export function layersOf<N extends Node>(nodes: readonly N[], graph: CleanGraph<N>): Layers {
  const layerOf = new Map<string, number>();
  for (const { id } of nodes) {
    layerOf.set(id, Math.max(-1, ...(graph.before.get(id) ?? []).map((other) => layerOf.get(other) ?? -1)) + 1);
  }
  const spansOf = ({ id }: N) => (graph.after.get(id) ?? []).map((other) => span(layerOf, id, other));
  const spans = nodes.map(spansOf);
  const spanMax = longestSpan(spans);
  const layers: Place[][] = Array.from({ length: Math.max(0, ...layerOf.values()) + 1 }, () => []);
  const add = (id: string | null, layer: number): Place => {
    const places = layers[layer] ?? [];
    const height = id === null ? 1 : nodeHeight;
    const place = { id, layer, height, before: [], after: [], rank: places.length, row: 0 };
    places.push(place);
    return place;
  };
  const placeOf = new Map(nodes.map(({ id }) => [id, add(id, layerOf.get(id) ?? 0)]));
  let leftOut = 0;
  for (const { id } of nodes) {
    const source = placeOf.get(id);
    if (source === undefined) continue;
    const trunk = [source];
    for (const other of graph.after.get(id) ?? []) {
      const target = placeOf.get(other);
      if (target === undefined) continue;
      if (target.layer - source.layer > spanMax) {
        leftOut++;
        continue;
      }
      for (let layer = source.layer + trunk.length; layer < target.layer; layer++) {
        const passing = add(null, layer);
        connect(trunk.at(-1) ?? source, passing);
        trunk.push(passing);
      }
      connect(trunk[target.layer - source.layer - 1] ?? source, target);
    }
  }
  arrange(layers);
  return { layers, leftOut };
}

function span(layerOf: ReadonlyMap<string, number>, from: string, to: string): number {
  return (layerOf.get(to) ?? 0) - (layerOf.get(from) ?? 0);
}

/** The longest span of an edge with which the places where edges pass are not too many. */
function longestSpan(spans: readonly (readonly number[])[]): number {
  let longest = Math.max(1, ...spans.map((some) => Math.max(1, ...some)));
  const passing = () =>
    spans.reduce((sum, some) => sum + Math.max(0, ...some.filter((one) => one <= longest).map((one) => one - 1)), 0);
  while (longest > 1 && passing() > passingMax) longest = Math.floor(longest / 2);
  return longest;
}

function connect(from: Place, to: Place): void {
  from.after.push(to);
  to.before.push(from);
}

/** Orders each layer by the mean place of its neighbours, forth and back, and keeps the best of what comes out. */
function arrange(layers: Place[][]): void {
  const places = layers.reduce((sum, { length }) => sum + length, 0);
  const sweeps = places > placesOfFullSweeps ? 2 : sweepsMax;
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const isForth = sweep % 2 === 0;
    for (const layer of isForth ? layers : layers.toReversed()) {
      order(layer, (place) => isForth ? place.before : place.after);
    }
    const count = crossings(layers);
    if (count >= fewest) continue;
    fewest = count;
    best = layers.map((layer) => [...layer]);
  }
  layers.forEach((layer, at) => {
    layer.splice(0, layer.length, ...best[at] ?? []);
    rank(layer);
  });
}

function order(layer: Place[], neighbours: (place: Place) => readonly Place[]): void {
  const keys = new Map(layer.map((place) => {
    const near = neighbours(place);
    return [place, near.length === 0 ? place.rank : near.reduce((sum, { rank }) => sum + rank, 0) / near.length];
  }));
  layer.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0) || a.rank - b.rank);
  rank(layer);
}

function rank(layer: readonly Place[]): void {
  layer.forEach((place, at) => place.rank = at);
}

/** Pairs of edges that cross, between all layers (Barth, Jünger and Mutzel, 2002: counted like inversions). */
function crossings(layers: readonly Place[][]): number {
  let count = 0;
  layers.forEach((layer, at) => {
    const width = layers[at + 1]?.length ?? 0;
    const tree = new Uint32Array(width + 1);
    let edges = 0;
    for (const { after } of layer) {
      const ranks = after.map((place) => place.rank);
      for (const target of ranks) {
        count += edges;
        for (let index = target + 1; index > 0; index -= index & -index) count -= tree[index] ?? 0;
      }
      for (const target of ranks) {
        for (let index = target + 1; index <= width; index += index & -index) tree[index] = (tree[index] ?? 0) + 1;
      }
      edges += ranks.length;
    }
  });
  return count;
}
