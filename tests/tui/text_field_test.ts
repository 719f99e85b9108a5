import assert from "node:assert/strict";
import { textOf } from "../../src/paint/mod.ts";
import { TextField } from "../../src/tui/text_field.ts";

function typed(...keys: readonly string[]): TextField {
  const field = new TextField();
  for (const key of keys) field.onKey(key);
  return field;
}

Deno.test("what is typed stands in the field", () => {
  assert.equal(typed("a", "ü", "👍").text, "aü👍");
});

Deno.test("characters go in and out where the cursor is", () => {
  assert.equal(typed("a", "c", "left", "b", "end", "d", "home", "delete").text, "bcd");
  assert.equal(typed("a", "👍", "backspace").text, "a");
});

Deno.test("words and lines go at once", () => {
  assert.equal(typed(..."state:bad load", "ctrl-w").text, "state:bad ");
  assert.equal(typed(..."state:bad", "ctrl-u").text, "");
});

Deno.test("keys that are no text are left to others", () => {
  const field = new TextField();
  for (const key of ["enter", "esc", "tab", "up", "ctrl-p", "alt-x"]) assert.equal(field.onKey(key), false, key);
});

Deno.test("a paste brings no control characters", () => {
  const field = new TextField();
  field.insert("a\x1b[31mb\nc");
  assert.equal(field.text, "a[31mbc");
});

Deno.test("of a long text the part around the cursor is seen", () => {
  const field = new TextField("0123456789");
  assert.equal(textOf(field.draw(5)), "6789 ");
});
