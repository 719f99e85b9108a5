/** A graph as a picture: boxes with their states, in layers from left to right, and lines with arrows between them. */
import { routed } from "./dag_channel.ts";
import { layersOf, nodeHeight, type Place } from "./dag_layers.ts";
import { portOf, setRows } from "./dag_rows.ts";
import type { Glyphs } from "./glyphs.ts";
import { type CleanGraph, cleanGraph, componentsOf, type Node } from "./graph.ts";
import { fitLine, type Line, lineWidth, selected, type Span, span } from "./line.ts";
import { LineGrid } from "./line_grid.ts";
import { printable } from "./printable.ts";
import type { Role } from "./role.ts";
import { cut, displayWidth, padded } from "./width.ts";

/** A node as it is shown. */
export interface DagNode extends Node {
  /** What it is called. */
  readonly label: string;
  /** Its state as one character, and as words such as `RUNNING 12.3 s`. */
  readonly mark: string;
  readonly state: string;
  /** Of its state. */
  readonly role: Role;
  readonly isSelected: boolean;
}

/** How a graph is drawn. */
export interface DagOptions {
  readonly glyphs: Glyphs;
  /** Columns there are: boxes are made narrower for it, but not too narrow to be read. @default as many as it takes */
  readonly width?: number;
}

/** Where a node was drawn. */
export interface DagPlace {
  readonly row: number;
  readonly column: number;
  readonly width: number;
  readonly height: number;
}

/** A graph, drawn. */
export interface DagPicture {
  /** All of the same width. */
  readonly lines: Line[];
  /** By id. */
  readonly places: ReadonlyMap<string, DagPlace>;
}

const boxWidthMax = 32;
const boxWidthMin = 14;
/** Widths come in steps, so that the picture stands still while texts such as durations change. */
const widthStep = 4;
/** What a box has beside its name, and beside its state. */
const besideLabel = 6;
const besideState = 4;

/** Draws a graph. Takes every graph: edges to nobody and those that close a cycle are passed over. */
export function dagLines(nodes: readonly DagNode[], options: DagOptions): DagPicture {
  const graph = cleanGraph(nodes);
  const groups = componentsOf(graph);
  const singles = groups.filter(({ length }) => length === 1).flat();
  const pictures = groups.filter(({ length }) => length > 1).map((group) => drawn(group, graph, options));
  if (singles.length > 0) pictures.push(sideBySideBoxes(singles, options));
  const leftOut = pictures.reduce((sum, picture) => sum + picture.leftOut, 0);
  const note = leftOut === 0 ? [] : [span(`${leftOut} long edges are not drawn`, "faint")];
  const width = pictures.reduce((widest, picture) => Math.max(widest, picture.width), lineWidth(note));
  const lines: Line[] = [];
  const places = new Map<string, DagPlace>();
  for (const picture of pictures) {
    if (lines.length > 0) lines.push([span(" ".repeat(width))]);
    for (const [id, place] of picture.places) places.set(id, { ...place, row: place.row + lines.length });
    const rest = span(" ".repeat(width - picture.width));
    lines.push(...rest.text === "" ? picture.lines : picture.lines.map((line) => [...line, rest]));
  }
  if (note.length > 0) lines.push(fitLine(note, width));
  return { lines, places };
}

interface Part extends DagPicture {
  readonly width: number;
  readonly leftOut: number;
}

/** Nodes without edges, as many in a row as there is room for. */
function sideBySideBoxes(nodes: readonly DagNode[], { glyphs, width = 80 }: DagOptions): Part {
  const boxWidth = Math.min(boxWidthOf(nodes), Math.max(width, boxWidthMin));
  const perRow = Math.max(Math.floor((width + 1) / (boxWidth + 1)), 1);
  const allWidth = Math.min(perRow, nodes.length) * (boxWidth + 1) - 1;
  const lines: Line[] = [];
  const places = new Map<string, DagPlace>();
  for (let at = 0; at < nodes.length; at += perRow) {
    const row = nodes.slice(at, at + perRow);
    row.forEach(({ id }, index) =>
      places.set(id, { row: lines.length, column: index * (boxWidth + 1), width: boxWidth, height: nodeHeight })
    );
    const boxes = row.map((node) => boxOf(node, boxWidth, false, glyphs));
    for (let line = 0; line < nodeHeight; line++) {
      const spans = boxes.flatMap((box, index) => index === 0 ? box[line] ?? [] : [span(" "), ...box[line] ?? []]);
      lines.push(fitLine(spans, allWidth));
    }
  }
  return { lines, places, width: allWidth, leftOut: 0 };
}

function drawn(group: readonly DagNode[], graph: CleanGraph<DagNode>, { glyphs, width = Infinity }: DagOptions): Part {
  const nodeOf = new Map(group.map((node) => [node.id, node]));
  const { layers, leftOut } = layersOf(group, graph);
  const rows = setRows(layers);
  const channels = layers.slice(0, -1).map((layer) => routed(netsOf(layer)));
  // A line out of the box, the verticals, and the arrow.
  const gaps = channels.map((channel) => 2 + Math.max(channel.width, 1));
  const widths = layers.map((layer) => boxWidthOf(layer.flatMap(({ id }) => id === null ? [] : nodeOf.get(id) ?? [])));
  narrow(widths, width - gaps.reduce((sum, gap) => sum + gap, 0));

  const columns: number[] = [];
  let end = 0;
  layers.forEach((_, at) => {
    columns.push(end);
    end += (widths[at] ?? 0) + (gaps[at] ?? 0);
  });
  const grid = new LineGrid(end, glyphs);
  channels.forEach((channel, at) => {
    const first = (columns[at] ?? 0) + (widths[at] ?? 0);
    const last = first + (gaps[at] ?? 0) - 1;
    for (const { net, column, detour } of channel.tracks) {
      const { sources, targets } = net;
      if (column === null) {
        for (const row of targets) grid.across(row, first, last);
        continue;
      }
      const main = first + 1 + column;
      if (detour === null) { for (const row of sources) grid.into(row, first, main); }
      else {
        const turn = first + 1 + detour.column;
        for (const row of sources) grid.into(row, first, turn);
        alongAll(grid, turn, [...sources, detour.row]);
        grid.outOf(detour.row, turn, main - 1);
        grid.into(detour.row, main, main);
      }
      for (const row of targets) grid.outOf(row, main, last);
      alongAll(grid, main, [...detour === null ? sources : [detour.row], ...targets]);
    }
    for (const place of layers[at + 1] ?? []) {
      if (place.id !== null && place.before.length > 0) grid.arrow(portOf(place), last);
    }
  });

  const places = new Map<string, DagPlace>();
  const boxes = new Map<number, { readonly column: number; readonly line: Line; readonly width: number }[]>();
  layers.forEach((layer, at) => {
    const column = columns[at] ?? 0;
    const boxWidth = widths[at] ?? 0;
    for (const place of layer) {
      const node = place.id === null ? undefined : nodeOf.get(place.id);
      if (node === undefined) {
        grid.across(place.row, column, column + boxWidth - 1);
        continue;
      }
      places.set(node.id, { row: place.row, column, width: boxWidth, height: nodeHeight });
      boxOf(node, boxWidth, place.after.length > 0, glyphs).forEach((line, index) => {
        const row = place.row + index;
        const found = boxes.get(row);
        const box = { column, line, width: boxWidth };
        if (found === undefined) boxes.set(row, [box]);
        else found.push(box);
      });
    }
  });
  const lines = Array.from({ length: Math.max(rows, grid.height) }, (_, row): Line => {
    const spans: Span[] = [];
    let at = 0;
    for (const { column, line, width } of boxes.get(row) ?? []) {
      if (column > at) spans.push(span(grid.text(row, at, column), "faint"));
      spans.push(...line);
      at = column + width;
    }
    if (at < end) spans.push(span(grid.text(row, at, end), "faint"));
    return spans;
  });
  return { lines, places, width: end, leftOut };
}

/** The places of a layer that lead to the same places, together. */
function netsOf(layer: readonly Place[]) {
  const nets = new Map<string, { readonly sources: number[]; readonly targets: readonly number[] }>();
  for (const place of layer) {
    if (place.after.length === 0) continue;
    const targets = place.after.map(portOf).toSorted((a, b) => a - b);
    const key = targets.join();
    const net = nets.get(key);
    if (net === undefined) nets.set(key, { sources: [portOf(place)], targets });
    else net.sources.push(portOf(place));
  }
  return [...nets.values()];
}

function alongAll(grid: LineGrid, column: number, rows: readonly number[]): void {
  grid.along(column, rows.reduce((a, b) => Math.min(a, b)), rows.reduce((a, b) => Math.max(a, b)));
}

/** Columns that boxes of `nodes` take. */
function boxWidthOf(nodes: readonly DagNode[]): number {
  const wished = nodes.reduce(
    (widest, { label, state }) =>
      Math.max(widest, displayWidth(printable(label)) + besideLabel, displayWidth(printable(state)) + besideState),
    0,
  );
  return Math.min(Math.max(Math.ceil(wished / widthStep) * widthStep, boxWidthMin), boxWidthMax);
}

/** Takes columns from the widest until the sum fits or none may become narrower. */
function narrow(widths: number[], room: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0 && excess < Infinity) {
    const widest = widths.reduce((a, b) => Math.max(a, b), 0);
    if (widest <= boxWidthMin) return;
    widths[widths.indexOf(widest)] = widest - 1;
    excess--;
  }
}

function boxOf(node: DagNode, width: number, leadsOn: boolean, glyphs: Glyphs): Line[] {
  const { role } = node;
  const edge = (text: string) => span(text, role);
  const inner = width - 2;
  const label = padded(cut(printable(node.label), inner - 4, glyphs.ellipsis), inner - 4);
  const state = cut(printable(node.state), inner - 2, glyphs.ellipsis);
  const rule = glyphs.horizontal.repeat(inner - (state === "" ? 0 : displayWidth(state) + 2));
  const name = [span(" "), edge(node.mark), span(` ${label} `, node.isSelected ? "strong" : "plain")];
  return [
    [edge(glyphs.topLeft + glyphs.horizontal.repeat(inner) + glyphs.topRight)],
    [
      edge(glyphs.vertical),
      ...node.isSelected ? selected(name) : name,
      edge(leadsOn ? glyphs.upDownRight : glyphs.vertical),
    ],
    [edge(glyphs.bottomLeft), ...state === "" ? [] : [span(` ${state} `, role)], edge(rule + glyphs.bottomRight)],
  ];
}
