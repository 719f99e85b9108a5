/** A graph that is larger than its place: scrolled so that the chosen node is seen, and moved in by arrows and clicks. */
import {
  dagLines,
  type DagNode,
  type DagPlace,
  fitBlock,
  type Glyphs,
  type Line,
  type Size,
  sliceLine,
} from "../paint/mod.ts";

/** A node but for whether it is chosen, which the view knows. */
export type GraphNode = Omit<DagNode, "isSelected">;

/** See the top of this file. */
export class GraphView {
  readonly #glyphs: Glyphs;
  #places: ReadonlyMap<string, DagPlace> = new Map();
  #order: readonly string[] = [];
  #left = 0;
  #top = 0;
  /** The chosen node; null before there are any. */
  chosen: string | null = null;

  constructor(glyphs: Glyphs) {
    this.#glyphs = glyphs;
  }

  draw(nodes: readonly GraphNode[], size: Size): Line[] {
    this.#order = nodes.map(({ id }) => id);
    if (this.chosen === null || !this.#order.includes(this.chosen)) this.chosen = this.#order[0] ?? null;
    const picture = dagLines(nodes.map((node) => ({ ...node, isSelected: node.id === this.chosen })), {
      glyphs: this.#glyphs,
      width: size.width,
    });
    this.#places = picture.places;
    const place = this.chosen === null ? undefined : picture.places.get(this.chosen);
    if (place !== undefined) {
      this.#left = within(this.#left, place.column, place.width, size.width);
      this.#top = within(this.#top, place.row, place.height, size.height);
    }
    this.#top = Math.max(Math.min(this.#top, picture.lines.length - size.height), 0);
    const seen = picture.lines.slice(this.#top, this.#top + size.height);
    return fitBlock(seen.map((line) => sliceLine(line, this.#left, this.#left + size.width)), size);
  }

  /** Whether the key was one for moving. */
  onKey(key: string): boolean {
    switch (key) {
      case "right":
        return this.#go((from, to) => to.column - from.column, (from, to) => Math.abs(middle(to) - middle(from)));
      case "left":
        return this.#go((from, to) => from.column - to.column, (from, to) => Math.abs(middle(to) - middle(from)));
      case "down":
      case "j":
        return this.#go((from, to) => to.row - from.row, (from, to) => 4 * Math.abs(to.column - from.column));
      case "up":
      case "k":
        return this.#go((from, to) => from.row - to.row, (from, to) => 4 * Math.abs(to.column - from.column));
      case "g":
      case "home":
        this.chosen = this.#order[0] ?? null;
        return true;
      case "G":
      case "end":
        this.chosen = this.#order.at(-1) ?? null;
        return true;
      default:
        return false;
    }
  }

  /** Chooses the node at a place of what was drawn; whether there is one. */
  onClick(column: number, row: number): boolean {
    const at = { column: column + this.#left, row: row + this.#top };
    for (const [id, place] of this.#places) {
      const isInside = at.column >= place.column && at.column < place.column + place.width &&
        at.row >= place.row && at.row < place.row + place.height;
      if (!isInside) continue;
      this.chosen = id;
      return true;
    }
    return false;
  }

  /** To the node that is nearest that way, of those the one that is least to the side. */
  #go(ahead: (from: DagPlace, to: DagPlace) => number, aside: (from: DagPlace, to: DagPlace) => number): boolean {
    const from = this.chosen === null ? undefined : this.#places.get(this.chosen);
    if (from === undefined) return true;
    let best: { id: string; cost: number } | null = null;
    for (const [id, place] of this.#places) {
      const distance = ahead(from, place);
      if (distance <= 0) continue;
      const cost = distance + 2 * aside(from, place);
      if (best === null || cost < best.cost) best = { id, cost };
    }
    if (best !== null) this.chosen = best.id;
    return true;
  }
}

function middle({ row, height }: DagPlace): number {
  return row + height / 2;
}

/** The first column or row to be shown, so that a part of this length is seen whole; moved as little as that takes. */
function within(start: number, at: number, length: number, room: number): number {
  return Math.max(Math.min(start, at), Math.min(at + length - room, at), 0);
}
