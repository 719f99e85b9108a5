import { equal } from "node:assert/strict";
import stringWidth from "string-width";
import { asciiGlyphs, displayWidth, unicodeGlyphs } from "../../src/paint/mod.ts";

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
