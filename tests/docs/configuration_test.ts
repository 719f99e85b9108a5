import assert from "node:assert/strict";
import { configurationPage } from "../../tools/docs/configuration.ts";

Deno.test("docs/configuration.md is what the settings say; `deno task docs` makes it anew", async () => {
  assert.equal(await Deno.readTextFile(new URL("../../docs/configuration.md", import.meta.url)), configurationPage());
});
