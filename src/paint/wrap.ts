/** Sentences on lines of a terminal. */

/**
 * Breaks `text` between words so that no line is longer than `width` characters; a longer word stays whole.
 *
 * @param width `undefined` for no limit.
 */
export function wrapped(text: string, width: number | undefined): string[] {
  if (width === undefined) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
