import assert from "node:assert/strict";
import { specificationsPage } from "../../tools/docs/specifications.ts";

const docs = new URL("../../docs/", import.meta.url);

Deno.test("docs/specifications.md is what tests/blackbox says; `deno task docs` makes it anew", async () => {
  assert.equal(await Deno.readTextFile(new URL("specifications.md", docs)), specificationsPage());
});

Deno.test("each link to a specification leads to one", async () => {
  const page = specificationsPage();
  for (const { name } of Deno.readDirSync(docs)) {
    if (!name.endsWith(".md")) continue;
    const text = await Deno.readTextFile(new URL(name, docs));
    for (const [link, id] of text.matchAll(/specifications\.md#(bb-\d+)/g)) {
      assert.ok(page.includes(`<a id="${id}"></a>`), `${name}: ${link}`);
    }
  }
});
