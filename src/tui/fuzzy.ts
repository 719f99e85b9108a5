/** How well some letters name a text. */

/**
 * Whether the letters of `typed` come in `text` in their order, whatever is between them; blanks and case do not count.
 *
 * @returns The larger the better: letters next to each other and at the beginnings of words count more. Null when they do not.
 */
export function fuzzyScore(typed: string, text: string): number | null {
  const wanted = typed.toLowerCase().replace(/\s+/g, "");
  const lower = text.toLowerCase();
  let score = 0;
  let at = -1;
  for (const letter of wanted) {
    const inWord = lower.indexOf(letter, at + 1);
    if (inWord < 0) return null;
    // The beginning of a later word is a better guess than the middle of this one.
    const atWord = wordBeginning(lower, letter, at + 1);
    const isNext = inWord === at + 1 && at >= 0;
    const found = !isNext && atWord >= 0 && hasRest(lower, wanted, letter, atWord) ? atWord : inWord;
    score += isNext ? 4 : found === atWord ? 3 : 1;
    at = found;
  }
  return score - text.length / 100;
}

function wordBeginning(text: string, letter: string, from: number): number {
  for (let at = text.indexOf(letter, from); at >= 0; at = text.indexOf(letter, at + 1)) {
    if (at === 0 || /[^a-z0-9]/.test(text[at - 1] ?? "")) return at;
  }
  return -1;
}

/** Whether the letters after `letter` can still be found behind `at`. */
function hasRest(text: string, wanted: string, letter: string, at: number): boolean {
  let from = at + 1;
  for (const later of wanted.slice(wanted.indexOf(letter) + 1)) {
    const found = text.indexOf(later, from);
    if (found < 0) return false;
    from = found + 1;
  }
  return true;
}
