import { equal, ok } from "node:assert/strict";
import { formatTable } from "../../src/cli/table.ts";

const columns = [{ heading: "NAME" }, { heading: "COUNT", align: "right" }, { heading: "NOTE" }] as const;

Deno.test("columns are as wide as their widest cell, numbers to the right, no blanks at line ends", () => {
  equal(
    formatTable(columns, [["a", "1", ""], ["longer", "1000000", "x"]]),
    "NAME      COUNT  NOTE\na             1\nlonger  1000000  x\n",
  );
});

Deno.test("a table without rows is its headings", () => equal(formatTable(columns, []), "NAME  COUNT  NOTE\n"));

Deno.test("without a width nothing is cut", () => {
  ok(formatTable(columns, [["x".repeat(500), "1", ""]]).includes("x".repeat(500)));
});

Deno.test("with a width the widest column is cut until the line fits", () => {
  const lines = formatTable(columns, [["short", "1", "y".repeat(100)]], 40).trimEnd().split("\n");
  equal(Math.max(...lines.map((line) => line.length)), 40);
  ok(lines[1]?.startsWith("short ") && lines[1].endsWith("y…"));
});

Deno.test("a column that is to stay whole is not cut, the others are", () => {
  const whole = [{ heading: "ID", whole: true }, { heading: "NOTE" }] as const;
  const line = formatTable(whole, [["0123456789abcdef", "0123456789abc"]], 28).split("\n")[1];
  equal(line, "0123456789abcdef  012345678…");
});

Deno.test("in a terminal too narrow for anything columns keep a readable width", () => {
  const line = formatTable([{ heading: "A" }], [["0123456789"]], 2).split("\n")[1];
  equal(line, "0123456…");
});

Deno.test("wide characters and combining marks are measured as terminals draw them", () => {
  const lines = formatTable([{ heading: "A" }, { heading: "B" }], [["数数", "|"], ["e\u0301e", "|"], ["🚀", "|"]])
    .split("\n");
  equal(lines[1], "数数  |");
  equal(lines[2], "e\u0301e    |");
  equal(lines[3], "🚀    |");
});

Deno.test("a cell cannot break out of its line", () => {
  equal(formatTable([{ heading: "A" }], [["x\ny\x1b[0m"]]).split("\n").length, 3);
});
