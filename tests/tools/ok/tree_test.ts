import assert from "node:assert/strict";
import { ignoreRule, readTree } from "../../../tools/ok/tree.ts";

Deno.test("ignore patterns: anchored, folders only, by ending", () => {
  const isIgnored = ignoreRule("# a comment\n/.cache/\nnode_modules/\n*.db\n\n.env\ndocs/out");
  assert.equal(isIgnored(".cache", true), true);
  assert.equal(isIgnored("src/.cache", true), false);
  assert.equal(isIgnored("tests/node_modules", true), true);
  assert.equal(isIgnored("node_modules", false), false);
  assert.equal(isIgnored("a/b.db", false), true);
  assert.equal(isIgnored("a/b.dbx", false), false);
  assert.equal(isIgnored(".env", false), true);
  assert.equal(isIgnored("my.env", false), false);
  assert.equal(isIgnored("docs/out", false), true);
  assert.equal(isIgnored("src/docs/out", false), false);
});

Deno.test("a pattern that is not understood is an error", () => {
  assert.throws(() => ignoreRule("!keep.db"), /"!keep.db" is a form/);
});

Deno.test("the tree holds text files that are not ignored, in order", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/src`);
    await Deno.mkdir(`${root}/.git`);
    await Deno.writeTextFile(`${root}/.gitignore`, "*.db\n");
    await Deno.writeTextFile(`${root}/.git/config`, "x");
    await Deno.writeTextFile(`${root}/src/a.ts`, "a");
    await Deno.writeTextFile(`${root}/src/b.db`, "b");
    await Deno.writeTextFile(`${root}/src/c.bin`, "c\0");
    assert.deepEqual((await readTree(root)).map(({ path }) => path), [".gitignore", "src/a.ts"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
