/** "Did you mean ...?" */

/** Words of other tools for what we call something else. */
const synonyms = new Map([
  ["dependencies", "depends"],
  ["depends_on", "depends"],
  ["needs", "depends"],
  ["upstream", "depends"],
  ["command", "cmd"],
  ["arguments", "args"],
  ["schedule", "cron"],
  ["tz", "timezone"],
  ["environment", "env"],
  ["script", "script_path"],
  ["requirements", "packages"],
  ["cwd", "working_directory"],
  ["retry", "retries"],
  ["steps", "tasks"],
  ["jobs", "tasks"],
  ["title", "name"],
  ["parameters", "params"],
  ["inputs", "params"],
  ["tags", "labels"],
  ["runs_on", "labels"],
  ["concurrency", "overlap"],
  ["concurrency_policy", "overlap"],
  ["backfill", "catchup"],
  ["attempts", "max"],
  ["limit", "max"],
  ["backoff", "factor"],
  ["enum", "choices"],
  ["options", "choices"],
  ["regex", "pattern"],
]);

/** How many letters must be added, removed or changed to make `b` of `a`; more than `maxEdits` counts as one more. */
function editDistance(a: string, b: string, maxEdits: number): number {
  if (Math.abs(a.length - b.length) > maxEdits) return maxEdits + 1;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const change = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(change, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    if (Math.min(...current) > maxEdits) return maxEdits + 1;
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

/** The candidate that was probably meant by `word`, or `null` when none is near. The first of several equals wins. */
export function suggestion(word: string, candidates: Iterable<string>): string | null {
  // Comparing is quadratic in the length, and a long word is no slip of the finger.
  const maxChars = 64;
  if (word.length > maxChars) return null;
  const lower = word.toLowerCase();
  const known = [...candidates];
  const spellings = [
    ...known.map((candidate) => ({ spelling: candidate.toLowerCase(), candidate })),
    ...[...synonyms].flatMap(([spelling, candidate]) => known.includes(candidate) ? { spelling, candidate } : []),
  ];
  let best: string | null = null;
  let bestEdits = Infinity;
  for (const { spelling, candidate } of spellings) {
    // Of a name of one or two letters any other is only a letter away: nothing tells that it was meant.
    const maxEdits = Math.floor(Math.min(lower.length, spelling.length) / 3);
    const edits = editDistance(lower, spelling, maxEdits);
    if (edits <= maxEdits && edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** ` Did you mean "depends"?`, with its leading blank, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const best = suggestion(word, candidates);
  return best === null ? "" : ` Did you mean ${JSON.stringify(best)}?`;
}
