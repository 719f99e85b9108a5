import assert from "node:assert/strict";
import { formatFinding } from "../../../tools/ok/finding.ts";
import { checkRules } from "../../../tools/ok/rules.ts";

Deno.test("every rule is applied, and findings are ordered by place", () => {
  const found = checkRules([
    { path: "src/core/z.ts", text: `import { b } from "./b.ts";\nimport "../cli/mod.ts";\nDate.now();\n` },
    { path: "src/core/b.ts", text: `import "./z.ts";\nexport const b = 1;\nexport const dead = 1;\n` },
    { path: "src/cli/mod.ts", text: "" },
    { path: "src/wire/utils.ts", text: "const a = 1;\n".repeat(401) },
    { path: "docs/a.md", text: ["see ", "root", ".bashrc"].join("/") },
  ]);
  assert.deepEqual(found.map((finding) => formatFinding(finding).split(": ").slice(0, 2).join(" ")), [
    "docs/a.md:1 words",
    "src/core/b.ts:1 cycles",
    "src/core/b.ts:3 dead-exports",
    "src/core/z.ts:2 layers",
    "src/core/z.ts:3 time",
    "src/wire/utils.ts:1 names",
    "src/wire/utils.ts:1 length",
  ]);
});
