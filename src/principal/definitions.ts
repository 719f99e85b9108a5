/** Workflows as the journal keeps them: JSON text, named by the hash of its content. */
import { createHash } from "node:crypto";
import type { Definition } from "../core/mod.ts";
import { type Workflow, workflowFromJson } from "../workflow/definition.ts";

/** Hashing a large workflow takes longer than triggering it; the same object is hashed once. */
const known = new WeakMap<Workflow, Definition>();

/** The definition of a workflow as it is now. */
export function definitionOf(workflow: Workflow): Definition {
  let definition = known.get(workflow);
  if (definition === undefined) {
    const body = JSON.stringify(workflow);
    const hash = createHash("sha256").update(body).digest("hex");
    definition = { hash, workflowId: workflow.id, workflowName: workflow.name, body };
    known.set(workflow, definition);
  }
  return definition;
}

/** The workflow that a definition keeps. */
export function workflowOf(definition: Definition): Workflow {
  return workflowFromJson(JSON.parse(definition.body));
}
