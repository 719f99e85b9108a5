import assert from "node:assert/strict";
import { workflowJsonSchema } from "../../src/workflow/json_schema.ts";

const committed = new URL("../../schema/workflow.schema.json", import.meta.url);

Deno.test("the committed JSON Schema is current", () => {
  assert.equal(
    Deno.readTextFileSync(committed),
    `${JSON.stringify(workflowJsonSchema(), null, 2)}\n`,
    "write what `cdktr schema` prints to schema/workflow.schema.json",
  );
});

Deno.test("every field of the JSON Schema is described", () => {
  const undescribed: string[] = [];
  const visit = (value: unknown, path: string) => {
    if (value === null || typeof value !== "object") return;
    for (const [key, inner] of Object.entries(value)) {
      visit(inner, `${path}/${key}`);
      const isField = path.endsWith("/properties");
      if (isField && typeof inner.description !== "string") undescribed.push(`${path}/${key}`);
    }
  };
  visit(workflowJsonSchema(), "");
  assert.deepEqual(undescribed, []);
});
