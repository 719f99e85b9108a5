/** Assertions that say what was found, also where they have a sentence of their own. */
import { AssertionError } from "node:assert/strict";

/** Fails with the sentence and both values when they differ. */
export function same<T extends string | number | boolean | null | undefined>(
  found: T,
  expected: T,
  what: string,
): void {
  if (Object.is(found, expected)) return;
  throw new AssertionError({ message: `${what}: ${found} instead of ${expected}`, actual: found, expected });
}
