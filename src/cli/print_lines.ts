/** Styled lines as text. */
import { asciiGlyphs, colourDepthOf, type Glyphs, inAscii, type Line, Painter, textOf } from "../paint/mod.ts";
import type { Invocation } from "./invocation.ts";

/** Makes text of lines drawn with `glyphs`: with colours where `colours` says that there may be some, else the text alone. */
export function lineText(
  environment: Readonly<Record<string, string>>,
  colours: boolean,
  glyphs: Glyphs,
): (line: Line) => string {
  const isAscii = glyphs === asciiGlyphs;
  if (!colours) return isAscii ? (line) => inAscii(textOf(line)) : textOf;
  const painter = new Painter("dark", colourDepthOf(environment), isAscii);
  return (line) => painter.ansi(line);
}

/** Prints lines on stdout, without blanks at their ends. */
export function printLines(
  { environment, stdout }: Invocation,
  lines: readonly Line[],
  glyphs: Glyphs,
): Promise<void> {
  const text = lineText(environment, stdout.colours, glyphs);
  return stdout.write(lines.map((line) => `${text(line).trimEnd()}\n`).join(""));
}
