/** What a piece of text is to its reader. A theme makes colours of it; where there are none the words alone must do. */
export type Role =
  | "plain"
  /** Of less weight: units, hints, what is the same in each row. */
  | "faint"
  | "strong"
  /** Names of screens and columns. */
  | "title"
  /** Keys, and what leads on. */
  | "accent"
  | "good"
  | "bad"
  | "warn"
  /** Under way. */
  | "busy"
  /** Waits. */
  | "idle"
  /** What a search found. */
  | "match"
  | Series;

/** One of several things told apart by colour, such as the tasks of a run. */
export type Series = "series0" | "series1" | "series2" | "series3" | "series4" | "series5";

const allSeries: readonly Series[] = ["series0", "series1", "series2", "series3", "series4", "series5"];

/** The series of the `index`th thing; they come again after the sixth. */
export function seriesOf(index: number): Series {
  return allSeries[index % allSeries.length] ?? "series0";
}
