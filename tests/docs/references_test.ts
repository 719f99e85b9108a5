/** The pages of docs/ that follow from the code are what it says now. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { formatProblem, parseWorkflow } from "../../src/workflow/mod.ts";
import { commandReferencePage } from "../../tools/docs/command_reference.ts";
import { configurationPage } from "../../tools/docs/configuration.ts";
import { specificationsPage } from "../../tools/docs/specifications.ts";
import { mappings, workflowReferencePage } from "../../tools/docs/workflow_reference.ts";
import { fullTree } from "../cli/full_tree.ts";

const made: Readonly<Record<string, () => string | Promise<string>>> = {
  "command-reference": commandReferencePage,
  configuration: configurationPage,
  specifications: specificationsPage,
  "workflow-reference": workflowReferencePage,
};

for (const [name, page] of Object.entries(made)) {
  Deno.test(`docs/${name}.md is what the code says; \`deno task docs\` makes it anew`, async () => {
    assert.equal(await Deno.readTextFile(new URL(`../../docs/${name}.md`, import.meta.url)), await page());
  });
}

Deno.test("docs/command-reference.md has every option of every command", async () => {
  const sections = (await commandReferencePage()).split(/^## /m);
  const program = await fullTree();
  const all = (commands: typeof program.commands): string[][] =>
    commands.flatMap((command) => {
      const help = command.createHelp();
      const children = help.visibleCommands(command).filter((child) => child.name() !== "help");
      const names: string[] = [];
      for (let one: typeof program | null = command; one !== null; one = one.parent) names.unshift(one.name());
      const options = help.visibleOptions(command).flatMap(({ long }) => long && long !== "--help" ? [long] : []);
      return [...options.map((option) => [names.join(" "), option]), ...all(children)];
    });
  const options = all(program.createHelp().visibleCommands(program).filter((child) => child.name() !== "help"));
  assert.ok(options.length > 100, `${options.length} were found`);
  const missing = options.filter(([name, option = ""]) =>
    !sections.some((section) => section.startsWith(`${name}\n`) && section.includes(`${option}`))
  );
  assert.deepEqual(missing, []);
});

/** A small workflow in which a field of one of the mappings has a value. */
function workflowWith(where: string | undefined, field: string, value: unknown): unknown {
  const given = { [field]: value };
  const subprocess = { type: "subprocess", cmd: "echo" };
  const python = { type: "uv_python", script_path: "a.py" };
  const config = field in { cmd: 0, args: 0 } ? { ...subprocess, ...given } : { ...python, ...given };
  const task = { name: "Task", config: where === "tasks.ID.config" ? config : subprocess };
  const type = typeof value === "number" ? "integer" : "date";
  const bound = field === "min" || field === "max" ? { type } : {};
  const file = { name: "File", tasks: { extract: { name: "Extract", config: subprocess }, task } };
  switch (where) {
    case undefined:
      return { ...file, ...given };
    case "tasks.ID":
      return { ...file, tasks: { ...file.tasks, task: { ...task, ...given } } };
    case "tasks.ID.config":
      return file;
    case "retries":
      return { ...file, retries: { max: 1, ...given } };
    case "params.NAME":
      return { ...file, params: { name: { ...bound, ...given } } };
    default:
      throw new Error(`the test knows no mapping at ${where}`);
  }
}

Deno.test("each example and each default of docs/workflow-reference.md loads without a word", () => {
  let count = 0;
  for (const { where: [where], fields } of mappings()) {
    for (const { name, schema } of fields) {
      const values = [...schema.examples ?? [], ...schema.default === undefined ? [] : [schema.default]];
      for (const value of values) {
        const yaml = stringify(workflowWith(where, name, value));
        const { problems } = parseWorkflow(yaml, { id: "example", path: "example.yml" });
        assert.deepEqual(problems.map(formatProblem), [], yaml);
        count++;
      }
    }
  }
  assert.ok(count > 40, `${count} were found`);
});
