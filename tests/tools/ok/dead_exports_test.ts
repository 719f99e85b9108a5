import assert from "node:assert/strict";
import { checkDeadExports } from "../../../tools/ok/dead_exports.ts";
import { parseModule } from "../../../tools/ok/module.ts";

/** The dead exports among files given as `path: text`, as `path:line name`. */
function dead(files: Record<string, string>): string[] {
  const found = checkDeadExports(Object.entries(files).map(([path, text]) => parseModule({ path, text })));
  return found.map(({ path, line, sentence }) => `${path}:${line} ${/"(.*)"/.exec(sentence)?.[1]}`);
}

Deno.test("an export that nothing imports is found, also when its own file uses it", () => {
  assert.deepEqual(
    dead({
      "src/core/a.ts": "export const a = 1;\nexport const b = a;",
      "main.ts": `import { b } from "./src/core/a.ts";`,
    }),
    [
      "src/core/a.ts:1 a",
    ],
  );
});

Deno.test("a re-export keeps nothing alive by itself", () => {
  const files = { "src/core/a.ts": "export const a = 1;", "src/core/mod.ts": `export { a } from "./a.ts";` };
  assert.deepEqual(dead(files), ["src/core/a.ts:1 a", "src/core/mod.ts:1 a"]);
  assert.deepEqual(dead({ ...files, "src/cli/a.ts": `import { a } from "../core/mod.ts";` }), []);
});

Deno.test("a re-export is dead where only the file behind it is used", () => {
  const files = {
    "src/core/a.ts": "export const a = 1;",
    "src/core/b.ts": `import { a } from "./a.ts";`,
    "src/core/mod.ts": `export { a as first } from "./a.ts";`,
  };
  assert.deepEqual(dead(files), ["src/core/mod.ts:1 first"]);
});

Deno.test("use in a test, a benchmark or a tool counts", () => {
  for (const path of ["tests/core/a_test.ts", "bench/a.ts", "tools/a.ts"]) {
    assert.deepEqual(
      dead({
        "src/core/a.ts": "export const a = 1;",
        [path]: `import { a } from "../../src/core/a.ts";`.replace(
          "../../",
          path.startsWith("tests") ? "../../" : "../",
        ),
      }),
      [],
    );
  }
});

Deno.test("import *, import() and a worker's URL use everything", () => {
  for (const use of [`import * as a from "./a.ts";`, `import("./a.ts");`, `new URL("./a.ts", import.meta.url);`]) {
    assert.deepEqual(dead({ "src/core/a.ts": "export const a = 1;", "src/core/b.ts": use }), []);
  }
});

Deno.test("export * hands on what is imported through it, and no more", () => {
  const files = {
    "src/core/a.ts": "export const a = 1;\nexport const b = 1;",
    "src/core/mod.ts": `export * from "./a.ts";`,
    "main.ts": `import { a } from "./src/core/mod.ts";`,
  };
  assert.deepEqual(dead(files), ["src/core/a.ts:2 b"]);
});

Deno.test("types that a living signature mentions live with it, through mod.ts as well", () => {
  const files = {
    "src/core/a.ts": `
      import type { Deep } from "./deep.ts";
      export interface Options { deep: Deep }
      export class Thing extends Base {}
      export class Base {}
      export interface Inner {}
      export function open(options: Options): Thing { const inner: Inner = {}; return new Thing(); }`,
    "src/core/deep.ts": "export interface Deep {}",
    "src/core/mod.ts":
      `export { Base, type Inner, open, type Options, Thing } from "./a.ts";\nexport type { Deep } from "./deep.ts";`,
    "main.ts": `import { open } from "./src/core/mod.ts";`,
  };
  assert.deepEqual(dead(files), ["src/core/a.ts:6 Inner", "src/core/mod.ts:1 Inner"]);
});

Deno.test("a type mentioned only by what is dead is dead", () => {
  assert.deepEqual(dead({ "src/core/a.ts": "export interface A {}\nexport function f(a: A) {}" }), [
    "src/core/a.ts:1 A",
    "src/core/a.ts:2 f",
  ]);
});

Deno.test("re-exports in a circle end", () => {
  const files = {
    "src/core/a.ts": `export * from "./b.ts";`,
    "src/core/b.ts": `export * from "./a.ts";`,
    "main.ts": `import { x } from "./src/core/a.ts";`,
  };
  assert.deepEqual(dead(files), []);
});
