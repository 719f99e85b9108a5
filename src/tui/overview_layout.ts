/** How the boxes of the overview share the screen. */
import type { Size } from "../paint/mod.ts";

/** Rows of the three bands, frames included; a band of 0 is not there. */
export interface Bands {
  /** Numbers: side by side all four when wide, else two columns. */
  readonly top: number;
  /** What fires next and what runs now. */
  readonly middle: number;
  /** What went wrong lately. */
  readonly bottom: number;
  readonly isWide: boolean;
}

/** As many rows as the states have, and the frame. */
const topRows = 9;
const topRowsMax = 14;
/** A frame with two lines in it. */
const leastRows = 4;

/** What went wrong keeps its place longest; it also takes most of what is left over. */
export function bandsOf({ width, height }: Size): Bands {
  const isWide = width >= 140;
  if (width < 72 || height < topRows + leastRows) return { top: 0, middle: 0, bottom: height, isWide };
  const top = Math.min(Math.max(Math.round(height * 0.25), topRows), topRowsMax);
  const rest = height - top;
  if (rest < 2 * leastRows) return { top, middle: 0, bottom: rest, isWide };
  const middle = Math.max(Math.floor(rest * 0.42), leastRows);
  return { top, middle, bottom: rest - middle, isWide };
}
