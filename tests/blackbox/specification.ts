/** What a specification is: a number that stays, a sentence, what of the program it shows, and how that is looked at. */
import type { Outsider, Shown } from "./outsider.ts";

export interface Specification {
  /** Stays what it is: pages link to it. The number of one that is gone is not given again. */
  readonly number: number;
  readonly sentence: string;
  /** What the check meets on its way, else it fails. From this follows what no specification shows. */
  readonly shows: readonly Shown[];
  readonly check: (outsider: Outsider) => Promise<void>;
  /** A program that it cannot do without and that not every machine has. */
  readonly needs: string | null;
}

/** Specifications of one kind. */
export interface Block {
  /** The first digit of their numbers. */
  readonly hundred: number;
  readonly title: string;
  readonly specifications: readonly Specification[];
}

/** Makes a {@linkcode Specification}. */
export function specification(
  number: number,
  sentence: string,
  shows: readonly Shown[],
  check: (outsider: Outsider) => Promise<void>,
  { needs = null }: Partial<Pick<Specification, "needs">> = {},
): Specification {
  return { number, sentence, shows, check, needs };
}

/** How a specification is called: `BB-101`. */
export function labelOf({ number }: Specification): string {
  return `BB-${number}`;
}
