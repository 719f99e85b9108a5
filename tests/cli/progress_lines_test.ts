import { equal } from "node:assert/strict";
import { runOf, zeroMs } from "../paint/run_fixture.ts";
import { runsLines } from "../../src/cli/progress_lines.ts";
import { asciiGlyphs, textOf } from "../../src/paint/mod.ts";

const options = { glyphs: asciiGlyphs, columns: 100, rows: 24, nowMs: zeroMs + 12_000, frame: 1, lost: null };

Deno.test("runs under way are a line each, then how many more there are, and that the principal is away", () => {
  const lines = runsLines(
    [{ run: runOf("RUNNING"), tasks: [] }, { run: { ...runOf("PENDING"), paused: true }, tasks: null }],
    "12",
    { ...options, lost: "it does\nnot answer" },
  );
  equal(
    lines.map((line) => textOf(line).trimEnd()).join("\n"),
    `/ etl  RUNNING                 0/0  10.0 s  0198c7a2-3f41-7c10-8d6e-0242ac120002
= etl  PENDING, paused  12.0 s  0198c7a2-3f41-7c10-8d6e-0242ac120002
... and 12 more
waiting for the principal: it does\\nnot answer`,
  );
});

Deno.test("no runs under way is said", () => {
  equal(runsLines([], null, options).map(textOf).join("\n"), "no runs under way; Ctrl-C ends the watch");
});
