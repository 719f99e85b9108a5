/** A number of things, in words. */

/** `1 run`, `3 runs`, for nouns that only take an s. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
