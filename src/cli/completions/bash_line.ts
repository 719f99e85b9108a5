/** A command line of bash as words. bash itself splits it at `=`, `:` and `@`, too, which stand in our values. */

/**
 * The words of a line, quotes and backslashes taken away. The last one is the one at the cursor, empty after a blank.
 *
 * @param line The line from its beginning to the cursor.
 */
export function bashWords(line: string): string[] {
  const words = [""];
  const add = (text: string) => words.push((words.pop() ?? "") + text);
  let quote = "";
  let isBlank = true;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (quote === "" && /\s/.test(char)) {
      if (!isBlank) words.push("");
      isBlank = true;
      continue;
    }
    isBlank = false;
    if (char === "\\" && quote !== "'" && at + 1 < line.length) add(line.charAt(++at));
    else if (char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) quote = char;
    else add(char);
  }
  return words;
}

/**
 * A value as bash is to put it in place of the part of the word that it takes for a word of its own.
 *
 * @param breaks `COMP_WORDBREAKS`.
 */
export function forBash(value: string, current: string, breaks: string): string {
  const start = 1 + Math.max(...[...current].map((char, at) => breaks.includes(char) ? at : -1), -1);
  return value.slice(start).replace(/[^\w./@:=,+%-]/g, "\\$&");
}
