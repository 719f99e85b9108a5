import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { asciiGlyphs, dagLines, type DagNode, type Glyphs, textOf, unicodeGlyphs } from "../../src/paint/mod.ts";
import { lineWidth } from "../../src/paint/line.ts";

/** Nodes from `a: b c`, each with the nodes before it. */
function graph(before: Readonly<Record<string, string>>, glyphs: Glyphs = unicodeGlyphs): DagNode[] {
  return Object.entries(before).map(([id, depends]) => ({
    id,
    label: id,
    depends: depends.split(" ").filter(Boolean),
    mark: glyphs.states.COMPLETED,
    state: "DONE 2.0 s",
    role: "good",
    isSelected: false,
  }));
}

function drawn(before: Readonly<Record<string, string>>, glyphs: Glyphs = unicodeGlyphs, width = 80): string {
  return dagLines(graph(before, glyphs), { glyphs, width }).lines.map((line) => textOf(line).trimEnd()).join("\n");
}

const goldens: readonly [name: string, before: Record<string, string>, glyphs: Glyphs, picture: string][] = [
  [
    "a single task",
    { "only": "" },
    unicodeGlyphs,
    `
┌──────────────┐
│ ✓ only       │
└ DONE 2.0 s ──┘
`,
  ],
  [
    "a chain",
    { "load": "", "clean": "load", "publish": "clean" },
    unicodeGlyphs,
    `
┌──────────────┐   ┌──────────────┐   ┌──────────────┐
│ ✓ load       ├──▶│ ✓ clean      ├──▶│ ✓ publish    │
└ DONE 2.0 s ──┘   └ DONE 2.0 s ──┘   └ DONE 2.0 s ──┘
`,
  ],
  [
    "a diamond in ASCII",
    { "load": "", "clean": "load", "check": "load", "publish": "clean check" },
    asciiGlyphs,
    `
                   +--------------+
+--------------+ +>| + clean      +-+
| + load       +-+ + DONE 2.0 s --+ | +--------------+
+ DONE 2.0 s --+ | +--------------+ +>| + publish    |
                 +>| + check      +-+ + DONE 2.0 s --+
                   + DONE 2.0 s --+
`,
  ],
  [
    "a diamond with a shortcut",
    { "load": "", "clean": "load", "check": "load", "publish": "clean check load" },
    unicodeGlyphs,
    `
                   ┌──────────────┐
                 ┌▶│ ✓ clean      ├─┐
                 │ └ DONE 2.0 s ──┘ │
                 │ ┌──────────────┐ │ ┌──────────────┐
┌──────────────┐ ├▶│ ✓ check      ├─┼▶│ ✓ publish    │
│ ✓ load       ├─┤ └ DONE 2.0 s ──┘ │ └ DONE 2.0 s ──┘
└ DONE 2.0 s ──┘ └──────────────────┘
`,
  ],
  [
    "two tasks that lead to the same two",
    { "a": "", "b": "", "x": "a b", "y": "a b" },
    unicodeGlyphs,
    `
┌──────────────┐   ┌──────────────┐
│ ✓ a          ├─┬▶│ ✓ x          │
└ DONE 2.0 s ──┘ │ └ DONE 2.0 s ──┘
┌──────────────┐ │ ┌──────────────┐
│ ✓ b          ├─┴▶│ ✓ y          │
└ DONE 2.0 s ──┘   └ DONE 2.0 s ──┘
`,
  ],
  [
    "tasks whose lines change places",
    { "a": "", "b": "", "c": "a b", "x": "b", "y": "a", "z": "x y c" },
    unicodeGlyphs,
    `
                    ┌──────────────┐
┌──────────────┐  ┌▶│ ✓ y          ├─┐
│ ✓ a          ├──┤ └ DONE 2.0 s ──┘ │
└ DONE 2.0 s ──┘  │ ┌──────────────┐ │ ┌──────────────┐
┌──────────────┐ ┌┴▶│ ✓ c          ├─┼▶│ ✓ z          │
│ ✓ b          ├─┤  └ DONE 2.0 s ──┘ │ └ DONE 2.0 s ──┘
└ DONE 2.0 s ──┘ │  ┌──────────────┐ │
                 └─▶│ ✓ x          ├─┘
                    └ DONE 2.0 s ──┘
`,
  ],
  [
    "several components",
    { "solo": "", "a": "", "b": "a", "other": "" },
    unicodeGlyphs,
    `
┌──────────────┐   ┌──────────────┐
│ ✓ a          ├──▶│ ✓ b          │
└ DONE 2.0 s ──┘   └ DONE 2.0 s ──┘

┌──────────────┐ ┌──────────────┐
│ ✓ solo       │ │ ✓ other      │
└ DONE 2.0 s ──┘ └ DONE 2.0 s ──┘
`,
  ],
];
for (const [name, before, glyphs, picture] of goldens) {
  Deno.test(`the picture of ${name}`, () => equal(`\n${drawn(before, glyphs)}\n`, picture));
}

Deno.test("long names are cut, and names cannot act on the terminal", () => {
  const nodes = graph({ a: "" }).map((node) => ({ ...node, label: `\x1b[2J${"long ".repeat(20)}` }));
  const text = dagLines(nodes, { glyphs: unicodeGlyphs }).lines.map(textOf).join("\n");
  ok(!text.includes("\x1b"));
  ok(text.includes("…"));
});

Deno.test("a selected node is told by inverse video in its own row", () => {
  const nodes = graph({ a: "", b: "a" }).map((node) => ({ ...node, isSelected: node.id === "b" }));
  const { lines, places } = dagLines(nodes, { glyphs: unicodeGlyphs });
  const { row = -1 } = places.get("b") ?? {};
  deepEqual(lines.flatMap((line, at) => line.some(({ isSelected }) => isSelected) ? [at] : []), [row + 1]);
});

Deno.test("edges to nobody, to oneself and round in a circle are passed over", () => {
  const { places } = dagLines(graph({ a: "c nobody", b: "a b", c: "b" }), { glyphs: unicodeGlyphs });
  deepEqual([...places.keys()].toSorted(), ["a", "b", "c"]);
});

Deno.test("a fan-out of 30 takes one layer", () => {
  const children = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`child${at}`, "root"]));
  const { lines, places } = dagLines(graph({ root: "", ...children }), { glyphs: unicodeGlyphs });
  equal(lines.length, 90);
  equal(new Set([...places.values()].map(({ column }) => column)).size, 2);
});

Deno.test("a chain of a thousand with shortcuts over all of it is drawn, and says which edges are not", () => {
  const chain = Object.fromEntries(
    Array.from({ length: 1000 }, (_, at) => [`t${at}`, at === 0 ? "" : at === 1 ? "t0" : `t${at - 1} t0 t${at % 40}`]),
  );
  const { lines, places } = dagLines(graph(chain), { glyphs: unicodeGlyphs });
  equal(places.size, 1000);
  ok(/^\d+ long edges are not drawn/.test(textOf(lines.at(-1) ?? [])));
});

/** Graphs in which each node may depend on those before it. */
const anyGraph = fc.integer({ min: 0, max: 30 }).chain((count) =>
  fc.tuple(...Array.from({ length: count }, (_, at) =>
    fc.record({
      depends: fc.uniqueArray(fc.integer({ min: 0, max: Math.max(at - 1, 0) }), { maxLength: 4 }),
      label: fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.constant("数据")),
    })))
).map((nodes) =>
  nodes.map(({ depends, label }, at): DagNode => ({
    id: `id${at}`,
    label,
    depends: at === 0 ? [] : depends.map((other) => `id${other}`),
    mark: "●",
    state: "RUNNING 1.0 s",
    role: "busy",
    isSelected: false,
  }))
);

Deno.test("any graph: lines of one width, each node once in its place, none over another, layers left to right", () => {
  fc.assert(fc.property(anyGraph, fc.constantFrom(unicodeGlyphs, asciiGlyphs), (nodes, glyphs) => {
    const { lines, places } = dagLines(nodes, { glyphs, width: 80 });
    equal(new Set(lines.map(lineWidth)).size, nodes.length === 0 ? 0 : 1);
    equal(places.size, nodes.length);
    const marks = lines.flatMap((line) => line.filter(({ text }) => text === "●"));
    equal(marks.length, nodes.length);
    const taken = new Set<string>();
    for (const { row, column, width, height } of places.values()) {
      for (let y = row; y < row + height; y++) {
        for (let x = column; x < column + width; x++) {
          ok(!taken.has(`${y} ${x}`));
          taken.add(`${y} ${x}`);
        }
      }
    }
    for (const { id, depends } of nodes) {
      for (const other of depends) ok((places.get(other)?.column ?? 0) < (places.get(id)?.column ?? 0));
    }
  }));
});

Deno.test("any graph: an arrow leads to a node if and only if it depends on something", () => {
  fc.assert(fc.property(anyGraph, (nodes) => {
    const plain = nodes.map((node) => ({ ...node, label: node.id }));
    const { lines, places } = dagLines(plain, { glyphs: unicodeGlyphs, width: 80 });
    for (const { id, depends } of plain) {
      const { row = 0, column = 0 } = places.get(id) ?? {};
      equal(textOf(lines[row + 1] ?? [])[column - 1] === "▶", depends.length > 0);
    }
  }));
});
