import { equal } from "node:assert/strict";
import stringWidth from "string-width";
import { asciiGlyphs, displayWidth, glyphsFor, unicodeGlyphs } from "../../src/paint/mod.ts";

for (const [name, glyphs] of [["Unicode", unicodeGlyphs], ["ASCII", asciiGlyphs]] as const) {
  Deno.test(`every character of the ${name} pictures takes one column`, () => {
    const { states, levels, parts, spinner, ...single } = glyphs;
    const all = [...Object.values(single), ...Object.values(states), ...levels, ...parts, ...spinner];
    for (const glyph of all) {
      equal(stringWidth(glyph), 1, glyph);
      equal(displayWidth(glyph), 1, glyph);
      equal(name === "ASCII" && /[^\x20-\x7e]/.test(glyph), false);
    }
  });
}

Deno.test("what is counted fast is as wide as what is counted slowly", () => {
  for (let code = 0x2000; code < 0x2c00; code++) {
    const text = `${String.fromCharCode(code)}a`;
    equal(displayWidth(text), stringWidth(text), code.toString(16));
  }
});

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
