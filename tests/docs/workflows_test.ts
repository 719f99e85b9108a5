import assert from "node:assert/strict";
import { formatProblem, parseWorkflow } from "../../src/workflow/mod.ts";

const page = await Deno.readTextFile(new URL("../../docs/workflows.md", import.meta.url));

/** The YAML of the page, but for what is a comment only. */
const examples = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = ""]) => yaml).filter((yaml) =>
  /^[^#\n]/m.test(yaml)
);

Deno.test("every workflow in docs/workflows.md loads without a word", () => {
  assert.ok(examples.length >= 4, `${examples.length} were found`);
  for (const yaml of examples) {
    const { workflow, problems } = parseWorkflow(yaml, { id: "example", path: "docs/workflows.md" });
    assert.deepEqual(problems.map(formatProblem), []);
    assert.ok(workflow !== null);
  }
});

Deno.test("docs/workflows.md names every field of a workflow file", async () => {
  const schema = JSON.parse(await Deno.readTextFile(new URL("../../schema/workflow.schema.json", import.meta.url)));
  const fields = Object.keys(schema.properties);
  assert.ok(fields.includes("catchup"));
  assert.deepEqual(fields.filter((field) => !page.includes(`\`${field}\``)), []);
});
