import { equal } from "node:assert/strict";
import { asciiGlyphs, glyphsFor, unicodeGlyphs } from "../../src/paint/mod.ts";

const environments: readonly (readonly [environment: Record<string, string>, isUnicode: boolean])[] = [
  [{ LANG: "en_GB.UTF-8" }, true],
  [{ LANG: "C.utf8" }, true],
  [{ LANG: "de_DE.ISO-8859-1" }, false],
  [{ LANG: "C" }, false],
  [{ LANG: "en_GB.UTF-8", LC_CTYPE: "C" }, false],
  [{ LANG: "C", LC_CTYPE: "UTF-8" }, true],
  [{ LANG: "en_GB.UTF-8", LC_CTYPE: "en_GB.UTF-8", LC_ALL: "POSIX" }, false],
  [{ LANG: "en_GB.UTF-8", LC_ALL: "" }, true],
  [{}, false],
  [{ OS: "Windows_NT" }, true],
];
for (const [environment, isUnicode] of environments) {
  Deno.test(`pictures are of ${isUnicode ? "Unicode" : "ASCII"} where there is ${JSON.stringify(environment)}`, () => {
    equal(glyphsFor(environment), isUnicode ? unicodeGlyphs : asciiGlyphs);
  });
}
