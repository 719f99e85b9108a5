/** `cdktr schema`: the JSON Schema of workflow files, for editors. */
import { Command } from "@commander-js/extra-typings";
import { workflowJsonSchema } from "../../workflow/mod.ts";
import type { Invocation } from "../invocation.ts";
import { printJson } from "../output.ts";

const afterHelp = `
Example, for editors that use the YAML language server:
  cdktr schema > workflow.schema.json
  and as the first line of a workflow file:  # yaml-language-server: $schema=../workflow.schema.json`;

export function schemaCommand({ stdout }: Invocation) {
  return new Command("schema")
    .description("Print the JSON Schema (draft 2020-12) of workflow files.")
    .addHelpText("after", afterHelp)
    .action(() => printJson(stdout, workflowJsonSchema()));
}
