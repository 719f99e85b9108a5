/** What a check has to say about one line. */

/** One breach of a rule. */
export interface Finding {
  /** The file, relative to the repository's root, with `/` between its parts. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** The rule's name, the same for every breach of it. */
  readonly rule: string;
  /** What is wrong and what to do instead. */
  readonly sentence: string;
}

/** A finding as one line that editors and terminals can jump to: `file:line: rule: sentence`. */
export function formatFinding({ path, line, rule, sentence }: Finding): string {
  return `${path}:${line}: ${rule}: ${sentence}`;
}

/** Orders findings by file, then by line. */
export function byPlace(a: Finding, b: Finding): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.line - b.line;
}
