/** Text for terminals that show ASCII alone: what was cut, and names and output of others. */
import { asciiGlyphs, unicodeGlyphs } from "./glyphs.ts";
import { displayWidth, graphemes } from "./width.ts";

/** `text` as wide as it was, with a question mark in each column that ASCII has no character for. */
export function inAscii(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return Array.from(graphemes(text), ({ segment }) => {
    if (segment === unicodeGlyphs.ellipsis) return asciiGlyphs.ellipsis;
    return /^[\x20-\x7e]$/.test(segment) ? segment : "?".repeat(displayWidth(segment));
  }).join("");
}
