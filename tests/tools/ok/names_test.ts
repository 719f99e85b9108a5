import assert from "node:assert/strict";
import { checkName } from "../../../tools/ok/names.ts";

Deno.test("empty names are found in folders and files, word by word", () => {
  for (
    const path of [
      "src/utils/a.ts",
      "src/core/util.ts",
      "src/agent/log_manager.ts",
      "tests/Helpers/a.ts",
      "docs/misc.md",
      "src/data/a.ts",
    ]
  ) {
    assert.equal(checkName(path).length, 1, path);
  }
});

Deno.test("a name that only contains such a word is fine", () => {
  for (const path of ["src/core/metadata.ts", "src/wire/utility_curve.ts", "docs/database.md"]) {
    assert.deepEqual(checkName(path), []);
  }
});
