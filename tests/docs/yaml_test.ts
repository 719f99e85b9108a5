/** The YAML of every page: workflows load, those that are named after a file run, all else can at least be read. */
import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { formatProblem, parseWorkflow, type Workflow } from "../../src/workflow/mod.ts";
import { LiveScene } from "./live_scene.ts";
import { Machine } from "./machine.ts";
import { allPages, type Block, fileOf } from "./pages.ts";
import { missingFor, Reader } from "./reader.ts";

const pages = await allPages();
const blocks = pages.flatMap((page) => page.blocks).filter(({ language }) => ["yaml", "yml"].includes(language));

/** Whether a block is a workflow file, and no part of one and no file of another program. */
function isWorkflow({ text }: Block): boolean {
  return /^tasks:/m.test(text) && !/^jobs:/m.test(text);
}

/** The workflow of a block. It is to load without a problem. */
function loaded({ text, where }: Block): Workflow {
  const { workflow, problems } = parseWorkflow(text, { id: "example", path: where });
  assert.deepEqual(problems.map(formatProblem), []);
  assert.ok(workflow !== null);
  return workflow;
}

/** A value for each parameter that a run must be given, as flags. */
function neededParams({ params }: Workflow): string[] {
  const samples = { string: "text", integer: "1", number: "1", boolean: "true", date: "2026-03-01" };
  return Object.entries(params).filter(([, { required }]) => required).flatMap(([name, { type, choices, min }]) => {
    return ["-p", `${name}=${choices?.[0] ?? min ?? samples[type]}`];
  });
}

Deno.test("every workflow in a page loads without a word", async (t) => {
  const workflows = blocks.filter(isWorkflow);
  assert.ok(workflows.length >= 6, `${workflows.length} were found`);
  for (const block of workflows) await t.step(block.where, () => void loaded(block));
});

Deno.test("all other YAML in a page can be read", async (t) => {
  for (const block of blocks.filter((block) => !isWorkflow(block))) {
    await t.step(block.where, () => {
      assert.deepEqual(parseAllDocuments(block.text).flatMap(({ errors }) => errors), []);
    });
  }
});

Deno.test("every workflow that a page names after a file runs to its end", async (t) => {
  await using machine = await Machine.make();
  await using scene = await LiveScene.start(machine, pages);
  for (const page of pages) {
    const named = page.blocks.filter((block) => blocks.includes(block) && isWorkflow(block) && fileOf(block));
    if (named.length === 0) continue;
    const reader = await Reader.of(machine, page, scene.environment);
    for (const block of named) {
      const missing = missingFor(block, page, machine);
      await t.step({
        name: missing.length === 0 ? block.where : `${block.where} (only loads: there is no ${missing.join(", no ")})`,
        fn: async () => {
          if (missing.length > 0) return void loaded(block);
          const { code, output } = await reader.run("cdktr", [
            "run",
            fileOf(block) ?? "",
            ...neededParams(loaded(block)),
          ]);
          assert.equal(code, 0, output);
          assert.match(output, /^COMPLETED in /m);
        },
      });
    }
  }
});

Deno.test("docs/workflow-reference.md and docs/workflows.md name every field of a workflow file", async () => {
  const schema = JSON.parse(await Deno.readTextFile(new URL("../../schema/workflow.schema.json", import.meta.url)));
  const fields = Object.keys(schema.properties);
  assert.ok(fields.includes("catchup"));
  for (const { path, text } of pages.filter(({ path }) => /^docs\/workflow(?:s|-reference)\.md$/.test(path))) {
    assert.deepEqual(fields.filter((field) => !text.includes(`\`${field}\``)), [], path);
  }
});
