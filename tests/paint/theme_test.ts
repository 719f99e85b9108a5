import { equal } from "node:assert/strict";
import { outputSpans } from "../../src/paint/output_spans.ts";
import { Painter } from "../../src/paint/theme.ts";

const line = outputSpans("\x1b[31mred\x1b[0m plain", "plain");

Deno.test("a task's own colours are shown where there are colours", () => {
  equal(new Painter("dark", 16).ansi(line), "\x1b[31mred\x1b[0m plain");
});

Deno.test("without colours a task's own are left out, too", () => {
  equal(new Painter("dark", 0).ansi(line), "red plain");
});
