import assert from "node:assert/strict";
import { checkCycles } from "../../../tools/ok/cycles.ts";
import { parseModule } from "../../../tools/ok/module.ts";

/** Findings among files given as `name: text`. */
function findings(files: Record<string, string>): string[] {
  const modules = Object.entries(files).map(([name, text]) => parseModule({ path: `src/core/${name}.ts`, text }));
  return checkCycles(modules).map(({ path, line, sentence }) => `${path}:${line} ${sentence}`);
}

Deno.test("a cycle is reported once, with the way round and the line it starts in", () => {
  assert.deepEqual(
    findings({
      a: `import "./z.ts";\nimport "./b.ts";`,
      b: `export * from "./c.ts";`,
      c: `import type { A } from "./a.ts";`,
      z: "",
    }),
    ["src/core/a.ts:2 these files import each other: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts"],
  );
});

Deno.test("the shortest way round is reported, and every file of a cycle is named", () => {
  assert.deepEqual(
    findings({ a: `import "./b.ts"; import "./c.ts";`, b: `import "./c.ts";`, c: `import "./a.ts";` }),
    [
      "src/core/a.ts:1 these files import each other: src/core/a.ts -> src/core/c.ts -> src/core/a.ts",
      "src/core/b.ts:1 these files import each other: src/core/b.ts -> src/core/c.ts -> src/core/a.ts -> src/core/b.ts",
    ],
  );
});

Deno.test("a file that imports itself is a cycle", () => {
  assert.equal(findings({ a: `import "./a.ts";` }).length, 1);
});

Deno.test("two ways to one file are no cycle, nor is import()", () => {
  assert.deepEqual(
    findings({
      a: `import "./b.ts"; import "./c.ts";`,
      b: `import "./d.ts";`,
      c: `import "./d.ts";`,
      d: `import("./a.ts");`,
    }),
    [],
  );
});
