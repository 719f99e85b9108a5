/** How wide a text is on a terminal, in columns. */
import stringWidth from "string-width";

let segmenter: Intl.Segmenter | undefined;

/** Cuts text between what a reader takes for characters. What does it takes ten milliseconds to make, and most text is plain. */
export function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return segmenter.segment(text);
}

/**
 * Texts of characters that take one column and one UTF-16 unit each: ASCII, and what pictures are made of. They are most of
 * all text, and finding graphemes is slow.
 */
const plain = /^[\x20-\x7e·»‖…⊘─-▟▲▶▼◀◆○◌●✓✗✱❯⠀-⣿]*$/;

/** Columns that `text` takes; it holds no control characters. East Asian wide forms and emoji take two. */
export function displayWidth(text: string): number {
  return plain.test(text) ? text.length : stringWidth(text);
}

/** The beginning of `text` that fits into `width` columns, and the columns it takes: one less where a wide character is cut off. */
export function beginning(text: string, width: number): { readonly text: string; readonly width: number } {
  if (width <= 0) return { text: "", width: 0 };
  if (plain.test(text)) return { text: text.slice(0, width), width: Math.min(text.length, width) };
  let end = 0;
  let taken = 0;
  for (const { segment, index } of graphemes(text)) {
    const more = stringWidth(segment);
    if (taken + more > width) break;
    taken += more;
    end = index + segment.length;
  }
  return { text: text.slice(0, end), width: taken };
}

/** The end of `text` that fits into `width` columns. */
export function ending(text: string, width: number): string {
  if (plain.test(text)) return width <= 0 ? "" : text.slice(-width);
  const characters = Array.from(graphemes(text), ({ segment }) => segment);
  let left = width;
  const last = characters.findLastIndex((character) => (left -= stringWidth(character)) < 0);
  return characters.slice(last + 1).join("");
}

/** `text` in `width` columns at most: what is too long ends in `ellipsis`, which is one column wide. */
export function cut(text: string, width: number, ellipsis = "…"): string {
  if (displayWidth(text) <= width) return text;
  return width <= 0 ? "" : beginning(text, width - 1).text + ellipsis;
}

/** `text` in exactly `width` columns: cut, or filled with blanks. */
export function padded(text: string, width: number, align: "left" | "right" = "left"): string {
  const kept = cut(text, width);
  const blanks = " ".repeat(Math.max(width - displayWidth(kept), 0));
  return align === "right" ? blanks + kept : kept + blanks;
}
