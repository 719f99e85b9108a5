import assert from "node:assert/strict";
import { checkLength, maxCodeLines } from "../../../tools/ok/length.ts";
import { parseModule } from "../../../tools/ok/module.ts";

const isLong = (text: string, path = "src/core/a.ts") => checkLength(parseModule({ path, text })).length === 1;
const code = (lines: number) => Array.from({ length: lines }, (_, i) => `const a${i} = "// no comment";\n`).join("");

Deno.test("one line of code too many is found", () => {
  assert.equal(isLong(code(maxCodeLines)), false);
  assert.equal(isLong(code(maxCodeLines + 1)), true);
});

Deno.test("blank lines and comments are free", () => {
  const comments = "\n// why\n/*\n * because\n */\n/** Doc. */\n".repeat(200);
  assert.equal(isLong(comments + code(maxCodeLines) + comments), false);
  assert.equal(isLong(`function f() {\n${"// inside\n".repeat(500)}}\n` + code(maxCodeLines - 2)), false);
});

Deno.test("what looks like a comment in a template is code", () => {
  assert.equal(isLong("const text = `\n" + "// text\n".repeat(maxCodeLines) + "`;\n"), true);
});

Deno.test("the first comment may give the reason, a later one may not", () => {
  assert.equal(
    isLong("/**\n * The verbs.\n * Long because each verb is one entry of a table.\n */\n" + code(500)),
    false,
  );
  assert.equal(isLong("/** The verbs. */\n// Long because nobody split it.\n" + code(500)), true);
  assert.equal(isLong("/** Not Long because of this. */\n" + code(500)), true);
});

Deno.test("tests may be long", () => {
  assert.equal(isLong(code(500), "tests/core/a_test.ts"), false);
  assert.equal(isLong(code(500), "bench/a.ts"), true);
});
