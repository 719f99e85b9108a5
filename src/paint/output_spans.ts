/** What a task printed, as spans: its colours stay, and nothing else of it can act on a terminal. */
import type { Span } from "./line.ts";
import { controls, sgr } from "./harmless.ts";
import type { Role } from "./role.ts";
import { displayWidth } from "./width.ts";

/** Columns a tab stop is apart. */
const tabWidth = 8;

/**
 * `text` as spans without control characters. SGR sequences become the style of what follows them; a tab becomes blanks.
 *
 * @param role Of what the text gives no colour to.
 */
export function outputSpans(text: string, role: Role): Span[] {
  const spans: Span[] = [];
  let column = 0;
  let open: string[] = [];
  const put = (part: string) => {
    const clean = part.replaceAll(controls, "").split("\t").map((piece, index, pieces) => {
      column += displayWidth(piece);
      if (index === pieces.length - 1) return piece;
      const blanks = tabWidth - column % tabWidth;
      column += blanks;
      return piece + " ".repeat(blanks);
    }).join("");
    if (clean === "") return;
    spans.push(open.length === 0 ? { text: clean, role } : { text: clean, role, sgr: open.join(";") });
  };
  let at = 0;
  for (const found of text.matchAll(sgr)) {
    put(text.slice(at, found.index));
    const parameters = found[0].slice(2, -1);
    // A reset ends what was set before it; whatever comes after it in the same sequence counts.
    const behindReset = parameters.split(";").slice(parameters.split(";").lastIndexOf("0") + 1);
    open = parameters === ""
      ? []
      : parameters.split(";").includes("0")
      ? behindReset
      : [...open, ...behindReset].slice(-16);
    at = found.index + found[0].length;
  }
  put(text.slice(at));
  return spans;
}
