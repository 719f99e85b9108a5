import assert from "node:assert/strict";
import { errorCodes } from "../../src/core/mod.ts";
import { exitCodeOf } from "../../src/cli/exit_codes.ts";

Deno.test("docs/errors.md has each error code once, with its exit code", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/errors.md", import.meta.url));
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\| (\d+) +\|/gm)].map(([, code, exit]) => `${code} ${exit}`);
  assert.deepEqual(rows.sort(), errorCodes.map((code) => `${code} ${exitCodeOf(code)}`).sort());
});
