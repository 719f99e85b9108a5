/** Styled lines as text. */
import { colourDepthOf, type Line, Painter, textOf } from "../paint/mod.ts";
import type { Invocation } from "./invocation.ts";

/** Makes text of lines: with colours where `colours` says that there may be some, else the text alone. */
export function lineText(environment: Readonly<Record<string, string>>, colours: boolean): (line: Line) => string {
  if (!colours) return textOf;
  const painter = new Painter("dark", colourDepthOf(environment));
  return (line) => painter.ansi(line);
}

/** Prints lines on stdout, without blanks at their ends. */
export function printLines({ environment, stdout }: Invocation, lines: readonly Line[]): Promise<void> {
  const text = lineText(environment, stdout.colours);
  return stdout.write(lines.map((line) => `${text(line).trimEnd()}\n`).join(""));
}
