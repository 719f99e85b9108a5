/** Figures of repeated measurements, as benchmarks print them. */

/** The smallest value that `share` of the values do not exceed; 0.5 is the median. NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.ceil(share * sorted.length), sorted.length) - 1] ?? NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** `12,345` */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** `12,000 (11,000 to 13,000)`: the median and how far the rounds lie apart. */
export function spread(values: readonly number[]): string {
  return `${count(median(values))} (${count(Math.min(...values))} to ${count(Math.max(...values))})`;
}

/** `met` or `missed by 12 %`. */
export function verdict(value: number, budget: number, better: "lower" | "higher"): string {
  const isMet = better === "lower" ? value <= budget : value >= budget;
  if (isMet) return "met";
  const off = Math.abs(value / budget - 1) * 100;
  return `missed by ${off < 10 ? off.toFixed(1) : off.toFixed(0)} %`;
}
