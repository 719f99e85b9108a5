/** In which row each place of a layered graph lies: near its neighbours, and none over another. */
import type { Place } from "./dag_layers.ts";

/** How often rows are brought nearer to each other, forth and back. */
const rounds = 3;

/** The row in which lines come to a place and leave it. */
export function portOf({ row, height }: Place): number {
  return row + Math.floor(height / 2);
}

/**
 * Sets the rows of all places, from 0.
 *
 * @returns Rows that are used.
 */
export function setRows(layers: readonly Place[][]): number {
  for (const layer of layers) {
    let row = 0;
    for (const place of layer) {
      place.row = row;
      row += place.height;
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const layer of layers.toReversed()) settle(layer, (place) => place.after);
    for (const layer of layers) settle(layer, (place) => place.before);
  }
  const places = layers.flat();
  const first = places.reduce((least, { row }) => Math.min(least, row), Infinity);
  for (const place of places) place.row -= first;
  return places.reduce((most, { row, height }) => Math.max(most, row + height), 0);
}

/** Neighbouring places that touch and move together. */
interface Pool {
  /** Sum of weights, and of weighted rows that are wished, each less the heights of what lies above it in the layer. */
  weight: number;
  sum: number;
  readonly places: Place[];
}

/** As near as can be to the wished rows, in the sense of least squares: isotonic regression, by pooling adjacent violators. */
function settle(layer: readonly Place[], neighbours: (place: Place) => readonly Place[]): void {
  const pools: Pool[] = [];
  let above = 0;
  for (const place of layer) {
    const near = neighbours(place);
    const port = near.length === 0 ? portOf(place) : near.reduce((sum, other) => sum + portOf(other), 0) / near.length;
    // A line that only passes is kept straight before others.
    const weight = near.length === 0 ? 0.1 : place.id === null ? 4 : 1;
    let pool: Pool = {
      weight,
      sum: weight * (port - Math.floor(place.height / 2) - above),
      places: [place],
    };
    above += place.height;
    for (let last = pools.at(-1); last !== undefined && mean(last) > mean(pool); last = pools.at(-1)) {
      last.places.push(...pool.places);
      pool = { weight: last.weight + pool.weight, sum: last.sum + pool.sum, places: last.places };
      pools.pop();
    }
    pools.push(pool);
  }
  above = 0;
  for (const pool of pools) {
    const row = Math.round(mean(pool));
    for (const place of pool.places) {
      place.row = row + above;
      above += place.height;
    }
  }
}

function mean({ sum, weight }: Pool): number {
  return sum / weight;
}
