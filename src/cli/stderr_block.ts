/** The bottom of the terminal that stderr is, as a place to draw. */
import { glyphsFor } from "../paint/mod.ts";
import type { Invocation } from "./invocation.ts";
import { LiveBlock } from "./live_block.ts";
import type { ConsoleSize, Output, Talk } from "./output.ts";
import { lineText } from "./print_lines.ts";

/** The size of the terminal that `way` leads to; null where it is none, or one that cannot draw in place. */
export function terminalSize(
  environment: Readonly<Record<string, string>>,
  way: Pick<Output | Talk, "columns" | "rows">,
): ConsoleSize | null {
  const columns = way.columns();
  const rows = way.rows();
  return columns === undefined || rows === undefined || environment["TERM"] === "dumb" ? null : { columns, rows };
}

/** A block at the bottom of the terminal that stderr is; null where it is none. */
export function blockOnStderr({ environment, stderr, clock }: Invocation): LiveBlock | null {
  const size = terminalSize(environment, stderr);
  if (size === null) return null;
  const text = lineText(environment, stderr.colours, glyphsFor(environment));
  return new LiveBlock({
    write: (drawn) => stderr.write(drawn),
    size: () => terminalSize(environment, stderr) ?? size,
    text,
  }, clock);
}
