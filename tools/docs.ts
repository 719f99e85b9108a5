/** Writes the pages of docs/ that follow from the code: `deno task docs`. Tests keep them current. */
import { commandReferencePage } from "./docs/command_reference.ts";
import { configurationPage } from "./docs/configuration.ts";
import { specificationsPage } from "./docs/specifications.ts";
import { workflowReferencePage } from "./docs/workflow_reference.ts";

const pages = {
  "command-reference": await commandReferencePage(),
  configuration: configurationPage(),
  specifications: specificationsPage(),
  "workflow-reference": workflowReferencePage(),
};
for (const [name, text] of Object.entries(pages)) {
  await Deno.writeTextFile(new URL(`../docs/${name}.md`, import.meta.url), text);
}
