import assert from "node:assert/strict";
import { lineWidth, span, textOf, unicodeGlyphs } from "../../src/paint/mod.ts";
import { List } from "../../src/tui/list.ts";

function listOf(rows: readonly string[]): List<string> {
  const list = new List<string>({
    glyphs: unicodeGlyphs,
    columns: [
      { heading: "NAME", width: 6, grow: 1, cell: (row) => [span(row)] },
      { heading: "LENGTH", width: 6, align: "right", fromWidth: 30, cell: (row) => [span(String(row.length))] },
    ],
    keyOf: (row) => row,
    textOf: (row) => row,
    whenEmpty: () => "Nothing is here.",
    canMark: true,
  });
  list.rows = rows;
  return list;
}

const many = Array.from({ length: 100 }, (_, index) => `row ${index}`);

function shown(list: List<string>, height = 6): string[] {
  return list.draw({ width: 40, height }).map((line) => textOf(line).trimEnd());
}

Deno.test("only the rows that are seen are drawn, each as wide as the list", () => {
  const lines = listOf(many).draw({ width: 40, height: 6 });
  assert.equal(lines.length, 6);
  assert.deepEqual(lines.map(lineWidth), Array(6).fill(40));
});

Deno.test("the cursor stays in sight: down, a page, to the end and back", () => {
  const list = listOf(many);
  shown(list);
  for (const key of ["j", "j", "pgdn"]) list.onKey(key);
  assert.equal(list.current, "row 7");
  assert.match(shown(list).join("\n"), /❯ {2}row 7/);
  list.onKey("G");
  assert.match(shown(list).at(-1) ?? "", /❯ {2}row 99/);
  list.onKey("g");
  assert.match(shown(list)[1] ?? "", /❯ {2}row 0/);
});

Deno.test("the cursor stays on its row when rows come and go", () => {
  const list = listOf(many);
  list.select("row 5");
  list.rows = ["new", ...many.slice(3)];
  assert.equal(list.current, "row 5");
  list.rows = many.slice(6);
  assert.ok(list.current !== undefined);
});

Deno.test("a filter is a regular expression, and words where it is none", () => {
  const list = listOf(many);
  list.filter = "row 9[0-2]";
  assert.deepEqual(list.shown, ["row 90", "row 91", "row 92"]);
  const odd = listOf(["a (b", "c"]);
  odd.filter = "(b";
  assert.deepEqual(odd.shown, ["a (b"]);
});

Deno.test("while the filter is typed every key is text, and Enter keeps it", () => {
  const list = listOf(["quit", "jump"]);
  for (const key of ["/", "q"]) list.onKey(key);
  assert.equal(list.isTyping, true);
  assert.deepEqual(list.shown, ["quit"]);
  list.onKey("enter");
  assert.equal(list.isTyping, false);
  assert.equal(list.onKey("esc"), true);
  assert.equal(list.shown.length, 2);
  assert.equal(list.onKey("esc"), false);
});

Deno.test("marked rows are chosen, else the one under the cursor; marks go with their rows", () => {
  const list = listOf(many);
  assert.deepEqual(list.chosen, ["row 0"]);
  list.onKey(" ");
  list.onKey("j");
  list.onKey(" ");
  assert.deepEqual(list.chosen, ["row 0", "row 2"]);
  list.rows = many.slice(1);
  assert.deepEqual(list.chosen, ["row 2"]);
  list.onKey("esc");
  assert.deepEqual(list.chosen, [list.current]);
});

Deno.test("a click chooses a row, the wheel moves", () => {
  const list = listOf(many);
  shown(list);
  list.onMouse("press", 3);
  assert.equal(list.current, "row 2");
  list.onMouse("wheel-down", 0);
  assert.equal(list.current, "row 5");
});

Deno.test("a list without rows says why", () => {
  assert.match(shown(listOf([])).join("\n"), /Nothing is here/);
});

Deno.test("where it is narrow, columns that can be done without are left out", () => {
  assert.doesNotMatch(textOf(listOf(many).draw({ width: 24, height: 4 })[0] ?? []), /LENGTH/);
});
