/** Output of tasks made safe for a terminal. */

/** An escape sequence that sets colours and weight (SGR, ECMA-48 8.3.117). */
export const sgr = /\x1b\[[0-9;:]*m/g;
/** Control characters but the tab, and the marks that turn the reading direction. */
export const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;

/**
 * Lets colours through and drops everything else that could move the cursor, set the title, write to the clipboard or forge
 * a line. A text with colours ends by resetting them.
 */
export function harmless(text: string): string {
  const kept = text.match(sgr) ?? [];
  if (kept.length === 0) return text.replace(controls, "");
  const plain = text.split(sgr).map((part) => part.replace(controls, ""));
  return plain.map((part, index) => part + (kept[index] ?? "")).join("") + "\x1b[0m";
}
