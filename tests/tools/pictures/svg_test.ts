import { deepEqual, equal, match } from "node:assert/strict";
import { settled } from "../../../tools/pictures/settled.ts";
import { readStyled } from "../../../tools/pictures/styled_text.ts";
import { svgOf } from "../../../tools/pictures/svg.ts";

Deno.test("a screen is read with the columns and styles that its characters have, from row to row", () => {
  const rows = readStyled("\x1b[1m\x1b[38;5;117mcd\x1b[0m 報\x1b[7mx\ny\x1b[27m\x1b[2mz\n");
  const seen = rows.map((row) =>
    row.map(({ column, text, style: { colour, isBold, isDim, isInverse } }) =>
      [column, text, colour, isBold, isDim, isInverse].join(" ")
    )
  );
  deepEqual(seen, [
    ["0 cd #87d7ff true false false", "2  報  false false false", "5 x  false false true"],
    ["0 y  false false true", "1 z  false true false"],
  ]);
});

Deno.test("a run of letters is as long as its cells; lines and blocks are drawn", () => {
  const svg = svgOf(readStyled("ab  c<d\n─│█\n"), { width: 8, height: 2 }, "A & B");
  match(svg, /aria-label="A &amp; B"/);
  match(svg, /<text x="0" y="13.5" textLength="16.8" lengthAdjust="spacingAndGlyphs">ab<\/text>/);
  match(svg, /<text x="33.6" [^>]*>c&lt;d<\/text>/);
  match(svg, /<path d="M0 27h8.4M/);
  match(svg, /<path d="M16.8 18h8.4v18h-8.4z" fill/);
  equal(/[─│█]/.test(svg), false);
});

Deno.test("what is different on each machine is replaced by as many columns", () => {
  const [row = []] = settled(readStyled("127.0.0.1:41234 root@vm/AG 01a1ff16-0870-7470 01a1ff16-0871 01a1ff16-0870"));
  equal(row[0]?.text, "10.20.30.4:5561 ada@lab/AG 0198c7a2-0001-7c10 0198c7a2-0002 0198c7a2-0001");
});
