/** Names as people count: `b2` before `b10`. */
const collator = new Intl.Collator("en", { numeric: true });

/** Compares two names for sorting; names that only look the same are told apart. */
export function byName(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}
