/** Which characters the terminal can show. */
import { asciiGlyphs, type Glyphs, unicodeGlyphs } from "../paint/mod.ts";

/**
 * Unicode's where the locale's character set is UTF-8, else ASCII's. The first of LC_ALL, LC_CTYPE and LANG that is set and
 * not empty tells the locale (POSIX.1-2024, section 8.2); Windows has UTF-8 and no such variables.
 *
 * @param ascii ASCII was asked for.
 */
export function glyphsOf(environment: Readonly<Record<string, string>>, ascii: boolean): Glyphs {
  if (ascii) return asciiGlyphs;
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "";
  const isUtf8 = /utf-?8/i.test(locale) || locale === "" && Deno.build.os === "windows";
  return isUtf8 ? unicodeGlyphs : asciiGlyphs;
}
