/** A workflow file's content to a workflow, or to all that is wrong with it. */

import { checkDependencies } from "./dependencies.ts";
import { findingsOf, reportIssue } from "./explain.ts";
import type { Problem } from "./problem.ts";
import { fileSchema, idSchema, type Workflow, type WorkflowDefinition } from "./schema.ts";
import { decode, Source } from "./source.ts";
import { type Place, readTree, type Tree } from "./tree.ts";

/** What came of reading a file. */
export interface ParsedWorkflow {
  /** `null` when there are errors. */
  readonly workflow: Workflow | null;
  /** All problems, in the order of the file. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a workflow. Never throws on any content: whatever is wrong is among the problems, all of it at once.
 *
 * @param content The file's bytes, or its text.
 * @param identity The id that follows from the file's place, and its path as the workflow and problems show it.
 */
export function parseWorkflow(
  content: Uint8Array | string,
  identity: { readonly id: string; readonly path: string },
): ParsedWorkflow {
  const source = new Source(identity.path);
  checkId(identity.id, source);
  const definition = parseDefinition(content, source);
  const problems = source.problems();
  if (definition === null || source.hasErrors) return { workflow: null, problems };
  return { workflow: { id: identity.id, path: identity.path, ...definition }, problems };
}

function parseDefinition(content: Uint8Array | string, source: Source): WorkflowDefinition | null {
  const text = decode(typeof content === "string" ? new TextEncoder().encode(content) : content, source);
  if (text === null) return null;
  const tree = readTree(text, source);
  if (tree === null) return null;
  checkDependencies(tree.value, tree.place, source);
  return checkSchema(tree.value, tree.place, source);
}

/** Applies the schema. Unknown fields are warnings: they are reported and taken out, and the rest is judged again. */
function checkSchema(value: Tree, place: Place, source: Source): WorkflowDefinition | null {
  let result = fileSchema.safeParse(value);
  const unknown = findings(result).filter((issue) => issue.code === "unrecognized_keys");
  for (const issue of unknown) reportIssue(issue, value, place, source);
  if (unknown.length > 0) {
    for (const { path, keys } of unknown) removeKeys(value, path, keys);
    result = fileSchema.safeParse(value);
  }
  for (const issue of findings(result)) reportIssue(issue, value, place, source);
  return result.success ? inFileOrder(result.data, place) : null;
}

function findings(result: ReturnType<typeof fileSchema.safeParse>) {
  return result.error === undefined ? [] : findingsOf(result.error);
}

function removeKeys(value: Tree, path: readonly PropertyKey[], keys: readonly string[]): void {
  let at: Tree | undefined = value;
  for (const part of path) at = isMapping(at) ? at[String(part)] : undefined;
  if (!isMapping(at)) return;
  for (const key of keys) delete at[key];
}

function isMapping(value: Tree | undefined): value is { [key: string]: Tree } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Objects list keys such as `10` first and in numeric order; the file's order is kept by its places. */
function inFileOrder(definition: WorkflowDefinition, place: Place): WorkflowDefinition {
  const byId = new Map(definition.tasks.map((task) => [task.id, task]));
  const ids = [...place.parts.get("tasks")?.parts.keys() ?? []];
  return { ...definition, tasks: ids.flatMap((id) => byId.get(String(id)) ?? []) };
}

function checkId(id: string, source: Source): void {
  for (const issue of idSchema.safeParse(id).error?.issues ?? []) {
    source.report(0, {
      code: "invalid-value",
      value: id,
      message: `The workflow id ${JSON.stringify(id)}, made from the file's path, ${
        issue.code === "too_big" ? `is longer than ${issue.maximum} characters` : issue.message
      }; rename the file.`,
    });
  }
}
