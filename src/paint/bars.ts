/** Numbers as small pictures. */
import type { Glyphs } from "./glyphs.ts";

/**
 * One character for each value, as high as it is among them.
 *
 * @param values Null where nothing is known: a blank.
 * @param highest What reaches the top. @default the largest value
 */
export function sparkline(values: readonly (number | null)[], { levels }: Glyphs, highest?: number): string {
  const top = highest ?? Math.max(0, ...values.map((value) => value ?? 0));
  return values.map((value) => {
    if (value === null) return " ";
    const level = top <= 0 ? 0 : Math.round(Math.min(value / top, 1) * (levels.length - 1));
    return levels[level > 0 || value <= 0 ? level : 1] ?? " ";
  }).join("");
}

/** A bar of `share` (0 to 1) of `width` columns; more than nothing is always seen. */
export function bar(share: number, width: number, { parts }: Glyphs): string {
  const cells = Math.min(Math.max(share, 0), 1) * width;
  const whole = Math.floor(cells);
  const part = Math.floor((cells - whole) * parts.length);
  const text = (parts.at(-1) ?? "").repeat(whole) + (part > 0 ? parts[part - 1] ?? "" : "");
  return text === "" && share > 0 && width > 0 ? parts[0] ?? "" : text;
}
